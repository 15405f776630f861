/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another content for a file in a rootfs, all or nothing: by a second file and rename(2). The name
 * of the second one is in the record before it is made, so that a hook that is killed leaves no
 * file that nobody knows.
 */
#ifndef APPLY_SWAP_H
#define APPLY_SWAP_H

#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "sys/io.h"

struct swap {
	int dir;          /* the file's directory; borrowed, as all */
	const char *name; /* in it */
	const char *path; /* in the rootfs, for the record */
	int journal;      /* record_open_journal(); -1 = none */
};

/** *ret is the new file's, and may be NULL. */
int swap_write(const struct swap *swap, const struct io_new *content, struct timespec mtime,
	       struct stat *ret, struct err *err);

#endif
