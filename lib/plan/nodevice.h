/* SPDX-License-Identifier: Apache-2.0 */
/* What to say when a request names a device that the machine has not, or several. Pure. */
#ifndef PLAN_NODEVICE_H
#define PLAN_NODEVICE_H

#include "base/err.h"
#include "model/inventory.h"
#include "plan/deviceid.h"
#include "plan/grants.h"

/** -ENODEV, with the devices that exist. */
int nodevice_unknown(const struct inventory *inv, const struct deviceid *id, struct err *err);
/** -ENODEV, with those whose UUIDs begin so. */
int nodevice_ambiguous(const struct inventory *inv, const struct deviceid *id, struct err *err);
/** -ENODEV when an IMEX channel that is asked for is not there, with those that are. */
int nodevice_check_channels(const struct grants *grants, struct err *err);

#endif
