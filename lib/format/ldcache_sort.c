/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldcache.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The loader adds up in an int, and what it gets from a date with a time in it is what counts:
 * unsigned numbers wrap in the same way without being undefined. */
static uint32_t number(const char **text)
{
	uint32_t value = 0;

	for (; is_digit(**text); (*text)++)
		value = value * 10 + (uint32_t)(**text - '0');
	return value;
}

static int rank(char c, bool unsigned_chars)
{
	return unsigned_chars ? (unsigned char)c : (signed char)c;
}

int ldcache_compare_names(const char *a, const char *b, bool unsigned_chars)
{
	while (*a != '\0') {
		if (is_digit(*a) && is_digit(*b)) {
			uint32_t x = number(&a), y = number(&b);

			if (x != y)
				return (int)(x - y);
		} else if (is_digit(*a) != is_digit(*b)) {
			return is_digit(*a) ? 1 : -1;
		} else if (*a != *b) {
			break;
		} else {
			a++;
			b++;
		}
	}
	return rank(*a, unsigned_chars) - rank(*b, unsigned_chars);
}

/* -1 for the greater one, which comes first */
static int descending(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static int compare_hardware(const struct ldcache_entry *a, const struct ldcache_entry *b)
{
	int order;

	/* The loader stops looking for glibc-hwcaps at the first entry without. */
	if ((a->hwcaps != NULL) != (b->hwcaps != NULL))
		return a->hwcaps != NULL ? -1 : 1;
	order = a->hwcaps == NULL ? 0 : strcmp(a->hwcaps, b->hwcaps);
	if (order == 0)
		order = descending((unsigned)__builtin_popcountll(a->hwcap),
				   (unsigned)__builtin_popcountll(b->hwcap));
	if (order == 0)
		order = descending(a->hwcap, b->hwcap);
	if (order == 0)
		order = descending(a->osversion, b->osversion);
	return order;
}

/* <0: a comes before b in the file. */
static int compare(const struct ldcache_entry *a, const struct ldcache_entry *b,
		   bool unsigned_chars)
{
	int order = ldcache_compare_names(b->key, a->key, unsigned_chars);

	if (order == 0 && a->flags != b->flags)
		return (int32_t)a->flags > (int32_t)b->flags ? -1 : 1;
	return order != 0 ? order : compare_hardware(a, b);
}

/* Merges the sorted runs [0, left) and [left, n) of items into ret. */
static void merge(const struct ldcache_entry *items, size_t left, size_t n, bool unsigned_chars,
		  struct ldcache_entry *ret)
{
	size_t i = 0, j = left;

	for (size_t at = 0; at < n; at++) {
		bool take_left =
			j == n || (i < left && compare(&items[i], &items[j], unsigned_chars) <= 0);

		ret[at] = items[take_left ? i++ : j++];
	}
}

/* Runs of doubling length. Not qsort(): equal entries keep their order. */
static void sort_run(struct ldcache_entry *items, size_t n, bool unsigned_chars,
		     struct ldcache_entry *spare)
{
	struct ldcache_entry *from = items, *to = spare;

	for (size_t width = 1; width < n; width *= 2) {
		struct ldcache_entry *swap = from;

		for (size_t at = 0; at < n; at += 2 * width) {
			size_t len = n - at < 2 * width ? n - at : 2 * width;

			merge(from + at, len < width ? len : width, len, unsigned_chars, to + at);
		}
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
}

int ldcache_sort(struct ldcache *cache, struct err *err)
{
	struct ldcache_entry *items = cache->entries.items;
	size_t n = cache->entries.n, sorted = 1;
	auto_free struct ldcache_entry *spare = NULL;

	while (sorted < n &&
	       compare(&items[sorted - 1], &items[sorted], cache->unsigned_chars) <= 0)
		sorted++;
	if (sorted >= n)
		return 0;
	spare = calloc(n, sizeof(*spare));
	if (spare == NULL)
		return err_nomem(err);
	sort_run(items + sorted, n - sorted, cache->unsigned_chars, spare);
	merge(items, sorted, n, cache->unsigned_chars, spare);
	memcpy(items, spare, n * sizeof(*spare));
	return 0;
}
