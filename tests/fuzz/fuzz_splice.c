/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What jansson reads before an edit it reads after it, with exactly the new elements more; without
 * edits the bytes are the same.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "oci/splice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *load(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
}

/* Takes the array at path out of root again; gives its size. */
static size_t take_array(json_t *root, const char *outer, const char *inner)
{
	json_t *object = json_object_get(root, outer);
	size_t n = json_array_size(json_object_get(object, inner));

	(void)json_object_del(object, inner);
	if (json_object_size(object) == 0)
		(void)json_object_del(root, outer);
	return n;
}

static void check_edited(const char *text, size_t len, const char *edited, size_t edited_len)
{
	json_t *before = load(text, len);
	json_t *after = load(edited, edited_len);
	size_t had;
	size_t has;

	if (before != NULL) {
		if (after == NULL)
			abort();
		if (json_is_null(json_object_get(before, "hooks")))
			(void)json_object_del(before, "hooks");
		had = take_array(before, "hooks", "prestart");
		has = take_array(after, "hooks", "prestart");
		if (has != had + 2 || !json_equal(before, after))
			abort();
	}
	json_decref(before);
	json_decref(after);
}

/* One edit puts one stretch in, at most in the place of a "null": the rest stays byte for byte. */
static void check_untouched(const char *text, size_t len, const struct splice_edit *edit)
{
	auto_free char *edited = NULL;
	size_t edited_len;
	size_t front = 0;
	size_t back = 0;

	if (splice_apply(text, len, edit, 1, &edited, &edited_len, NULL) < 0)
		return;
	while (front < len && front < edited_len && text[front] == edited[front])
		front++;
	while (back < len - front && back < edited_len - front &&
	       text[len - 1 - back] == edited[edited_len - 1 - back])
		back++;
	if (front + back < len && (len - front - back > 4 || memmem(text, len, "null", 4) == NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const path[] = {"hooks", "prestart", NULL};
	static const struct splice_edit edits[] = {
		{.path = path, .where = SPLICE_APPEND, .fragment = "{\"path\":\"/x\"}"},
		{.path = path, .where = SPLICE_PREPEND, .fragment = "7"},
	};
	const char *text = (const char *)data;
	auto_free char *same = NULL;
	auto_free char *edited = NULL;
	struct err err = {0};
	size_t len;
	int rc = splice_apply(text, size, NULL, 0, &same, &len, &err);

	if ((rc == 0) != (err.code == 0))
		abort();
	if (rc < 0)
		return 0;
	if (len != size || memcmp(same, text, size) != 0)
		abort();
	check_untouched(text, size, &edits[0]);
	check_untouched(text, size, &edits[1]);
	if (splice_apply(text, size, edits, 2, &edited, &len, NULL) == 0)
		check_edited(text, size, edited, len);
	return 0;
}
