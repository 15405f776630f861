/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two texts as a unified diff, as patch(1) takes it. Pure.
 */
#ifndef BASE_UDIFF_H
#define BASE_UDIFF_H

#include <stddef.h>

#include "base/str.h"

struct udiff_side {
	const char *name; /* behind "---" or "+++" */
	const char *text;
	size_t len;
};

/** Appends the diff, with three lines around each change; nothing for equal texts. The shortest one
 *  where both sides differ in a few hundred lines at most, else all of those are exchanged. */
void udiff_write(struct strbuf *out, const struct udiff_side *old, const struct udiff_side *now);

#endif
