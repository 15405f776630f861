/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/driver/nvidia as one container sees it: the GPUs it was given and no others, and a driver
 * that leaves nodes alone. Pure.
 */
#ifndef PLAN_PROCFILES_H
#define PLAN_PROCFILES_H

#include "plan/draft.h"

/** Adds the directory and the files in it; those of GPUs and MIG devices are parts. Nothing where
 *  the driver's own files do not count. */
int procfiles_add(struct draft *draft, struct err *err);

/** The text of /proc/driver/nvidia/params with "ModifyDeviceFiles: 0" where it says 1: the driver's
 *  library makes and changes nodes otherwise. The caller frees; NULL without memory. */
char *procfiles_params(const char *text);

#endif
