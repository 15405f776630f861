/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory and plan as JSON: schemas nvc.info/1, nvc.list/1, nvc.plan/1, see docs/json.md. */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include "base/err.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/request.h"
#include "settings/settings.h"

/** Each gives a text that ends in a newline; the caller frees it. -ENOMEM. */
int json_info(const struct inventory *inv, const struct plan *plan, const struct settings *settings,
	      char **ret, struct err *err);
int json_list(const struct inventory *inv, const struct plan *plan, char **ret, struct err *err);
int json_plan(const struct inventory *inv, const struct request *request, const struct plan *plan,
	      char **ret, struct err *err);

#endif
