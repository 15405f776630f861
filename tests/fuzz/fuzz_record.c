/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/record.h"
#include "fuzz.h"

/* The beginning alone says the same as the whole. */
static void check_head(const char *text, size_t len, const struct record *whole)
{
	auto_done(record) struct record head = {0};

	claim(record_parse_head(text, len, &head, NULL) == 0);
	claim(strcmp(head.id, whole->id) == 0 && strcmp(head.rootfs, whole->rootfs) == 0);
	claim(head.init == whole->init && head.started == whole->started);
	claim(head.items.n == 0 && head.kept.n == 0);
}

/* A hook that was killed has written a part of the last line: the rest still counts. */
static void check_cut(const char *text, const struct record *whole)
{
	const char *end = strrchr(text, '\n');
	size_t len = end == NULL ? 0 : (size_t)(end - text);
	auto_done(record) struct record cut = {0};

	if (whole->items.n + whole->kept.n == 0)
		return;
	claim(record_parse(text, len, &cut, NULL) == 0);
	claim(cut.items.n <= whole->items.n && cut.kept.n <= whole->kept.n);
	claim(cut.items.n + cut.kept.n + 1 >= whole->items.n + whole->kept.n);
}

/* What is understood must come back the same when written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(record) struct record first = {0};
	auto_done(record) struct record second = {0};
	auto_free char *text = NULL;
	auto_free char *again = NULL;
	struct err err = {0};

	if (record_parse((const char *)data, size, &first, &err) < 0) {
		claim(err.msg[0] != '\0');
		return 0;
	}
	text = record_format(&first);
	claim(text != NULL && record_parse(text, strlen(text), &second, &err) == 0);
	again = record_format(&second);
	claim(again != NULL && strcmp(text, again) == 0);
	check_head(text, strlen(text), &first);
	check_cut(text, &first);
	return 0;
}
