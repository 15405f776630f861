/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a process: getrlimit(2). */
#ifndef SYS_LIMITS_H
#define SYS_LIMITS_H

#include <stddef.h>
#include <sys/resource.h>

#include "base/err.h"

struct limits_entry {
	int which; /* RLIMIT_* */
	rlim_t soft, hard;
};

/** Sets n of them; one that is lower already stays so. */
int limits_set(const struct limits_entry *entries, size_t n, struct err *err);

#endif
