/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions that come before the operations: which lists count, whether requirements hold, which
 * device ids exist. Pure.
 */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include <stdbool.h>

#include "base/err.h"
#include "model/inventory.h"
#include "model/request.h"
#include "settings/settings.h"

/** True if lists besides l4t.csv, devices.csv and drivers.csv count. The setting decides; else the
 *  image's word; else L4T R32 and older or unknown = all, R34 and later = base only. */
bool select_all_lists(const struct platform *platform, const struct request *request,
		      const struct settings *settings);

/** NVIDIA_REQUIRE_*: 0 when met, or not to be looked at. -ENOTSUP when not, with the values there
 *  are, the ones needed, and the override; -EINVAL for an expression that is none. */
int select_check_requires(const struct platform *platform, const struct request *request,
			  const struct settings *settings, struct err *err);

/** True if there are requirements that count for this request. */
bool select_requires_asked(const struct request *request, const struct settings *settings);

/** True if the machine's CUDA version and compute capability are known; without them requirements
 *  are not looked at: a board newer than our tables must not stop every container. */
bool select_requires_known(const struct platform *platform);

/** True if the request depends on what only the driver's library tells: versions for requirements,
 *  compute capability, brand, UUIDs of MIG devices, those of GPUs that /proc does not tell. request
 *  NULL: everything is wanted. Never on a machine whose only GPU is a Tegra's. */
bool select_asks_driver(const struct inventory *inv, const struct request *request,
			const struct settings *settings);

/** -ENODEV names the unknown id and the ones there are. On a Tegra: 0 and all. */
int select_check_devices(const struct inventory *inv, const struct request *request,
			 struct err *err);

#endif
