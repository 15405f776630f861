/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside a root that somebody else controls. Every path is absolute or relative to the root
 * and resolved inside it, as chroot(2) would, symbolic links and ".." included; nothing outside is
 * ever reached. The result is an fd, or a parent fd and one last component: never a string that is
 * walked again. First implementation openat2(2) RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
 * (Linux 5.6); second a walk with O_PATH | O_NOFOLLOW that keeps each directory (Linux 4.9, and
 * where neighbours rename and mount so much that openat2 does not get through).
 */
#ifndef SYS_ROOTFS_H
#define SYS_ROOTFS_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

#define ROOTFS_MAX_LINKS 40 /* as the kernel's MAXSYMLINKS */

/** The "/" of the current mount namespace: for absolute paths of the host. */
int rootfs_open_slash(struct err *err);

/** Opens path inside rootfd and gives an fd (O_CLOEXEC always set).
 *  flags as open(2): O_PATH, O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK... O_CREAT is refused.
 *  Without O_PATH it opens nothing but regular files and directories unless O_NONBLOCK is given
 * too, so that a FIFO or a device of the image cannot stop or surprise the caller (-EINVAL).
 * -ENOENT, -ENOTDIR, -EACCES; -ELOOP, also for magic links of procfs; -ENAMETOOLONG, also for more
 * than 256 directories deep when the path is walked. */
int rootfs_open(int rootfd, const char *path, int flags, struct err *err);

/** Opens the directory that holds the last component of path (links followed, in root) and copies
 *  that component to name (NAME_MAX + 1 bytes). The last component itself is not looked at.
 *  -EINVAL: path is the root, or ends in "." or "..". -ENAMETOOLONG. */
int rootfs_open_parent(int rootfd, const char *path, char *ret_name, struct err *err);

/* Told of each directory that rootfs_make_parent() made: parent fd and name, and the part of the
 * caller's path that leads to it. Negative stops; the function has to fill err itself then. */
typedef int (*rootfs_made_fn)(void *arg, int dirfd, const char *name, const char *path);

struct rootfs_owner {
	bool set;  /* false: leave fsuid and fsgid as they are */
	uid_t uid; /* ids, as the caller's user namespace sees them, of the container's root */
	gid_t gid;
};

/** As rootfs_open_parent(), making missing directories with mode 0755. A dangling symbolic link on
 *  the way is an error (-ENOENT), never created through. */
int rootfs_make_parent(int rootfd, const char *path, rootfs_made_fn made, void *arg, char *ret_name,
		       struct err *err);

/** lstat of path inside the root (the last component is not followed). Absent is not an error, nor
 *  is a component on the way that is no directory: 0 = absent, 1 = there. */
int rootfs_lstat(int rootfd, const char *path, struct stat *ret, struct err *err);

/** Text of the symbolic link name in dirfd, at most PATH_MAX - 1 bytes; the caller frees it. */
int rootfs_readlinkat(int dirfd, const char *name, char **ret, struct err *err);

/** Reads a regular file inside the root, at most max bytes (-EFBIG), NUL added. The caller frees.
 *  -EINVAL: not a regular file. One that says it has no bytes is empty and not opened: a link of an
 *  image may lead to /proc/kmsg, which would be taken from the machine's log, and waited for. */
int rootfs_read(int rootfd, const char *path, size_t max, char **ret, size_t *ret_len,
		struct err *err);
/** As rootfs_read(), of roots that are trusted: files of /proc are read as well. */
int rootfs_read_any(int rootfd, const char *path, size_t max, char **ret, size_t *ret_len,
		    struct err *err);

/** The directory path, for reading names; the caller closes it. *ret = NULL, and 0: it is not
 * there, no directory, or not ours to read. Negative: the machine is in trouble (err_is_trouble()),
 * and what is there is not known. */
int rootfs_list(int rootfd, const char *path, DIR **ret, struct err *err);

/** Tests only: true makes every call here use the second implementation. */
void rootfs_force_walk(bool force);

/** 1 = fd lies on rootfd's own mount, 0 = in one that begins below it. -EIO: that cannot be known.
 */
int rootfs_is_on(int rootfd, int fd, struct err *err);

#endif
