/* SPDX-License-Identifier: Apache-2.0 */
/* How the rows of each list fared. Pure. */
#ifndef RENDER_LISTCOUNT_H
#define RENDER_LISTCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/inventory.h"
#include "model/plan.h"

struct listcount {
	size_t found;     /* on the board, and not a duplicate */
	size_t duplicate; /* 0 without a plan */
	size_t missing;
	size_t refused;
	size_t malformed;
	size_t not_asked; /* by the plan, whatever their state */
};

/** One for each list of inv; plan may be NULL. The caller frees; NULL without memory. */
struct listcount *listcount_new(const struct inventory *inv, const struct plan *plan);
/** False if the plan took no row of the list, as the list is not among those that count. */
bool listcount_selected(const struct list_file *file, const struct listcount *count);

#endif
