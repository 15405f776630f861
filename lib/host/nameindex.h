/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a number: a hash table with borrowed keys, for lists of up to a million rows. */
#ifndef HOST_NAMEINDEX_H
#define HOST_NAMEINDEX_H

#include <stdbool.h>
#include <stddef.h>

struct nameindex_slot {
	const char *name; /* borrowed; NULL = empty */
	size_t value;
};

struct nameindex {
	struct nameindex_slot *slots; /* owned */
	size_t n;
	size_t cap; /* power of two */
};

/** Adds or replaces. name must outlive the index. -ENOMEM. */
int nameindex_put(struct nameindex *index, const char *name, size_t value);
bool nameindex_get(const struct nameindex *index, const char *name, size_t *ret_value);
void nameindex_done(struct nameindex *index);

#endif
