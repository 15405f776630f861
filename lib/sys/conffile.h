/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file of another program, on this machine or in the tree of an image: found inside
 * its root, through whatever links lead to it, read, and replaced whole with its old content kept
 * beside it.
 */
#ifndef SYS_CONFFILE_H
#define SYS_CONFFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

struct conffile {
	int rootfd; /* borrowed */
	char *path; /* of the file itself, behind the links, inside the root; owned */
	int dirfd;  /* its folder; -1 = there is none */
	char name[NAME_MAX + 1];
	char *text; /* NULL = there is no such file; owned */
	size_t len;
	struct stat st;
};

#define CONFFILE_NONE                                                                              \
	{                                                                                          \
		.rootfd = -1, .dirfd = -1                                                          \
	}

/** Finds and reads the file, at most max bytes (-EFBIG). That it is not there is no error, nor that
 *  its folder is not. -EINVAL: no regular file; -ELOOP. */
int conffile_open(int rootfd, const char *path, size_t max, struct conffile *ret, struct err *err);
void conffile_done(struct conffile *file);

/* Where the old content goes. */
struct conffile_copy {
	const char *suffix; /* behind the file's name */
	bool first;         /* one that is there already is worth more, and stays */
};

/** Replaces the content; mode, owner and attributes (xattrs_copy()) stay; a new file has 0644 and
 *  the caller's, a new folder 0755. What the file held is in NAME and suffix then, in the place of
 * what was there, unless that is to stay: 1 = it did. At every moment file and copy are whole.
 * Whoever else is in here with a file of the folder is waited for, two seconds at most. -EBUSY:
 * somebody has changed the file since it was read. */
int conffile_write(const struct conffile *file, const char *text, size_t len,
		   const struct conffile_copy *copy, struct err *err);

#endif
