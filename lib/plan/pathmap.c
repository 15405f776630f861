/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/pathmap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64u

uint64_t pathmap_hash(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return hash;
}

static size_t first_slot(const struct pathmap *map, uint64_t hash)
{
	return (size_t)(hash ^ (hash >> 32)) & (map->cap - 1);
}

/* The slot that holds the path, or the free one where it belongs. */
static struct pathmap_entry *slot_of(const struct pathmap *map, const char *path, size_t len,
				     uint64_t hash)
{
	size_t at = first_slot(map, hash);

	while (map->slots[at].path != NULL &&
	       (strncmp(map->slots[at].path, path, len) != 0 || map->slots[at].path[len] != '\0'))
		at = (at + 1) & (map->cap - 1);
	return &map->slots[at];
}

static void move_entry(struct pathmap *to, const struct pathmap_entry *entry)
{
	size_t len = strlen(entry->path);

	*slot_of(to, entry->path, len, pathmap_hash(PATHMAP_HASH_START, entry->path, len)) = *entry;
	to->n++;
}

static int grow(struct pathmap *map)
{
	struct pathmap bigger = {.cap = map->cap == 0 ? FIRST_CAP : map->cap * 2};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < map->cap; i++) {
		if (map->slots[i].path != NULL)
			move_entry(&bigger, &map->slots[i]);
	}
	free(map->slots);
	*map = bigger;
	return 0;
}

void pathmap_drop_empty(struct pathmap *map)
{
	struct pathmap kept = {.cap = FIRST_CAP};
	size_t n = 0;

	for (size_t i = 0; i < map->cap; i++)
		n += map->slots[i].path != NULL && map->slots[i].item != NULL;
	while (kept.cap / 2 < n)
		kept.cap *= 2;
	kept.slots = map->cap == 0 ? NULL : calloc(kept.cap, sizeof(*kept.slots));
	if (kept.slots == NULL)
		return;
	for (size_t i = 0; i < map->cap; i++) {
		if (map->slots[i].path != NULL && map->slots[i].item != NULL)
			move_entry(&kept, &map->slots[i]);
		else
			free(map->slots[i].path);
	}
	free(map->slots);
	*map = kept;
}

int pathmap_put(struct pathmap *map, const char *path, size_t row, const struct item *item)
{
	size_t len = strlen(path);
	uint64_t hash = pathmap_hash(PATHMAP_HASH_START, path, len);
	struct pathmap_entry *entry;

	if (map->n >= map->cap / 2 && grow(map) < 0)
		return -ENOMEM;
	entry = slot_of(map, path, len, hash);
	if (entry->path != NULL)
		return 0;
	entry->path = strdup(path);
	if (entry->path == NULL)
		return -ENOMEM;
	entry->row = row;
	entry->item = item;
	map->n++;
	return 1;
}

const struct pathmap_entry *pathmap_find_hashed(const struct pathmap *map, const char *path,
						size_t len, uint64_t hash)
{
	const struct pathmap_entry *entry;

	if (map->n == 0)
		return NULL;
	entry = slot_of(map, path, len, hash);
	return entry->path == NULL ? NULL : entry;
}

const struct pathmap_entry *pathmap_find(const struct pathmap *map, const char *path, size_t len)
{
	return pathmap_find_hashed(map, path, len, pathmap_hash(PATHMAP_HASH_START, path, len));
}

const struct pathmap_entry *pathmap_above(const struct pathmap *map, const char *path)
{
	size_t len = strlen(path);

	if (map->n == 0)
		return NULL;
	while (len > 1) {
		const struct pathmap_entry *entry;

		do {
			len--;
		} while (len > 0 && path[len] != '/');
		entry = len == 0 ? NULL : pathmap_find(map, path, len);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

void pathmap_done(struct pathmap *map)
{
	for (size_t i = 0; i < map->cap; i++)
		free(map->slots[i].path);
	free(map->slots);
	*map = (struct pathmap){0};
}
