/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/jailmounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/mountflags.h"
#include "sys/procself.h"
#include "sys/syscalls.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#define JAILMOUNTS_MAX_TEXT ((size_t)16 << 20) /* bytes of /proc/self/mountinfo */
#define JAILMOUNTS_HARMLESS (SYSCALLS_ATTR_NODEV | SYSCALLS_ATTR_NOSUID | SYSCALLS_ATTR_NOEXEC)

/* Linux 5.12: all at once. The writable directory is cloned before the rest becomes read-only.
 * -ENOSYS without a text: not on this kernel. */
static int jailmounts_at_once(int dirfd, struct err *err)
{
	const unsigned clone = SYSCALLS_AT_EMPTY_PATH | AT_RECURSIVE | SYSCALLS_OPEN_TREE_CLONE;
	struct syscalls_mount_attr attr = {.attr_set = JAILMOUNTS_HARMLESS};
	auto_fd tree = -1;
	int rc;

	if (!kfeature_has(KFEATURE_OPEN_TREE) || !kfeature_has(KFEATURE_MOUNT_SETATTR))
		return -ENOSYS;
	/* recursive: what is mounted below it may be locked there (another user namespace) */
	tree = syscalls_open_tree(dirfd, "", clone | SYSCALLS_OPEN_TREE_CLOEXEC);
	rc = tree < 0 ? -1
		      : syscalls_mount_setattr(tree, "", SYSCALLS_AT_EMPTY_PATH | AT_RECURSIVE,
					       &attr);
	if (rc == 0) {
		attr.attr_set |= SYSCALLS_ATTR_RDONLY;
		rc = syscalls_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr);
	}
	if (rc == 0)
		rc = syscalls_move_mount(tree, "", dirfd, "",
					 SYSCALLS_MOVE_F_EMPTY_PATH | SYSCALLS_MOVE_T_EMPTY_PATH);
	if (rc < 0 && errno == ENOSYS)
		return -ENOSYS;
	return rc < 0 ? err_sys(err, errno, "make the mounts of the image harmless") : 0;
}

static int jailmounts_one(const char *point, const char *writable, struct err *err)
{
	unsigned long harmless = MS_NODEV | MS_NOSUID | MS_NOEXEC |
				 (path_is_below(point, writable) ? 0ul : MS_RDONLY);
	struct statvfs fs;

	if (statvfs(point, &fs) == 0 &&
	    mount(NULL, point, NULL, mountflags_repeat(fs.f_flag) | harmless, NULL) == 0)
		return 0;
	/* covered by another mount, or removed: no way leads there */
	if (errno == ENOENT || errno == ENOTDIR || errno == EINVAL)
		return 0;
	return err_sys(err, errno, "keep devices out of '%s'", point);
}

/* Where the directory really lies: it may be a link in the image. */
static int jailmounts_real(const char *path, char *ret, size_t size, struct err *err)
{
	auto_fd fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PROCSELF_NAME_MAX];
	int proc = procself_dir(err);
	ssize_t n;

	if (proc < 0)
		return proc;
	if (fd < 0)
		return err_sys(err, errno, "open '%s' of the image", path);
	procself_name(fd, name);
	n = readlinkat(proc, name, ret, size);
	if (n < 0 || (size_t)n >= size)
		return err_sys(err, n < 0 ? errno : ENAMETOOLONG, "find '%s' of the image", path);
	ret[n] = '\0';
	return 0;
}

static int jailmounts_read(char **ret, size_t *ret_len, struct err *err)
{
	int proc = procself_dir(err);

	if (proc < 0)
		return proc;
	return io_read_at(proc, "self/mountinfo", JAILMOUNTS_MAX_TEXT, ret, ret_len, err);
}

static int jailmounts_one_by_one(const char *writable, struct err *err)
{
	auto_free char *mountinfo = NULL;
	char real[PATH_MAX];
	const char *rest;
	size_t len = 0;
	int rc;

	/* recursive: as above */
	if (mount(writable, writable, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(err, errno, "keep '%s' of the image writable", writable);
	rc = jailmounts_real(writable, real, sizeof(real), err);
	if (rc == 0)
		rc = jailmounts_read(&mountinfo, &len, err);
	rest = mountinfo;
	while (rc == 0) {
		auto_free char *point = NULL;

		rc = procfs_next_mount(&rest, &len, &point, err);
		if (rc <= 0)
			return rc;
		rc = jailmounts_one(point, real, err);
	}
	return rc;
}

int jailmounts_protect(const char *writable, struct err *err)
{
	auto_fd dir = open(writable, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (dir < 0)
		return err_sys(err, errno, "open '%s' of the image", writable);
	rc = jailmounts_at_once(dir, err);
	if (rc != -ENOSYS)
		return rc;
	kfeature_missing(KFEATURE_MOUNT_SETATTR);
	return jailmounts_one_by_one(writable, err);
}
