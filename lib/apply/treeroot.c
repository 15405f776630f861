/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/treeroot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/auto.h"
#include "sys/rootfs.h"

static int refuse_slash(const struct job *job, struct err *err)
{
	(void)err_set(err, EINVAL, "the rootfs '%s' is '/'", job->target->rootfs);
	return err_hint(err, "it must be the folder of the container's root file system");
}

/* crun makes a read-only bind mount writable for itself; poststop, outside, meets it as it is. */
static bool is_read_only(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

int treeroot_open_outside(struct job *job, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	struct stat a;
	struct stat b;

	if (slash < 0)
		return slash;
	job->host_rootfs = rootfs_open(slash, job->target->rootfs, O_PATH | O_DIRECTORY, NULL);
	if (job->host_rootfs < 0) {
		job->host_rootfs = -1;
		return 0;
	}
	if (fstat(slash, &a) < 0 || fstat(job->host_rootfs, &b) < 0)
		return err_sys(err, errno, "look at the rootfs '%s'", job->target->rootfs);
	job->tree.read_only = is_read_only(job->host_rootfs);
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev ? refuse_slash(job, err) : 0;
}

/* A container that has been created, and not only begun, has the rootfs as its "/": 1 when that is
 * the very directory which the caller sees at the path. */
static int is_pivoted(const struct job *job, int slash, struct err *err)
{
	struct stat a;
	struct stat b;

	if (job->host_rootfs < 0)
		return 0;
	if (fstat(slash, &a) < 0 || fstat(job->host_rootfs, &b) < 0)
		return err_sys(err, errno, "look at the rootfs '%s'", job->target->rootfs);
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* An OCI runtime makes the container's mounts from its own, where the rootfs is ready: in both the
 * path leads to the same folder, unless something was mounted on it or unmounted meanwhile. Others
 * (LXC) mount it in the container only. */
static int check_unchanged(const struct job *job, const struct stat *found, struct err *err)
{
	struct stat st;

	if (job->target->bundle == NULL || job->host_rootfs < 0)
		return 0;
	if (fstat(job->host_rootfs, &st) < 0)
		return err_sys(err, errno, "look at the rootfs '%s'", job->target->rootfs);
	if (st.st_ino == found->st_ino && st.st_dev == found->st_dev)
		return 0;
	return err_set(err, ESTALE,
		       "the rootfs '%s' is another folder in the container than outside",
		       job->target->rootfs);
}

int treeroot_open(struct job *job, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	struct stat a;
	struct stat b;
	int r;

	if (slash < 0)
		return slash;
	r = is_pivoted(job, slash, err);
	if (r < 0)
		return r;
	if (r == 1) {
		job->pivoted = true;
		job->rootfd = take_fd(&slash);
		return 0;
	}
	job->rootfd = rootfs_open(slash, job->target->rootfs, O_PATH | O_DIRECTORY, err);
	if (job->rootfd < 0)
		return err_wrap(err, "rootfs of the container");
	if (fstat(slash, &a) < 0 || fstat(job->rootfd, &b) < 0)
		return err_sys(err, errno, "look at the rootfs '%s'", job->target->rootfs);
	if (a.st_ino == b.st_ino && a.st_dev == b.st_dev)
		return refuse_slash(job, err);
	return check_unchanged(job, &b, err);
}
