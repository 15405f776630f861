/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/ld.so.cache of an image as a file: its bytes, mode, owner and time are kept before ours is
 * written, and put back as long as the one that is there is still ours.
 */
#ifndef APPLY_CACHEFILE_H
#define APPLY_CACHEFILE_H

#include <stddef.h>

#include "apply/record.h"
#include "base/err.h"
#include "base/log.h"

#define CACHEFILE_PATH "/etc/ld.so.cache"

/** Looks at the cache in the rootfs and reads it; state becomes ADDED (there is none) or REPLACED.
 *  -EINVAL: it is no regular file. *ret_data is the caller's, NULL for ADDED. */
int cachefile_keep(int rootfd, struct record_cache *ret, char **ret_data, size_t *ret_len,
		   struct err *err);

/** Marks the cache that is there now as ours (mtime RECORD_MARK) and remembers it. */
int cachefile_mark(int rootfd, struct record_cache *cache, struct err *err);

/** Takes ours away: the kept one comes back, or none. A cache that somebody wrote since stays, with
 *  a line in the log. */
int cachefile_restore(int rootfd, const struct record_cache *cache, const char *data, size_t len,
		      const struct log *log, struct err *err);

#endif
