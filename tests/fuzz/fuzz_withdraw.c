/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that a container wrote, and what is taken out of it: the first lines, up to an empty one,
 * are the items, the rest is the text. Nothing else may change.
 */
#include "apply/withdraw.h"
#include "base/str.h"
#include "format/ldcache.h"
#include "fuzz.h"

/* Items of the text that are in the list, or are not, one a line. */
static char *items_of(const char *text, size_t len, const char *separators, const struct strv *list,
		      bool listed)
{
	struct strbuf buf = {0};

	for (size_t at = 0; at < len;) {
		size_t stop = at;
		auto_free char *item = NULL;

		while (stop < len && (text[stop] == '\0' || strchr(separators, text[stop]) == NULL))
			stop++;
		item = strndup(text + at, stop - at);
		claim(item != NULL);
		if (stop > at &&
		    (strlen(item) == stop - at && strv_contains(list, item)) == listed) {
			strbuf_add(&buf, text + at, stop - at);
			strbuf_addc(&buf, '\n');
		}
		at = stop + 1;
	}
	return strbuf_take(&buf);
}

static void check_items(const char *text, size_t len, const char *separators,
			const struct strv *added)
{
	auto_done(withdrawal) struct withdrawal done = {0};
	auto_free char *before = items_of(text, len, separators, added, false);
	auto_free char *after = NULL;
	auto_free char *left = NULL;

	claim(withdraw_items(text, len, separators, added, &done, NULL) == 0);
	if (done.taken == 0) {
		claim(done.data == NULL);
		return;
	}
	if (done.data == NULL) {
		claim(before[0] == '\0');
		return;
	}
	claim(done.len < len);
	after = items_of(done.data, done.len, separators, added, false);
	left = items_of(done.data, done.len, separators, added, true);
	claim(strcmp(before, after) == 0 && left[0] == '\0');
}

static void check_entries(const char *data, size_t len, const struct strv *added)
{
	int nothing = fuzz_empty_root();
	auto_done(withdrawal) struct withdrawal done = {0};
	auto_done(ldcache) struct ldcache cache = {0};
	auto_done(ldcache) struct ldcache left = {0};

	if (ldcache_parse(data, len, &cache, NULL) < 0) {
		claim(withdraw_entries(nothing, data, len, added, &done, NULL) < 0);
		return;
	}
	if (withdraw_entries(nothing, data, len, added, &done, NULL) < 0 || done.data == NULL)
		return;
	claim(ldcache_parse(done.data, done.len, &left, NULL) == 0);
	claim(left.entries.n + done.taken == cache.entries.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv added = {0};

	while (size > 0 && added.n < 32) {
		auto_free char *item = fuzz_word(&data, &size);

		if (item[0] == '\0')
			break;
		claim(strv_add(&added, item) == 0);
	}
	check_items((const char *)data, size, "\n", &added);
	check_items((const char *)data, size, "\n:", &added);
	check_entries((const char *)data, size, &added);
	return 0;
}
