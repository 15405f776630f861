/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory and plan as text for people. Pure: appends to a buffer. */
#ifndef RENDER_TEXT_H
#define RENDER_TEXT_H

#include "base/str.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "settings/settings.h"

/** `nvc-cli info`. plan: the verdicts for everything the machine has to give; may be NULL. */
void text_info(const struct inventory *inv, const struct plan *plan, struct strbuf *out);
/** Of `nvc-cli info`: alternate roots and path-map, where there are any. */
void text_settings(const struct settings *settings, struct strbuf *out);
/** One line of `nvc-cli info`. */
void text_fact(const char *label, const char *value, struct strbuf *out);
/** `nvidia-container-cli info`: what the driver says of itself; with MIG devices too. */
void text_driver(const struct inventory *inv, bool migs, struct strbuf *out);
/** `nvidia-container-cli info --csv`. */
void text_driver_csv(const struct inventory *inv, struct strbuf *out);
/** `nvc-cli list`: one path per line, in NVIDIA's order; of what is selected, enum listing_select,
 *  0 = of everything. */
void text_list(const struct inventory *inv, const struct plan *plan, unsigned select,
	       struct strbuf *out);
/** `nvc-cli plan`: one operation per line with list file and line, or part; also the golden form of
 * tests.
 */
void text_plan(const struct inventory *inv, const struct plan *plan, struct strbuf *out);

/** `nvc-cli csv list`: one row of the lists per line with its place and what became of it. */
void text_rows(const struct inventory *inv, const struct plan *plan, struct strbuf *out);

#endif
