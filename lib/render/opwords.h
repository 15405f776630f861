/* SPDX-License-Identifier: Apache-2.0 */
/* Words for an operation, the same in text and JSON. Pure. */
#ifndef RENDER_OPWORDS_H
#define RENDER_OPWORDS_H

#include "base/str.h"
#include "model/inventory.h"
#include "model/plan.h"

struct opwords_flag {
	unsigned flag;
	const char *name;
};

/* In the order in which they are shown; the last one has flag 0. */
extern const struct opwords_flag opwords_flags[];

/** The part of the driver that asked for it; NULL = none did. Borrowed. */
const struct part *opwords_part(const struct inventory *inv, const struct op *op);

/** Its name; of one that has none the word for its kind. */
const char *opwords_part_name(const struct part *part);

/** "l4t.csv:12", "libcuda.so: ld.so.cache", or the words of an operation that has neither row nor
 *  part; nothing when it has no words either. */
void opwords_from(const struct inventory *inv, const struct op *op, struct strbuf *out);

/** Appends with control characters written as \xNN: names come from lists and from the board. */
void opwords_show(struct strbuf *out, const char *text);

#endif
