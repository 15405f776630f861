/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions that come before everything else: which lists are read, whether the driver's library
 * has to be asked. Pure.
 */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include <stdbool.h>

#include "model/inventory.h"
#include "model/request.h"
#include "settings/settings.h"

/** True if lists besides l4t.csv, devices.csv and drivers.csv count. The setting decides; else the
 *  image's word; else L4T R32 and older or unknown = all, R34 and later = base only. */
bool select_all_lists(const struct platform *platform, const struct request *request,
		      const struct settings *settings);

/** True if the request depends on what only the driver's library tells: versions for requirements,
 *  compute capability, brand, UUIDs of MIG devices, those of GPUs that /proc does not tell. request
 *  NULL: everything is wanted. Never on a machine whose only GPU is a Tegra's. */
bool select_asks_driver(const struct inventory *inv, const struct request *request,
			const struct settings *settings);

#endif
