/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound on the time of a loop over names that somebody else chose: forty links of four thousand
 * bytes each make the kernel walk for milliseconds to find one name.
 */
#ifndef SYS_PATIENCE_H
#define SYS_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
	uint64_t end; /* ms of the monotonic clock; 0 = begins with the first question */
	unsigned asked;
	bool over;
};

/** True until ms milliseconds after the first question have gone by; then never again. Looks at the
 *  clock every few questions only. */
bool patience_lasts(struct patience *patience, unsigned ms);

#endif
