/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is edited is JSON again, of which jansson reads what it read before with the runtime more or
 * less; a second time nothing is done.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "render/daemonjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct daemonjson_wish wishes[] = {
	{.name = "nvidia", .path = "/usr/bin/nvc-runtime", .set_default = true},
	{.name = "nvidia", .path = "/usr/bin/nvc-runtime", .remove = true},
};

static json_t *load(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
}

/* What is not the runtime's. */
static json_t *load_rest(const char *text, size_t len)
{
	json_t *root = load(text, len);
	json_t *runtimes = json_object_get(root, "runtimes");

	(void)json_object_del(runtimes, "nvidia");
	if (json_is_null(runtimes) || (runtimes != NULL && json_object_size(runtimes) == 0))
		(void)json_object_del(root, "runtimes");
	(void)json_object_del(root, "default-runtime");
	return root;
}

static void check_rest(const char *before, size_t len, const struct daemonjson_result *result)
{
	json_t *old = load_rest(before, len);
	json_t *now = load_rest(result->text, result->len);

	/* jansson refuses more than dockerd does; what it took before it takes now */
	if (old != NULL && (now == NULL || !json_equal(old, now)))
		abort();
	json_decref(old);
	json_decref(now);
}

static void check_added(const char *text, size_t len)
{
	json_t *root = load(text, len);
	const json_t *runtime = json_object_get(json_object_get(root, "runtimes"), "nvidia");
	const char *path = json_string_value(json_object_get(runtime, "path"));
	const char *name = json_string_value(json_object_get(root, "default-runtime"));

	if (root != NULL && (path == NULL || strcmp(path, wishes[0].path) != 0 || name == NULL ||
			     strcmp(name, wishes[0].name) != 0))
		abort();
	json_decref(root);
}

static void check_wish(const char *text, size_t len, const struct daemonjson_wish *wish)
{
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	auto_done(daemonjson_result) struct daemonjson_result again = {.done = 0};
	auto_done(daemonjson_result) struct daemonjson_result back = {.done = 0};
	struct err err = {0};
	int rc = daemonjson_edit("f", text, len, wish, &result, &err);

	if ((rc == 0) != (err.code == 0) || (result.text != NULL) != (result.done != 0))
		abort();
	if (rc < 0 || result.text == NULL)
		return;
	check_rest(text, len, &result);
	if (daemonjson_edit("f", result.text, result.len, wish, &again, NULL) < 0 ||
	    again.text != NULL)
		abort();
	if (wish->remove)
		return;
	check_added(result.text, result.len);
	if (daemonjson_edit("f", result.text, result.len, &wishes[1], &back, NULL) < 0 ||
	    back.text == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size == 0 ? "" : (const char *)data;

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		check_wish(text, size, &wishes[i]);
	return 0;
}
