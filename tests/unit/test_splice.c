/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/splice.h"
#include "where.h"

static const char *const hooks_path[] = {"hooks", "prestart", NULL};
static const char *const deep_path[] = {"a", "b", "c", NULL};

static int apply(const char *text, const char *const *path, enum splice_where where,
		 const char *fragment, char **ret, struct err *err)
{
	struct splice_edit edit = {.path = path, .where = where, .fragment = fragment};
	size_t len = 77;
	int rc = splice_apply(text, strlen(text), &edit, 1, ret, &len, err);

	if (rc == 0)
		assert_int_equal(len, strlen(*ret));
	return rc;
}

static void splice_edit_changes_nothing_else(void **unused)
{
	static const struct {
		const char *text;
		const char *const *path;
		enum splice_where where;
		const char *result;
	} cases[] = {
		{"{}", hooks_path, SPLICE_APPEND, "{\"hooks\":{\"prestart\":[1]}}"},
		{" { } ", hooks_path, SPLICE_APPEND, " {\"hooks\":{\"prestart\":[1]} } "},
		{"{\"x\":1}", hooks_path, SPLICE_APPEND, "{\"x\":1,\"hooks\":{\"prestart\":[1]}}"},
		{"{\n  \"x\": 1\n}\n", hooks_path, SPLICE_APPEND,
		 "{\n  \"x\": 1,\"hooks\":{\"prestart\":[1]}\n}\n"},
		{"{\"hooks\":null}", hooks_path, SPLICE_APPEND, "{\"hooks\":{\"prestart\":[1]}}"},
		{"{\"hooks\":{}}", hooks_path, SPLICE_PREPEND, "{\"hooks\":{\"prestart\":[1]}}"},
		{"{\"hooks\":{\"prestart\":null,\"y\":2}}", hooks_path, SPLICE_PREPEND,
		 "{\"hooks\":{\"prestart\":[1],\"y\":2}}"},
		{"{\"hooks\":{\"prestart\":[]}}", hooks_path, SPLICE_APPEND,
		 "{\"hooks\":{\"prestart\":[1]}}"},
		{"{\"hooks\":{\"prestart\":[ \n ]}}", hooks_path, SPLICE_APPEND,
		 "{\"hooks\":{\"prestart\":[1 \n ]}}"},
		{"{\"hooks\":{\"prestart\":[7]}}", hooks_path, SPLICE_APPEND,
		 "{\"hooks\":{\"prestart\":[7,1]}}"},
		{"{\"hooks\":{\"prestart\":[ 7 , [8] \n]}}", hooks_path, SPLICE_APPEND,
		 "{\"hooks\":{\"prestart\":[ 7 , [8],1 \n]}}"},
		{"{\"hooks\":{\"prestart\":[ 7 ]}}", hooks_path, SPLICE_PREPEND,
		 "{\"hooks\":{\"prestart\":[ 1,7 ]}}"},
		{"{\"h\\u006foks\":{\"\\u0070restart\":[7]}}", hooks_path, SPLICE_APPEND,
		 "{\"h\\u006foks\":{\"\\u0070restart\":[7,1]}}"},
		{"{\"n\":18446744073709551615,\"f\":1.10,\"hooks\":{\"prestart\":[7]}}", hooks_path,
		 SPLICE_APPEND,
		 "{\"n\":18446744073709551615,\"f\":1.10,\"hooks\":{\"prestart\":[7,1]}}"},
		{"{\"a\":{\"b\":null}}", deep_path, SPLICE_APPEND, "{\"a\":{\"b\":{\"c\":[1]}}}"},
		{"{\"x\":{\"a\":1},\"s\":\"\\\"a\\\":{\"}", deep_path, SPLICE_APPEND,
		 "{\"x\":{\"a\":1},\"s\":\"\\\"a\\\":{\",\"a\":{\"b\":{\"c\":[1]}}}"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *result = NULL;

		assert_int_equal(
			apply(cases[i].text, cases[i].path, cases[i].where, "1", &result, NULL), 0);
		assert_string_equal(result, cases[i].result);
	}
}

static void splice_without_edits_gives_the_same_bytes(void **unused)
{
	static const char text[] = " {\t\"a\" : [ 1e5, -0.0, \"\xff\", true,false , null ]\r\n} ";
	auto_free char *result = NULL;
	size_t len;

	(void)unused;
	assert_int_equal(splice_apply(text, strlen(text), NULL, 0, &result, &len, NULL), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(result, text, len + 1);
}

static void splice_of_what_is_not_json_is_refused(void **unused)
{
	static const struct {
		const char *text;
		unsigned line;
		unsigned column;
	} cases[] = {
		{"", 1, 1},
		{"  ", 1, 3},
		{"\xef\xbb\xbf{}", 1, 1},
		{"{\"a\":1}}", 1, 8},
		{"{\"a\":1,}", 1, 8},
		{"{\"a\" 1}", 1, 6},
		{"{a:1}", 1, 2},
		{"{\"a\":[1,]}", 1, 9},
		{"{\"a\":[1 2]}", 1, 9},
		{"{\"a\":[1}", 1, 8},
		{"{\n\"a\":01}", 2, 5},
		{"{\"a\":-}", 1, 6},
		{"{\"a\":1.}", 1, 6},
		{"{\"a\":1e}", 1, 6},
		{"{\"a\":.5}", 1, 6},
		{"{\"a\":nul}", 1, 6},
		{"{\"a\":\"x}", 1, 6},
		{"{\"a\":\"\\x\"}", 1, 8},
		{"{\"a\":\"\\u12g4\"}", 1, 8},
		{"{\"a\":\"\t\"}", 1, 7},
		{"{\"a\":\"\\", 1, 8},
		{"{\"a\":\"\\u123", 1, 8},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *result = NULL;
		struct err err = {0};

		if (apply(cases[i].text, hooks_path, SPLICE_APPEND, "1", &result, &err) != -EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		assert_null(result);
		if (err.line != cases[i].line || err.column != cases[i].column)
			fail_msg("%s: %u:%u", cases[i].text, err.line, err.column);
	}
}

static void splice_of_wrong_types_is_refused(void **unused)
{
	static const char *const texts[] = {
		"null",
		"[]",
		"1",
		"{\"hooks\":[]}",
		"{\"hooks\":1}",
		"{\"hooks\":{\"prestart\":{}}}",
		"{\"hooks\":{\"prestart\":\"\"}}",
		"{\"hooks\":{},\"hooks\":{}}",
		"{\"hooks\":{},\"h\\u006foks\":null}",
		"{\"hooks\":{\"prestart\":[],\"prestart\":[]}}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *result = NULL;
		struct err err = {0};

		if (apply(texts[i], hooks_path, SPLICE_APPEND, "1", &result, &err) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(err.line, 1);
	}
}

static void splice_depth_is_bounded(void **unused)
{
	static const struct {
		size_t depth;
		int rc;
	} cases[] = {{SPLICE_MAX_DEPTH, 0}, {SPLICE_MAX_DEPTH + 1, -EINVAL}, {100000, -EINVAL}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *text = malloc(cases[i].depth * 2 + 1);
		auto_free char *result = NULL;
		size_t len;

		memset(text, '[', cases[i].depth);
		memset(text + cases[i].depth, ']', cases[i].depth);
		text[cases[i].depth * 2] = '\0';
		assert_int_equal(
			splice_apply(text, cases[i].depth * 2, NULL, 0, &result, &len, NULL),
			cases[i].rc);
	}
}

static void splice_that_nests_too_deeply_is_refused(void **unused)
{
	static const char text[] = "{}";
	char fragment[2 * SPLICE_MAX_DEPTH + 1];
	char *result = NULL;

	(void)unused;
	memset(fragment, '[', SPLICE_MAX_DEPTH - 1);
	memset(fragment + SPLICE_MAX_DEPTH - 1, ']', SPLICE_MAX_DEPTH - 1);
	fragment[2 * SPLICE_MAX_DEPTH - 2] = '\0';
	assert_int_equal(apply(text, hooks_path, SPLICE_APPEND, fragment, &result, NULL), -EINVAL);
	assert_null(result);
}

static void splice_fragment_that_breaks_out_is_refused(void **unused)
{
	static const char *const fragments[] = {"", " ", "1,", "1],[2", "]", "\"", "1 2"};

	(void)unused;
	for (size_t i = 0; i < sizeof(fragments) / sizeof(fragments[0]); i++) {
		char *result = NULL;

		if (apply("{}", hooks_path, SPLICE_APPEND, fragments[i], &result, NULL) != -EINVAL)
			fail_msg("accepted: '%s'", fragments[i]);
	}
}

static void splice_text_need_not_end_in_nul(void **unused)
{
	static const char *const whole = "{\"hooks\":null}";
	size_t len = strlen(whole);

	(void)unused;
	for (size_t i = 0; i <= len; i++) {
		struct splice_edit edit = {.path = hooks_path, .fragment = "1"};
		auto_free char *text = malloc(i > 0 ? i : 1);
		auto_free char *result = NULL;
		size_t result_len;

		/* exactly that many bytes: a look behind the end is seen by asan */
		memcpy(text, whole, i);
		assert_int_equal(splice_apply(text, i, &edit, 1, &result, &result_len, NULL),
				 i == len ? 0 : -EINVAL);
	}
}

static char *read_real_file(size_t *len)
{
	const char *path = where_shared("/data/oci/config-ulimit-core-unlimited.json");
	auto_file file = fopen(path, "re");
	char *text = malloc(65536);

	if (file == NULL) {
		free(text);
		print_message("skipped: '%s' is not there\n", path);
		skip();
		return NULL;
	}
	*len = fread(text, 1, 65535, file);
	text[*len] = '\0';
	return text;
}

static void splice_of_real_file_only_adds(void **unused)
{
	static const char *const rules[] = {"linux", "resources", "devices", NULL};
	static const struct splice_edit edits[] = {
		{.path = rules, .fragment = "{\"allow\":true}"},
		{.path = hooks_path, .fragment = "{\"path\":\"/x\"},{\"path\":\"/y\"}"},
	};
	size_t len = 0;
	auto_free char *text = read_real_file(&len);
	auto_free char *result = NULL;
	const char *rest = text;
	size_t result_len;
	json_t *root;

	(void)unused;
	assert_int_equal(splice_apply(text, len, edits, 2, &result, &result_len, NULL), 0);

	/* every byte of the original is there, in order */
	for (const char *p = result; *p != '\0'; p++)
		rest += *rest == *p;
	assert_int_equal(*rest, '\0');
	assert_non_null(strstr(result, "18446744073709551615"));
	root = json_loadb(result, result_len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES,
			  NULL);
	assert_non_null(root);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(root, "hooks"), "prestart")), 2);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splice_edit_changes_nothing_else),
		cmocka_unit_test(splice_without_edits_gives_the_same_bytes),
		cmocka_unit_test(splice_of_what_is_not_json_is_refused),
		cmocka_unit_test(splice_of_wrong_types_is_refused),
		cmocka_unit_test(splice_depth_is_bounded),
		cmocka_unit_test(splice_that_nests_too_deeply_is_refused),
		cmocka_unit_test(splice_fragment_that_breaks_out_is_refused),
		cmocka_unit_test(splice_text_need_not_end_in_nul),
		cmocka_unit_test(splice_of_real_file_only_adds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
