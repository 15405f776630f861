/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault at each call of a good run: an error code, or SIGKILL.
 */
#ifndef TRIALS_FAULTS_H
#define TRIALS_FAULTS_H

#include "bench.h"

struct faults {
	unsigned whole; /* all error codes at so many calls of a site, one at the others; 0 = all */
	unsigned kill_every; /* SIGKILL at each so-many-th call; 0 = never */
	const char *spare;   /* a call that does not fail, or NULL */
};

/** False, with lines, where it is not known how one of the calls can fail. */
bool faults_run(struct bench *bench, const struct faults *faults);

#endif
