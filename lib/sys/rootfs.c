/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/mounts.h"
#include "sys/procself.h"
#include "sys/rootwalk.h"
#include "sys/syscalls.h"

#define ROOTFS_TRYS 16 /* of openat2, before the path is walked */

static atomic_bool rootfs_walk_forced;

void rootfs_force_walk(bool force)
{
	atomic_store(&rootfs_walk_forced, force);
}

static bool rootfs_has_openat2(void)
{
	return kfeature_has(KFEATURE_OPENAT2) &&
	       !atomic_load_explicit(&rootfs_walk_forced, memory_order_relaxed);
}

/* -ENOSYS: the path has to be walked. Whether ".." is safe the kernel sees by counters of the whole
 * machine: EAGAIN when anybody has renamed or mounted anything meanwhile, and for as long as a
 * neighbour makes a mount namespace of many mounts. The walk does not need them (Linux fs/namei.c,
 * handle_dots()). */
static int rootfs_openat2(int rootfd, const char *path, int flags)
{
	const struct syscalls_open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = SYSCALLS_RESOLVE_IN_ROOT | SYSCALLS_RESOLVE_NO_MAGICLINKS,
	};

	if (!rootfs_has_openat2())
		return -ENOSYS;
	for (int i = 0; i < ROOTFS_TRYS; i++) {
		int fd = syscalls_openat2(rootfd, path, &how);
		int code = errno;

		if (fd >= 0)
			return fd;
		if (code == ENOSYS)
			kfeature_missing(KFEATURE_OPENAT2);
		if (code != EAGAIN && code != EINTR)
			return -code;
	}
	return -ENOSYS;
}

/* O_PATH fd by either implementation. openat2 refuses flags that O_PATH does not go with. */
static int rootfs_find(int rootfd, const char *path, int flags)
{
	const struct rootwalk_request request = {
		.nofollow = (flags & O_NOFOLLOW) != 0,
		.directory = (flags & O_DIRECTORY) != 0,
	};
	int fd = rootfs_openat2(rootfd, path, O_PATH | (flags & (O_DIRECTORY | O_NOFOLLOW)));

	return fd != -ENOSYS ? fd : rootwalk_open(rootfd, path, &request, NULL);
}

/* The object is found first, its type looked at, and then this same inode is opened: a FIFO or a
 * device is never opened, not even for a moment. */
