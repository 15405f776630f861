/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and mounts exchanged right in front of a call that names something of the root tree.
 */
#ifndef TRIALS_RACES_H
#define TRIALS_RACES_H

#include "bench.h"

#define RACES_MAX_DEEDS 64

struct races {
	/* OPTION=VALUE for supervise, "inside-" or "keep-" in front of OPTION for these options of
	 * it, and then "@TEXT" for the calls whose names contain TEXT only */
	char *deeds[RACES_MAX_DEEDS];
	int n;
	unsigned step;      /* each so-many-th of the calls that a deed fits */
	const char *canary; /* a folder of the host's: nothing of it may change or be mounted */
};

void races_run(struct bench *bench, const struct races *races);

#endif
