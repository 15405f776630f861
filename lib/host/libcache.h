/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's cache of the driver root, as far as it can be believed. */
#ifndef HOST_LIBCACHE_H
#define HOST_LIBCACHE_H

#include "format/ldcache.h"
#include "host/host.h"
#include "host/trust.h"

#define LIBCACHE_PATH "/etc/ld.so.cache"

struct libcache {
	char *data;             /* owned; NULL = there is none, or none that can be used */
	struct ldcache entries; /* borrows from data */
};

/** Reads the configured one, or LIBCACHE_PATH. One that is broken, no regular file, or that others
 *  than root and the caller can write, is told in the log and not used; so is a configured one that
 *  is not there. Negative: no way to go on. */
int libcache_read(const struct host *host, const struct trust *trust, struct libcache *ret,
		  struct err *err);
/** Accepts a zeroed struct. */
void libcache_done(struct libcache *cache);

#endif
