/* SPDX-License-Identifier: Apache-2.0 */
#include "host/nameindex.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAMEINDEX_MIN 256u

/* FNV-1a, 64 bits. Names come from the board's own lists: nobody gains by collisions. */
static size_t nameindex_hash(const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211u;
	return (size_t)(hash ^ (hash >> 32));
}

/* The slot that holds name, or the empty one where it belongs. */
static struct nameindex_slot *nameindex_slot_of(const struct nameindex *index, const char *name)
{
	size_t at = nameindex_hash(name) & (index->cap - 1);

	while (index->slots[at].name != NULL && strcmp(index->slots[at].name, name) != 0)
		at = (at + 1) & (index->cap - 1);
	return &index->slots[at];
}

static int nameindex_enlarge(struct nameindex *index)
{
	struct nameindex bigger = {.cap = index->cap == 0 ? NAMEINDEX_MIN : index->cap * 2};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < index->cap; i++)
		if (index->slots[i].name != NULL)
			*nameindex_slot_of(&bigger, index->slots[i].name) = index->slots[i];
	bigger.n = index->n;
	free(index->slots);
	*index = bigger;
	return 0;
}

int nameindex_put(struct nameindex *index, const char *name, size_t value)
{
	struct nameindex_slot *slot;

	if (index->n * 2 >= index->cap) {
		int rc = nameindex_enlarge(index);

		if (rc < 0)
			return rc;
	}
	slot = nameindex_slot_of(index, name);
	if (slot->name == NULL)
		index->n++;
	*slot = (struct nameindex_slot){.name = name, .value = value};
	return 0;
}

bool nameindex_get(const struct nameindex *index, const char *name, size_t *ret_value)
{
	const struct nameindex_slot *slot;

	if (index->cap == 0)
		return false;
	slot = nameindex_slot_of(index, name);
	if (slot->name == NULL)
		return false;
	*ret_value = slot->value;
	return true;
}

void nameindex_done(struct nameindex *index)
{
	free(index->slots);
	*index = (struct nameindex){0};
}
