/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory and plan as text for people. Pure: appends to a buffer. */
#ifndef RENDER_TEXT_H
#define RENDER_TEXT_H

#include "base/str.h"
#include "model/inventory.h"
#include "model/plan.h"

/** `nvc-cli info`. plan: the verdicts for everything the machine has to give; may be NULL. */
void text_info(const struct inventory *inv, const struct plan *plan, struct strbuf *out);
/** `nvc-cli list`: one container path per line. */
void text_list(const struct inventory *inv, const struct plan *plan, struct strbuf *out);
/** `nvc-cli plan`: one operation per line with list file and line; also the golden form of tests.
 */
void text_plan(const struct inventory *inv, const struct plan *plan, struct strbuf *out);

/** `nvc-cli csv list`: one row of the lists per line with its place and what became of it. */
void text_rows(const struct inventory *inv, const struct plan *plan, struct strbuf *out);

#endif
