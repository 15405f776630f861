/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of the lists gets its state, and its items when it is found. */
#ifndef HOST_ROWS_H
#define HOST_ROWS_H

#include "host/host.h"

#define ROWS_MAX_TOLD 10u /* warnings for the rows of one list; the others are counted */

/** Judges inv->rows in order: state, reason, items. Rows of lists that do not count (BASE) stay as
 *  they are. */
int rows_judge(const struct host *host, enum host_lists which, struct inventory *inv,
	       struct err *err);

/** Fills inv->extras: /etc/nv_tegra_release of the machine root, when it is there. */
int rows_add_extras(const struct host *host, struct inventory *inv, struct err *err);

#endif
