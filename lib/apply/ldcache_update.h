/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the loader of a container find the libraries that were put there: the one place that
 * chooses the way. Whatever goes wrong here on account of the image is a warning: libraries in
 * default directories are found without a cache. Never runs a program of the image.
 */
#ifndef APPLY_LDCACHE_UPDATE_H
#define APPLY_LDCACHE_UPDATE_H

#include <stdbool.h>

#include "apply/ldconfig.h"
#include "base/err.h"

struct job;

struct ldcache_update {
	bool opened; /* ldconfig was looked for */
	struct ldconfig ldconfig;
};

/** In the host's mount namespace: finds what will be needed. */
int ldcache_update_prepare(struct job *job, struct err *err);
/** In the container's: dirs hold libraries. */
int ldcache_update_run(struct job *job, const struct strv *dirs, struct err *err);
void ldcache_update_done(struct ldcache_update *ldcache);

#endif
