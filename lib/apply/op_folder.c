/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of our own in the container, for others of the plan: nothing of it, nor in it, is
 * made in the image. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "apply/job.h"
#include "base/auto.h"

static int add_folder(struct job *job, const struct op *op, bool left_out, size_t mount,
		      struct err *err)
{
	struct job_folder *folder = vec_add(&job->folders);

	if (folder == NULL)
		return err_nomem(err);
	*folder = (struct job_folder){.target = op->target,
				      .left_out = left_out,
				      .mount = mount,
				      .flags = job_mount_flags(op->flags)};
	return 0;
}

/* A hook that runs a second time finds its own work: a mount of that directory alone, of a tmpfs
 * that the host does not have. One that the runtime made just so does as well. 1 = it is there. */
static int is_ours(const struct job *job, const struct op *op, const struct place *place,
		   struct err *err)
{
	auto_fd fd = -1;
	struct statfs fs;
	uint64_t mount;
	int r;

	if (!place->exists || !S_ISDIR(place->st.st_mode) || place->st.st_uid != job->uid ||
	    (place->st.st_mode & 07777) != op->mode)
		return 0;
	fd = place_open_object(&job->tree, place, err);
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "look at '%s' in the container", place->path);
	r = mount_id(fd, &mount, err);
	if (r < 0)
		return r;
	return fs.f_type == TMPFS_MAGIC && mount != job->tree.dirs.items[place->dir].mount &&
	       !place_mounts_have(job->mounts, place->st.st_dev);
}

/* May it be mounted there? 1 = yes, 0 = no, which was told, or it is ours already. */
static int find_place(struct job *job, const struct op *op, struct place *place, char *path,
		      bool *ret_ours, struct err *err)
{
	const bool in_proc =
		(op->flags & OP_IN_PROC) != 0 && job_folder_of(job, op->target) == NULL;
	struct err found = {0};
	long type = 0;
	int r = in_proc ? job_dir_type(job, op->target, &type, err) : 1;

	if (r == 0)
		return job_leave_out(job, op, "there is no such directory");
	if (r < 0)
		return r;
	r = place_open(&job->tree, op->target, place, &found);
	if (r == 0 && !in_proc && place->exists && S_ISLNK(place->st.st_mode))
		r = job_follow_dir(job, place, path, &found);
	if (r == 0)
		r = is_ours(job, op, place, &found);
	*ret_ours = r == 1;
	if (r == 1)
		return 0;
	/* a volume of the host, or a mount that it shares with others */
	if (in_proc && (r == -EBUSY || r == -EROFS))
		return job_leave_out(job, op, found.msg);
	if (r < 0 && err != NULL)
		*err = found;
	if (r == 0 && in_proc && type != PROC_SUPER_MAGIC)
		return job_leave_out(job, op, "it is not of a procfs");
	return r < 0 ? r : 1;
}

static int attach(struct job *job, const struct op *op, struct place *place, struct err *err)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	const unsigned flags = (op->flags & ~(unsigned)OP_RDONLY) | OP_NOSUID | OP_NODEV;
	int r = mount_source_dir(&source, op->mode, job->uid, job->gid, job_mount_flags(flags),
				 err);

	if (r == 0)
		r = job_attach_dir(job, &source, place, err);
	if (r == 0)
		job->stats.files++;
	return r;
}

int op_folder_run(struct job *job, size_t index, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	char path[PATH_MAX];
	struct place place = {.exists = false};
	bool ours = false;
	int r = find_place(job, op, &place, path, &ours, err);

	if (r < 0)
		return r;
	if (r == 0 && !ours)
		return add_folder(job, op, true, NO_MOUNT, err);
	if (ours || (place.exists && (op->flags & OP_IF_ABSENT) != 0)) {
		job->stats.kept++;
		/* what the image has keeps what comes into it */
		return ours ? add_folder(job, op, false, NO_MOUNT, err) : 0;
	}
	r = attach(job, op, &place, err);
	return r < 0 ? r : add_folder(job, op, false, job->attached.n - 1, err);
}
