/* SPDX-License-Identifier: Apache-2.0 */
/* Directories as targets: the host's, and those of our own that others of the plan go into. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "apply/job.h"
#include "base/auto.h"
#include "base/path.h"
#include "sys/rootfs.h"

#define MODULE "apply"

/* Images have links to directories where the host has directories (lib -> usr/lib): what such a
 * link leads to inside the root is the place. Gives that place, without a link as its last
 * component: the kernel's own name of the directory found, walked in root again and compared. */
int job_follow_dir(struct job *job, struct place *place, char *ret_path, struct err *err)
{
	auto_fd dir = rootfs_open(job->rootfd, place->path, O_PATH | O_DIRECTORY, err);
	struct stat st;
	int r;

	if (dir < 0)
		return err_wrap(err, "the directory '%s' must go where the image has a link",
				place->path);
	if (fstat(dir, &st) < 0)
		return err_sys(err, errno, "look at '%s' in the container", place->path);
	r = job_path_in_root(job, dir, ret_path, err);
	if (r < 0)
		return err_wrap(err, "the link in the image where the directory '%s' must go",
				place->path);
	r = place_open(&job->tree, ret_path, place, err);
	if (r < 0)
		return r;
	if (!place->exists || place->st.st_ino != st.st_ino || place->st.st_dev != st.st_dev)
		return err_set(err, EAGAIN, "'%s' in the container is being changed", ret_path);
	return 0;
}

int job_attach_dir(struct job *job, struct mount_source *source, struct place *place,
		   struct err *err)
{
	int r;

	if (place->exists && !S_ISDIR(place->st.st_mode))
		return err_set(err, ENOTDIR,
			       "the image has a file where the directory '%s' must go",
			       place->path);
	r = place->exists ? place_use(&job->tree, place, NULL, err)
			  : place_make_dir(&job->tree, place, err);
	return r < 0 ? r : job_attach(job, source, place, err);
}

const struct job_folder *job_folder_of(const struct job *job, const char *path)
{
	vec_each(folder, &job->folders)
	{
		if (path_is_below(path, folder->target) && strcmp(path, folder->target) != 0)
			return folder;
	}
	return NULL;
}

int job_dir_type(const struct job *job, const char *path, long *ret, struct err *err)
{
	struct err found = {0};
	auto_fd fd = rootfs_open(job->rootfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, &found);
	struct statfs fs;

	if (fd < 0 && !err_is_trouble(-fd))
		return 0;
	if (fd < 0) {
		if (err != NULL)
			*err = found;
		return fd;
	}
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "look at '%s' in the container", path);
	*ret = (long)fs.f_type;
	return 1;
}

int job_leave_out(const struct job *job, const struct op *op, const char *why)
{
	log_warn(job->log, MODULE, "'%s' in the container is left as it is: %s", op->target, why);
	return 0;
}

int job_is_in_proc(const struct job *job, const struct op *op, struct err *err)
{
	auto_free char *dir = path_dirname(op->target);
	struct stat st;
	long type = 0;
	int r;

	if (dir == NULL)
		return err_nomem(err);
	r = job_dir_type(job, dir, &type, err);
	if (r < 0)
		return r;
	if (r == 0)
		return job_leave_out(job, op, "there is no such directory");
	if (type != PROC_SUPER_MAGIC)
		return job_leave_out(job, op, "its directory is not of a procfs");
	r = rootfs_lstat(job->rootfd, op->target, &st, err);
	return r == 0 ? job_leave_out(job, op, "it is not there") : r;
}

int job_close_folders(const struct job *job, struct err *err)
{
	vec_each(folder, &job->folders)
	{
		int r;

		if (folder->mount == NO_MOUNT || (folder->flags & MOUNT_RDONLY) == 0)
			continue;
		r = mount_add_flags(job->attached.items[folder->mount], folder->flags, err);
		if (r < 0)
			return err_wrap(err, "directory '%s'", folder->target);
	}
	return 0;
}
