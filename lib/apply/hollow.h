/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empty files that a loader's cache names: what other tools left in an image as mount points for
 * the driver of the machine where it was committed. glibc's loader gives up at the first such
 * entry.
 */
#ifndef APPLY_HOLLOW_H
#define APPLY_HOLLOW_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"
#include "sys/patience.h"

#define HOLLOW_MAX_DIRS 256u /* kept open; what lies elsewhere is resolved by itself */

struct hollow_dir {
	char *path; /* owned */
	int fd;     /* owned; negative = it is not there */
};

/* What is behind these counts as not empty. */
#define HOLLOW_MAX_LOOKS   100000u /* half a second or so */
#define HOLLOW_DEADLINE_MS 2000u

struct hollow {
	int rootfd; /* borrowed */
	size_t looks;
	struct patience patience;
	VEC(struct hollow_dir) dirs;
};

void hollow_done(struct hollow *hollow);

/** True if the path leads, links followed in root, to a regular file without content. Hundreds of
 *  entries share a few directories: two system calls for each. */
bool hollow_is(struct hollow *hollow, const char *path);

#endif
