/* SPDX-License-Identifier: Apache-2.0 */
/* The words of NVIDIA_DRIVER_CAPABILITIES: which part of the driver a container wants. Mount lists
 * have no selection by them. */
#ifndef MODEL_DRIVERCAPS_H
#define MODEL_DRIVERCAPS_H

#include <stddef.h>

enum driver_cap {
	DRIVER_CAP_COMPUTE = 1 << 0,
	DRIVER_CAP_COMPAT32 = 1 << 1,
	DRIVER_CAP_GRAPHICS = 1 << 2,
	DRIVER_CAP_UTILITY = 1 << 3,
	DRIVER_CAP_VIDEO = 1 << 4,
	DRIVER_CAP_DISPLAY = 1 << 5,
	DRIVER_CAP_NGX = 1 << 6,
	DRIVER_CAP_EVERY = (1 << 7) - 1,
};

/** The bit of a word of len bytes; "all" = every one; 0 = no such word. */
unsigned drivercaps_of_word(const char *word, size_t len);
/** The word of bit number i (0 to 6); NULL behind the last. */
const char *drivercaps_word(size_t i);

#endif
