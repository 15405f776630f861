/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading and whole-or-nothing writing by fd. */
#ifndef SYS_IO_H
#define SYS_IO_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

/** Reads fd to its end, at most max bytes (-EFBIG), NUL added; the caller frees. name is for
 *  messages. Works for files that say size 0, as those of /proc. */
int io_read_fd(int fd, size_t max, const char *name, char **ret, size_t *ret_len, struct err *err);

/** As io_read_fd() with a deadline for the whole in milliseconds (-ETIMEDOUT): for pipes. */
int io_read_fd_within(int fd, size_t max, unsigned timeout_ms, const char *name, char **ret,
		      size_t *ret_len, struct err *err);

/** As open(2), O_CLOEXEC and O_NOCTTY set: for what no root fd can resolve, since it says where a
 *  root, a bundle or the settings are. Never for anything of a container. */
int io_open_host(const char *path, int flags);

/** Opens name below dirfd (AT_FDCWD for a host path), which must be a regular file, and reads it.
 */
int io_read_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
	       struct err *err);

int io_write_all(int fd, const char *data, size_t len, const char *name, struct err *err);

#define IO_TEMPORARY_MAX    32
#define IO_TEMPORARY_PREFIX ".nvc-"

/* A file to be made. data and like are borrowed. */
struct io_new {
	const char *data;
	size_t len;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	const int *like; /* an open file whose access list and labels it gets; NULL = none */
};

/** Replaces name in dirfd, a directory that nobody else writes to, by new content through a second
 *  file, IO_TEMPORARY_PREFIX and name, and rename(2). A second file that is there was left by a
 *  caller that was killed, and goes. Mode and owner are those given; readers see the old file or
 * the new one, never a part. */
int io_replace_at(int dirfd, const char *name, const struct io_new *content, struct err *err);
/** As io_replace_at(), of what a power failure must not take: the new content is on its disk before
 * it gets the name. */
int io_replace_durably_at(int dirfd, const char *name, const struct io_new *content,
			  struct err *err);
/** The first half of io_replace_at(): makes name, which must not be there, with the content and
 * that time; *ret is the new file's. Nothing is left after an error. */
int io_make_at(int dirfd, const char *name, const struct io_new *content, struct timespec mtime,
	       struct stat *ret, struct err *err);
/** An unforeseeable name for it; ret: IO_TEMPORARY_MAX bytes. */
int io_temporary_name(char *ret, struct err *err);

#endif
