/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct ldcache_entry *a, const struct ldcache_entry *b)
{
	return strcmp(a->key, b->key) == 0 && strcmp(a->value, b->value) == 0 &&
	       a->flags == b->flags && a->osversion == b->osversion && a->hwcap == b->hwcap &&
	       str_equal(a->hwcaps, b->hwcaps) && a->isa_level == b->isa_level;
}

/* What is read can be written, and reads the same then. */
static void check(const struct ldcache *cache)
{
	auto_done(ldcache) struct ldcache again = {0};
	auto_free char *written = NULL;
	size_t len;
	int r = ldcache_format(cache, &written, &len, NULL);

	if (r == -EFBIG)
		return;
	if (r != 0 || ldcache_parse(written, len, &again, NULL) != 0 ||
	    again.entries.n != cache->entries.n || again.sections.n != cache->sections.n ||
	    again.generator_len != cache->generator_len)
		abort();
	for (size_t i = 0; i < again.entries.n; i++) {
		if (!same(&again.entries.items[i], &cache->entries.items[i]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(ldcache) struct ldcache cache = {.unsigned_chars = size % 2 != 0};
	struct err err = {0};

	if (ldcache_parse(data, size, &cache, &err) < 0)
		return 0;
	if (ldcache_sort(&cache, &err) < 0)
		abort();
	check(&cache);
	return 0;
}
