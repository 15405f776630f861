/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/procself.h"

static bool is_entry(const char *name)
{
	if (path_is_name(name))
		return true;
	errno = EINVAL;
	return false;
}

int entry_stat(int dirfd, const char *name, struct stat *ret)
{
	return is_entry(name) ? fstatat(dirfd, name, ret, AT_SYMLINK_NOFOLLOW) : -1;
}

const char *entry_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular file";
	case S_IFDIR:
		return "directory";
	case S_IFBLK:
		return "block device";
	case S_IFCHR:
		return "character device";
	case S_IFIFO:
		return "FIFO";
	case S_IFLNK:
		return "symbolic link";
	case S_IFSOCK:
		return "socket";
	default:
		return "object of unknown type";
	}
}

int entry_open(int dirfd, const char *name, int flags, mode_t mode)
{
	return is_entry(name) ? openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode) : -1;
}

ssize_t entry_readlink(int dirfd, const char *name, char *ret, size_t size)
{
	return is_entry(name) ? readlinkat(dirfd, name, ret, size) : -1;
}

int entry_make_dir(int dirfd, const char *name, mode_t mode)
{
	return is_entry(name) ? mkdirat(dirfd, name, mode) : -1;
}

/* The inode that was made, and no other: by an fd. */
static int entry_finish_node(int fd, const struct entry_node *node)
{
	char path[PROCSELF_NAME_MAX];
	int proc = procself_dir(NULL);
	struct stat st;

	if (proc < 0) {
		errno = -proc;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != node->rdev) {
		errno = EEXIST;
		return -1;
	}
	if (fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return -1;
	procself_name(fd, path);
	return fchmodat(proc, path, node->mode & 07777, 0);
}

int entry_make_node(int dirfd, const char *name, const struct entry_node *node)
{
	auto_fd fd = -1;
	int saved;

	if (!is_entry(name) || mknodat(dirfd, name, S_IFCHR, node->rdev) < 0)
		return -1;
	fd = entry_open(dirfd, name, O_PATH, 0);
	if (fd >= 0 && entry_finish_node(fd, node) == 0)
		return 0;
	saved = errno;
	if (saved != EEXIST)
		(void)entry_remove(dirfd, name);
	errno = saved;
	return -1;
}

int entry_make_link(const char *text, int dirfd, const char *name)
{
	return is_entry(name) ? symlinkat(text, dirfd, name) : -1;
}

int entry_link_fd(int proc, int fd, int dirfd, const char *name)
{
	char path[PROCSELF_NAME_MAX];

	if (!is_entry(name))
		return -1;
	if (linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT && errno != EPERM) /* without CAP_DAC_READ_SEARCH: ENOENT */
		return -1;
	procself_name(fd, path);
	return linkat(proc, path, dirfd, name, AT_SYMLINK_FOLLOW);
}

int entry_rename(int dirfd, const char *from, const char *to)
{
	return is_entry(from) && is_entry(to) ? renameat(dirfd, from, dirfd, to) : -1;
}

int entry_remove(int dirfd, const char *name)
{
	return is_entry(name) ? unlinkat(dirfd, name, 0) : -1;
}

int entry_remove_dir(int dirfd, const char *name)
{
	return is_entry(name) ? unlinkat(dirfd, name, AT_REMOVEDIR) : -1;
}

int entry_set_times(int dirfd, const char *name, const struct timespec times[2])
{
	return is_entry(name) ? utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) : -1;
}

bool entry_may_make(int dirfd)
{
	return faccessat(dirfd, ".", W_OK, AT_EACCESS) == 0;
}

DIR *entry_list(int dirfd)
{
	auto_fd fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir != NULL)
		(void)take_fd(&fd);
	return dir;
}
