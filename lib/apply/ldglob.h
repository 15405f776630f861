/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob(3) inside a rootfs, as the include lines of ld.so.conf need it: wildcards in any component,
 * links resolved in root, in byte order, within bounds.
 */
#ifndef APPLY_LDGLOB_H
#define APPLY_LDGLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "sys/patience.h"

#define LDGLOB_MAX_ENTRIES 20000u /* directory entries looked at by one struct ldglob */
#define LDGLOB_MAX_FOUND   1024u  /* by one pattern, at any of its components */
#define LDGLOB_MAX_PARTS   32u    /* components of a pattern */
#define LDGLOB_DEADLINE_MS 1000u

struct ldglob {
	int rootfd;     /* borrowed */
	size_t entries; /* looked at so far */
	struct patience patience;
	bool cut; /* a limit was reached: something may not have been found */
};

/** Adds the paths that fit to *ret, sorted. pattern is absolute and in normal form. Names without
 *  wildcards may be found that are not there. */
int ldglob_find(struct ldglob *glob, const char *pattern, struct strv *ret, struct err *err);

/** True if the pattern would find path; both absolute and in normal form. Pure. */
bool ldglob_fits(const char *pattern, const char *path);

#endif
