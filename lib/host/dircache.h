/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories that were looked into last, open. Neighbouring rows of a list mostly share one, so
 * that a row costs one fstatat(2). Absence is remembered as well: alternate roots lack most.
 */
#ifndef HOST_DIRCACHE_H
#define HOST_DIRCACHE_H

#include <stddef.h>

#include "host/host.h"

#define DIRCACHE_SLOTS 8u /* per root */

struct dircache_entry {
	char *path; /* as asked for; owned */
	char *real; /* the same without symbolic links, below its root; owned; NULL on error */
	int fd;     /* O_PATH directory, -1 on error */
	int error;  /* positive errno, 0 = fd is good */
};

struct dircache {
	const struct host *host; /* borrowed */
	struct dircache_entry entries[ROOT_MAX][DIRCACHE_SLOTS];
	unsigned next[ROOT_MAX];   /* slot to give up next */
	char *root_real[ROOT_MAX]; /* where each root lies for this process; owned */
};

void dircache_init(struct dircache *cache, const struct host *host);
/** Accepts a zeroed struct. */
void dircache_done(struct dircache *cache);

/** The directory path[0..len) of one root (absolute, normal form; len 0 = the root itself). The
 *  entry is borrowed and good until the next call. A directory that is not there is an entry with
 *  its error, not an error: -ENOMEM, -EMFILE and -ENFILE only. */
int dircache_get(struct dircache *cache, unsigned root, const char *path, size_t len,
		 const struct dircache_entry **ret, struct err *err);

#endif