static int rootfs_open_object(int rootfd, const char *path, int flags)
{
	auto_fd found = rootfs_find(rootfd, path, flags);
	struct stat st;
	int fd;

	if (found < 0)
		return found;
	if (fstat(found, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (S_ISDIR(st.st_mode)) {
		fd = openat(found, ".", (flags & ~O_NOFOLLOW) | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (!S_ISREG(st.st_mode) && (flags & O_NONBLOCK) == 0)
		return -EINVAL;
	return procself_reopen(found, flags);
}

static int rootfs_open_any(int rootfd, const char *path, int flags)
{
	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)
		return -EINVAL;
	if ((flags & O_PATH) != 0)
		return rootfs_find(rootfd, path, flags);
	/* a directory can be opened at once: O_DIRECTORY refuses all else before it is opened */
	if ((flags & O_DIRECTORY) != 0) {
		int fd = rootfs_openat2(rootfd, path, flags);

		if (fd != -ENOSYS)
			return fd;
	}
	return rootfs_open_object(rootfd, path, flags);
}

int rootfs_open(int rootfd, const char *path, int flags, struct err *err)
{
	int fd = rootfs_open_any(rootfd, path, flags);

	if (fd == -EINVAL)
		return err_set(err, EINVAL, "'%s' is neither a regular file nor a directory", path);
	if (fd < 0)
		return err_sys(err, -fd, "open '%s' below its root", path);
	return fd;
}

/* Splits at the last component: *ret_dir is the caller's to free. */
static int rootfs_split(const char *path, char **ret_dir, char *ret_name, struct err *err)
{
	size_t end = strlen(path);
	size_t start;

	if (end >= PATH_MAX)
		return err_sys(err, ENAMETOOLONG, "find the directory of '%s'", path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (end - start > NAME_MAX)
		return err_sys(err, ENAMETOOLONG, "find the directory of '%s'", path);
	memcpy(ret_name, path + start, end - start);
	ret_name[end - start] = '\0';
	if (!path_is_name(ret_name))
		return err_set(err, EINVAL, "'%s' does not end in a name", path);
	*ret_dir = start == 0 ? strdup("/") : strndup(path, start);
	return *ret_dir == NULL ? err_nomem(err) : 0;
}

int rootfs_open_parent(int rootfd, const char *path, char *ret_name, struct err *err)
{
	auto_free char *dir = NULL;
	int rc = rootfs_split(path, &dir, ret_name, err);

	if (rc < 0)
		return rc;
	return rootfs_open(rootfd, dir, O_PATH | O_DIRECTORY, err);
}

int rootfs_make_parent(int rootfd, const char *path, rootfs_made_fn made, void *arg, char *ret_name,
		       struct err *err)
{
	const struct rootwalk_request request = {
		.directory = true, .make = true, .made = made, .arg = arg};
	auto_free char *dir = NULL;
	bool refused = false;
	int fd = rootfs_split(path, &dir, ret_name, err);

	if (fd < 0)
		return fd;
	/* mostly the directory is there, and that is one call */
	if (rootfs_has_openat2()) {
		fd = rootfs_find(rootfd, dir, O_DIRECTORY);
		if (fd != -ENOENT)
			return fd >= 0 ? fd : err_sys(err, -fd, "open '%s' below its root", dir);
	}
	fd = rootwalk_open(rootfd, dir, &request, &refused);
	if (fd < 0 && !refused)
		return err_sys(err, -fd, "make the directory '%.*s' below its root",
			       (int)strlen(dir) - (dir[1] != '\0'), dir);
	return fd;
}

int rootfs_lstat(int rootfd, const char *path, struct stat *ret, struct err *err)
{
	auto_fd fd = rootfs_find(rootfd, path, O_NOFOLLOW);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_sys(err, -fd, "look at '%s' below its root", path);
	if (fstat(fd, ret) < 0)
		return err_sys(err, errno, "stat '%s' below its root", path);
	return 1;
}

int rootfs_readlinkat(int dirfd, const char *name, char **ret, struct err *err)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(dirfd, name, text, sizeof(text));

	if (len < 0)
		return err_sys(err, errno, "read the link '%s'", name);
	if ((size_t)len >= sizeof(text))
		return err_sys(err, ENAMETOOLONG, "read the link '%s'", name);
	text[len] = '\0';
	*ret = strdup(text);
	return *ret == NULL ? err_nomem(err) : 0;
}

/* O_PATH fd of the regular file. */
static int rootfs_find_file(int rootfd, const char *path, struct stat *ret, struct err *err)
{
	auto_fd found = rootfs_open(rootfd, path, O_PATH, err);

	if (found < 0)
		return found;
	if (fstat(found, ret) < 0)
		return err_sys(err, errno, "stat '%s' below its root", path);
	if (!S_ISREG(ret->st_mode))
		return err_set(err, EINVAL, "'%s' is not a regular file", path);
	return take_fd(&found);
}

static int rootfs_read_found(int found, const char *path, size_t max, char **ret, size_t *ret_len,
			     struct err *err)
{
	auto_fd fd = procself_reopen(found, O_RDONLY | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, -fd, "open '%s' below its root", path);
	return io_read_fd(fd, max, path, ret, ret_len, err);
}

int rootfs_read(int rootfd, const char *path, size_t max, char **ret, size_t *ret_len,
		struct err *err)
{
	struct stat st;
	auto_fd found = rootfs_find_file(rootfd, path, &st, err);

	if (found < 0)
		return found;
	if (st.st_size > 0)
		return rootfs_read_found(found, path, max, ret, ret_len, err);
	*ret = strdup("");
	*ret_len = 0;
	return *ret == NULL ? err_nomem(err) : 0;
}

int rootfs_read_any(int rootfd, const char *path, size_t max, char **ret, size_t *ret_len,
		    struct err *err)
{
	struct stat st;
	auto_fd found = rootfs_find_file(rootfd, path, &st, err);

	return found < 0 ? found : rootfs_read_found(found, path, max, ret, ret_len, err);
}

int rootfs_open_slash(struct err *err)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(err, errno, "open '/'") : fd;
}

int rootfs_is_on(int rootfd, int fd, struct err *err)
{
	struct err failed = {0};
	uint64_t root = 0;
	uint64_t mount = 0;

	if (mount_id(rootfd, &root, &failed) < 0 || mount_id(fd, &mount, &failed) < 0)
		return err_set(err, EIO, "%s", failed.msg);
	return root == mount;
}

int rootfs_list(int rootfd, const char *path, DIR **ret, struct err *err)
{
	auto_fd fd = rootfs_open(rootfd, path, O_RDONLY | O_DIRECTORY, NULL);
	int code = fd < 0 ? -fd : 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*ret = NULL;
	if (fd >= 0 && dir == NULL)
		code = errno;
	if (err_is_trouble(code))
		return err_sys(err, code, "read the directory '%s'", path);
	if (dir == NULL)
		return 0;
	(void)take_fd(&fd);
	*ret = dir;
	return 0;
}
