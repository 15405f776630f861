/* SPDX-License-Identifier: Apache-2.0 */
/* The application profile by which the driver's graphics libraries show a container its GPUs only.
 * Pure. */
#ifndef PLAN_APPPROFILE_H
#define PLAN_APPPROFILE_H

#include <stdint.h>

#include "plan/draft.h"

/** Adds the file where graphics or display are asked for, and notes GPUs it cannot name. */
int appprofile_add(struct draft *draft, struct err *err);

/** Its text; bit N of mask = the GPU of /dev/nvidiaN. The caller frees; NULL without memory. */
char *appprofile_text(uint64_t mask);

#endif
