/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldcache.h"

#include <stdlib.h>
#include <string.h>

void ldcache_done(struct ldcache *cache)
{
	vec_done(&cache->entries);
	vec_done(&cache->sections);
	cache->generator = NULL;
	cache->generator_len = 0;
}

int ldcache_add(struct ldcache *cache, const struct ldcache_entry *entry, struct err *err)
{
	struct ldcache_entry *added;

	if (entry->key[0] == '\0' || strnlen(entry->key, LDCACHE_MAX_NAME + 1) > LDCACHE_MAX_NAME)
		return err_set(err, EINVAL, "loader cache: a library's name is empty or too long");
	if (entry->value[0] != '/' ||
	    strnlen(entry->value, LDCACHE_MAX_NAME + 1) > LDCACHE_MAX_NAME)
		return err_set(err, EINVAL,
			       "loader cache: the path of '%.255s' is not absolute or too long",
			       entry->key);
	if (cache->entries.n >= LDCACHE_MAX_ENTRIES)
		return err_set(err, EFBIG, "loader cache: more than %u entries",
			       LDCACHE_MAX_ENTRIES);
	added = vec_add(&cache->entries);
	if (added == NULL)
		return err_nomem(err);
	*added = *entry;
	return 0;
}

size_t ldcache_drop(struct ldcache *cache, ldcache_drop_fn drop, void *arg)
{
	size_t kept = 0, n = cache->entries.n;

	for (size_t i = 0; i < n; i++) {
		const struct ldcache_entry *entry = &cache->entries.items[i];

		if (drop(arg, entry))
			continue;
		if (kept != i)
			cache->entries.items[kept] = *entry;
		kept++;
	}
	cache->entries.n = kept;
	return n - kept;
}
