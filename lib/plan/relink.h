/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One name for each object: where the plan itself makes a link of a directory on the way to a path,
 * the path is written through that link, so that links can all be made before anything is mounted
 * and the same object is not brought twice. Pure.
 */
#ifndef PLAN_RELINK_H
#define PLAN_RELINK_H

#include "base/err.h"
#include "plan/pathmap.h"

#define RELINK_MAX_HOPS 40u /* links followed for one path, as the kernel does */

enum relink_side { RELINK_TARGETS, RELINK_SOURCES };

struct relink {
	struct pathmap links; /* by the path that the link ends up at */
	uint64_t seen;        /* the bits of their hashes: few directories on a way are links */
};

/** Collects the links among the items marked in wanted[] (one flag for each item of inv). */
int relink_init(struct relink *relink, const struct inventory *inv, const bool *wanted,
		enum relink_side side, struct err *err);
/** The path with its directories written through the links; the last component stays. A path that
 *  runs in circles stays as it is. The caller frees; NULL without memory. */
char *relink_path(const struct relink *relink, const char *path);
void relink_done(struct relink *relink);

#endif
