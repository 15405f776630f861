/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last answer of the driver child for each driver root, in a folder that only the caller can
 * write (driverdir.h): the one thing that this layer writes. It counts as long as the machine
 * has not been started anew and the kernel tells of the same driver and devices.
 */
#ifndef HOST_DRIVERCACHE_H
#define HOST_DRIVERCACHE_H

#include <stddef.h>

#include "driver_proto.h"
#include "host/host.h"

/** What the answer is for, as text. *ret = NULL: it cannot be told apart from another, so nothing
 * is kept. The caller frees. Take it before inv->driver is completed. */
int drivercache_key(const struct host *host, const struct inventory *inv, char **ret,
		    struct err *err);

/** 1 = an answer for that key is there: its frame, to be read like any other; the caller frees it.
 *  0 = none that can be used. Negative: no memory. */
int drivercache_find(const struct host *host, const char *key, char **ret, size_t *ret_len,
		     struct err *err);

/** Keeps it, if that is possible and the answer is one that lasts; says why not at debug level. */
void drivercache_keep(const struct host *host, const char *key, const proto_answer *answer,
		      const char *frame, size_t len);

#endif
