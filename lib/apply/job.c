/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/procself.h"
#include "sys/rootfs.h"

unsigned job_mount_flags(unsigned flags)
{
	unsigned ret = 0;

	ret |= (flags & OP_RDONLY) != 0 ? MOUNT_RDONLY : 0u;
	ret |= (flags & OP_NOSUID) != 0 ? MOUNT_NOSUID : 0u;
	ret |= (flags & OP_NODEV) != 0 ? MOUNT_NODEV : 0u;
	ret |= (flags & OP_NOEXEC) != 0 ? MOUNT_NOEXEC : 0u;
	return ret;
}

static int check_source(const struct op *op, const struct stat *st, mode_t type, struct err *err)
{
	bool same = (st->st_mode & S_IFMT) == type;

	if (type == S_IFCHR && st->st_rdev != op->rdev)
		same = false;
	if ((op->dev != 0 || op->ino != 0) && (st->st_dev != op->dev || st->st_ino != op->ino))
		same = false;
	if (same)
		return 0;
	(void)err_set(err, ESTALE, "'%s' of the host changed since it was looked at", op->source);
	return err_hint(err, "start the container again");
}

/* The kernel's name of an object, no links in it, as seen from "/" of this mount namespace. */
static int fd_path(const struct job *job, int fd, char *ret, size_t size, struct err *err)
{
	if (procself_path(job->procfd, fd, ret, size) < 0)
		return err_sys(err, errno, "ask for the path of a file");
	return 0;
}

int job_path_in_root(const struct job *job, int fd, char *ret, struct err *err)
{
	char root[PATH_MAX];
	char path[PATH_MAX];
	int r = fd_path(job, job->rootfd, root, sizeof(root), err);

	if (r == 0)
		r = fd_path(job, fd, path, sizeof(path), err);
	if (r < 0)
		return r;
	if (!path_is_below(path, root) || strcmp(path, root) == 0)
		return err_set(err, EXDEV, "'%s' lies not below the rootfs", path);
	memcpy(ret, path + strlen(root), strlen(path) - strlen(root) + 1);
	return 0;
}

int job_take_source(struct job *job, size_t index, mode_t type, struct err *err)
{
	const struct op *op = &job->plan->ops.items[index];
	auto_fd fd = -1;
	struct stat st;
	int r;

	if (op->root >= ROOT_MAX || job->host->fds[op->root] < 0)
		return err_set(err, EINVAL, "'%s' lies below a root that is not there", op->source);
	fd = rootfs_open(job->host->fds[op->root], op->source, O_PATH | O_NOFOLLOW, err);
	if (fd < 0)
		return err_wrap(err, "source on the host");
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s' of the host", op->source);
	r = check_source(op, &st, type, err);
	if (r == 0)
		r = mount_source_take(&job->sources[index], fd, &st, op->source,
				      job_mount_flags(op->flags), err);
	return r;
}

bool job_leads_somewhere(const struct job *job, const char *path)
{
	auto_fd fd = rootfs_open(job->rootfd, path, O_PATH, NULL);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > 0);
}

int job_attach(struct job *job, struct mount_source *source, const struct place *place,
	       struct err *err)
{
	auto_fd object = place_open_object(&job->tree, place, err);
	auto_fd root = -1;
	int *kept;
	int r;

	if (object < 0)
		return object;
	source->stage = job->pivoted ? NULL : &job->stage;
	r = mount_attach(source, object, place_dirfd(&job->tree, place), place->name, &root, err);
	if (r < 0)
		return err_wrap(err, "mount '%s'", place->path);
	if (!S_ISREG(place->st.st_mode) && !S_ISCHR(place->st.st_mode))
		place_moved(&job->tree);
	kept = vec_add(&job->attached);
	if (kept == NULL) {
		(void)mount_detach(root, NULL);
		return err_nomem(err);
	}
	*kept = take_fd(&root);
	mount_source_done(source); /* hundreds of them: give the fd back at once */
	return 0;
}

int job_attach_object(struct job *job, struct mount_source *source, struct place *place,
		      const char *kind, struct err *err)
{
	int r = 0;

	if (place->exists && S_ISDIR(place->st.st_mode)) {
		(void)err_set(err, EISDIR, "the image has a directory where the %s '%s' must go",
			      kind, place->path);
		return err_hint(err, "remove the directory from the image");
	}
	if (!place->exists)
		r = place_make_file(&job->tree, place, err);
	else if (!S_ISLNK(place->st.st_mode))
		r = place_meet(&job->tree, place, err);
	else if (!job_leads_somewhere(job, place->path))
		place_leftover(&job->tree, place->path);
	return r < 0 ? r : job_attach(job, source, place, err);
}
