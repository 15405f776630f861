/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's cache of the stand-in, as ldconfig would have made it. */
#ifndef DRIVER_CACHE_H
#define DRIVER_CACHE_H

#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "format/ldcache.h"

struct cache {
	uint16_t machine; /* of what is added */
	struct ldcache entries;
	struct strv names; /* keys and values; owned */
};

void cache_done(struct cache *cache);
int cache_add(struct cache *cache, const char *name, const char *path, struct err *err);
/** Entries of files that are gone, of names that are there and of one that is not. */
int cache_add_stale(struct cache *cache, struct err *err);
/** /etc/ld.so.cache below fd. */
int cache_write(struct cache *cache, int fd, struct err *err);

#endif
