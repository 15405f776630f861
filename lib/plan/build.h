/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventory + request + image -> plan. Pure: no system call, no clock, no environment. The same
 * input gives the same plan, operation by operation.
 */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "base/err.h"
#include "model/image.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/request.h"
#include "settings/settings.h"

/** image may be NULL. A request that wants nothing gives an empty plan, and so does one for a GPU
 * on a machine without, where that is no error (settings, or the request): a note says why.
 * -ENODEV: a GPU was asked for and this machine has none, or an unknown id; -ENOTSUP: a requirement
 * is not met. *ret is the caller's. */
int plan_build(const struct inventory *inv, const struct request *request,
	       const struct image *image, const struct settings *settings, struct plan **ret,
	       struct err *err);

#endif
