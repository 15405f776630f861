/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One name in a directory that is held open: the only way in which layers above touch what is in a
 * container or on the machine, besides rootfs.h and io.h. A name with a "/" in it, "." and ".." are
 * refused, and a symbolic link of that name is never followed, so that nothing here can lead out of
 * the directory. tests/lint holds the rest of the library to it.
 *
 * Each answers as the system call does: negative with errno, here EINVAL for what is no name.
 */
#ifndef SYS_ENTRY_H
#define SYS_ENTRY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/** fstatat(2), of the entry itself. */
int entry_stat(int dirfd, const char *name, struct stat *ret);

/** What a mode says an entry is, in words: "regular file", "FIFO". */
const char *entry_type_name(mode_t mode);

/** openat(2); O_NOFOLLOW and O_CLOEXEC are always set. mode counts with O_CREAT only. */
int entry_open(int dirfd, const char *name, int flags, mode_t mode);

/** readlinkat(2): bytes written, no NUL. */
ssize_t entry_readlink(int dirfd, const char *name, char *ret, size_t size);

/** mkdirat(2). */
int entry_make_dir(int dirfd, const char *name, mode_t mode);

struct entry_node {
	dev_t rdev;
	mode_t mode; /* permissions, whatever the umask */
	uid_t uid;
	gid_t gid;
};

/** Makes a character device where nothing is (EEXIST). Nobody can open it before it has its owner
 *  and mode; without those it goes again. */
int entry_make_node(int dirfd, const char *name, const struct entry_node *node);

/** symlinkat(2). */
int entry_make_link(const char *text, int dirfd, const char *name);

/** linkat(2): a further name for what fd stands for, however its own name has been covered
 *  meanwhile. proc: as mount_open_proc(), for callers without CAP_DAC_READ_SEARCH. */
int entry_link_fd(int proc, int fd, int dirfd, const char *name);

/** renameat(2) within the directory. */
int entry_rename(int dirfd, const char *from, const char *to);

/** unlinkat(2), of anything but a directory. */
int entry_remove(int dirfd, const char *name);

/** unlinkat(2), of an empty directory. */
int entry_remove_dir(int dirfd, const char *name);

/** utimensat(2), of the entry itself. */
int entry_set_times(int dirfd, const char *name, const struct timespec times[2]);

/** faccessat(2): may the caller make entries in the directory? False with errno. */
bool entry_may_make(int dirfd);

/** A stream of the directory's entries, with a position of its own; NULL with errno. */
DIR *entry_list(int dirfd);

#endif
