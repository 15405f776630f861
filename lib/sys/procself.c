/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/procself.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"

#define PROCSELF_ROOT_INO 1 /* include/linux/proc_ns.h, PROC_ROOT_INO */

/* Shared by all threads: whoever is first wins, the others close theirs. */
static atomic_int procself_fd = -1;
static atomic_uint_fast64_t
	procself_dev; /* of a procfs seen; no other file system has its number */

static bool procself_is_procfs(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC || fstat(fd, &st) < 0 ||
	    st.st_ino != PROCSELF_ROOT_INO)
		return false;
	atomic_store(&procself_dev, st.st_dev);
	return true;
}

/* The number may have been closed by somebody who closes all fds and mean another file now. */
static bool procself_is_still(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	return (st.st_dev == atomic_load(&procself_dev) && st.st_ino == PROCSELF_ROOT_INO) ||
	       procself_is_procfs(fd);
}

int procself_open(struct err *err)
{
	auto_fd fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "open '/proc'");
	if (!procself_is_procfs(fd))
		return err_set(err, EPERM, "'/proc' is not the root of a procfs");
	return take_fd(&fd);
}

int procself_dir(struct err *err)
{
	int known = atomic_load(&procself_fd);
	auto_fd fd = -1;

	if (known >= 0 && procself_is_still(known))
		return known;
	fd = procself_open(err);
	if (fd < 0)
		return fd;
	if (!atomic_compare_exchange_strong(&procself_fd, &known, fd))
		return known;
	return take_fd(&fd);
}

int procself_prepare(struct err *err)
{
	int fd = atomic_load(&procself_fd);

	if (fd < 0)
		fd = procself_dir(err);
	return fd < 0 ? fd : 0;
}

void procself_name(int fd, char ret[PROCSELF_NAME_MAX])
{
	(void)snprintf(ret, PROCSELF_NAME_MAX, "self/fd/%d", fd);
}

int procself_path(int proc, int fd, char *ret, size_t size)
{
	char name[PROCSELF_NAME_MAX];
	ssize_t len;

	procself_name(fd, name);
	len = readlinkat(proc, name, ret, size);
	if (len < 0)
		return -1;
	if ((size_t)len >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	ret[len] = '\0';
	return 0;
}

int procself_visit_start(struct procself_visit *ret, struct err *err)
{
	auto_fd cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int dir = procself_dir(err);

	if (dir < 0)
		return dir;
	if (cwd < 0)
		return err_sys(err, errno, "open the current directory");
	if (fchdir(dir) < 0)
		return err_sys(err, errno, "change the directory to '/proc'");
	ret->cwd = take_fd(&cwd);
	return 0;
}

void procself_visit_done(struct procself_visit *visit)
{
	int saved = errno;

	if (visit->cwd > 0) {
		(void)!fchdir(visit->cwd); /* a cast alone does not quiet gcc */
		(void)close(visit->cwd);
	}
	visit->cwd = -1;
	errno = saved;
}

int procself_reopen(int fd, int flags)
{
	char name[PROCSELF_NAME_MAX];
	struct err err = {0};
	int dir = procself_dir(&err);
	int opened;

	if (dir < 0)
		return dir;
	procself_name(fd, name);
	opened = openat(dir, name, (flags & ~(O_PATH | O_NOFOLLOW)) | O_CLOEXEC);
	return opened < 0 ? -errno : opened;
}
