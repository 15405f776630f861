/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be the same before and after: trees, the mounts of this namespace, and the device rules
 * of a cgroup that this process and what it starts are in.
 */
#ifndef TRIALS_WATCH_H
#define TRIALS_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tree.h"

#define WATCH_MAX 8

struct watched {
	const char *path;
	enum tree_detail detail;
};

struct watch {
	struct watched trees[WATCH_MAX];
	size_t n;
	const char *cgroup; /* name of ours; NULL = none */
};

/** What is there now; the caller frees. */
char *watch_files(const struct watch *watch);
char *watch_mounts(void);
char *watch_rules(const struct watch *watch);
/** The first line of which there is no same one in the other text: "- LINE" or "+ LINE". */
void watch_difference(const char *before, const char *after, char *ret, size_t size);

/** Goes into a new cgroup without rules of containers. False: there is no hierarchy for devices. */
bool watch_enter_cgroup(struct watch *watch, const char *prefix);
void watch_leave_cgroup(struct watch *watch);

#endif
