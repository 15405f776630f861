/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the loader of a container find the libraries that were put there: the one place that
 * chooses the way. glibc: /etc/ld.so.cache, written here ("native") or by the host's ldconfig in a
 * jail; musl: /etc/ld-musl-ARCH.path. Whatever goes wrong here on account of the image is a
 * warning: libraries in default directories are found without. Never runs a program of the image.
 */
#ifndef APPLY_LDCACHE_UPDATE_H
#define APPLY_LDCACHE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "apply/ldconfig.h"
#include "base/err.h"
#include "model/plan.h"

struct job;

struct ldcache_update {
	struct ldconfig ldconfig; /* program -1: the cache is written here */
	char *cover;              /* to be mounted over the image's; NULL = nothing; owned */
	size_t cover_len;
};

/** In the host's mount namespace: finds what will be needed. */
int ldcache_update_prepare(struct job *job, struct err *err);
/** In the container's, when all libraries are there; op is of kind LDCACHE. What it changes is
 *  undone by the job's keeper and place tree. */
int ldcache_update_run(struct job *job, const struct op *op, struct err *err);
/** After it, where mounts may be made: in a root that cannot be written ours is mounted. */
int ldcache_update_cover(struct job *job, struct err *err);
void ldcache_update_done(struct ldcache_update *update);

#endif
