/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the links of a real board lead: pairs that have been seen on Jetsons, and the rule they
 * follow where nobody has looked.
 */
#ifndef BOARD_LINKS_H
#define BOARD_LINKS_H

#include "rows.h"

/** Gives every link of sorted rows its text, and makes links of the files that are links on a real
 *  board. A link whose target is not on the board keeps NULL. -ENOMEM. */
int links_resolve(struct rows *rows, const struct release *release);

#endif
