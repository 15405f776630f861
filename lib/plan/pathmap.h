/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from paths to items of the inventory: lists of a million rows must not cost a million
 * squared. The first entry for a path stays. Pure.
 */
#ifndef PLAN_PATHMAP_H
#define PLAN_PATHMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/inventory.h"

struct pathmap_entry {
	char *path;              /* owned; NULL = free slot */
	size_t row;              /* that brought it, or NO_ROW */
	const struct item *item; /* borrowed; may be NULL */
};

struct pathmap {
	struct pathmap_entry *slots;
	size_t n;
	size_t cap; /* a power of two */
};

#define PATHMAP_HASH_START UINT64_C(14695981039346656037) /* FNV-1a */

/** The hash of what hash stands for with len bytes more behind it. */
uint64_t pathmap_hash(uint64_t hash, const char *text, size_t len);

/** 1 = added, 0 = the path is there already, -ENOMEM. path is copied. */
int pathmap_put(struct pathmap *map, const char *path, size_t row, const struct item *item);
/** The entry for the first len bytes of path, or NULL. Valid until the next put. */
const struct pathmap_entry *pathmap_find(const struct pathmap *map, const char *path, size_t len);
/** The same for a path whose hash is known. */
const struct pathmap_entry *pathmap_find_hashed(const struct pathmap *map, const char *path,
						size_t len, uint64_t hash);
/** Drops the entries without an item. Best effort: without memory they stay. */
void pathmap_drop_empty(struct pathmap *map);
/** The entry of the nearest directory above path, or NULL. */
const struct pathmap_entry *pathmap_above(const struct pathmap *map, const char *path);
void pathmap_done(struct pathmap *map);

#endif
