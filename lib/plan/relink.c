/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/relink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

#define MAX_PASSES 8u /* links below links below links */

static uint64_t bit_of(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 58);
}

/* The link at the first len bytes of path, or NULL. */
static const struct pathmap_entry *link_at(const struct relink *relink, const char *path,
					   size_t len, uint64_t hash)
{
	const struct pathmap_entry *link =
		(relink->seen & bit_of(hash)) == 0
			? NULL
			: pathmap_find_hashed(&relink->links, path, len, hash);

	return link == NULL || link->item == NULL ? NULL : link;
}

/* Finds the first directory of path that is a link: the path with that one followed, NULL in
 * *ret when there is none. */
static int follow_one(const struct relink *relink, const char *path, char **ret)
{
	uint64_t hash = PATHMAP_HASH_START;
	const char *from = path;
	const char *slash = strchr(path + 1, '/');

	*ret = NULL;
	for (; slash != NULL; from = slash, slash = strchr(slash + 1, '/')) {
		const struct pathmap_entry *link;
		auto_free char *dir = NULL;
		auto_free char *to = NULL;

		hash = pathmap_hash(hash, from, (size_t)(slash - from));
		link = link_at(relink, path, (size_t)(slash - path), hash);
		if (link == NULL)
			continue;
		dir = path_dirname(link->path);
		to = dir == NULL ? NULL : path_join(dir, link->item->link);
		*ret = to == NULL ? NULL : path_join(to, slash + 1);
		return *ret == NULL ? -ENOMEM : 1;
	}
	return 0;
}

char *relink_path(const struct relink *relink, const char *path)
{
	auto_free char *at = path_normal(path);

	if (at == NULL || relink->seen == 0)
		return take_ptr(&at);
	for (unsigned hops = 0; hops < RELINK_MAX_HOPS; hops++) {
		char *next = NULL;
		int rc = follow_one(relink, at, &next);

		if (rc < 0)
			return NULL;
		if (rc == 0)
			return take_ptr(&at);
		free(at);
		at = next;
	}
	return path_normal(path);
}

/* Another item at the same place that comes first keeps the place: then it is no link there. */
static int note_link(struct relink *relink, const struct item *item, const char *path)
{
	auto_free char *at = relink_path(relink, path);

	if (at == NULL)
		return -ENOMEM;
	if (item->kind != ITEM_LINK)
		return pathmap_put(&relink->links, at, 0, NULL);
	relink->seen |= bit_of(pathmap_hash(PATHMAP_HASH_START, at, strlen(at)));
	return pathmap_put(&relink->links, at, 0, item);
}

int relink_init(struct relink *relink, const struct inventory *inv, const bool *wanted,
		enum relink_side side, struct err *err)
{
	int added = 1;

	/* a link may itself lie below another one: until no path moves any more */
	for (unsigned pass = 0; added > 0 && pass < MAX_PASSES; pass++) {
		added = 0;
		for (size_t i = 0; i < inv->items.n; i++) {
			const struct item *item = &inv->items.items[i];
			int rc;

			if (!wanted[i])
				continue;
			rc = note_link(relink, item,
				       side == RELINK_TARGETS ? item->target : item->source);
			if (rc < 0)
				return err_nomem(err);
			added |= rc == 1 && item->kind == ITEM_LINK;
		}
	}
	pathmap_drop_empty(&relink->links); /* of hundreds of libraries */
	return 0;
}

void relink_done(struct relink *relink)
{
	pathmap_done(&relink->links);
}
