/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/jscan.h"
#include "render/daemonjson.h"

#define OURS  "/usr/bin/nvc-runtime"
#define ENTRY "\"nvidia\": {\"path\": \"" OURS "\"}"

static const struct daemonjson_wish add = {.name = "nvidia", .path = OURS};
static const struct daemonjson_wish add_default = {
	.name = "nvidia", .path = OURS, .set_default = true};
static const struct daemonjson_wish take = {.name = "nvidia", .path = OURS, .remove = true};

struct example {
	const char *before;
	const char *after; /* NULL = nothing is done */
	unsigned done;
};

static int edit(const char *text, const struct daemonjson_wish *wish, struct daemonjson_result *ret,
		struct err *err)
{
	return daemonjson_edit("/etc/docker/daemon.json", text, strlen(text), wish, ret, err);
}

static void check(const struct example *example, const struct daemonjson_wish *wish)
{
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	auto_done(daemonjson_result) struct daemonjson_result again = {.done = 0};
	struct err err = {0};

	if (edit(example->before, wish, &result, &err) < 0)
		fail_msg("%s: %s", example->before, err.msg);

	assert_int_equal(result.done, example->done);
	if (example->after == NULL) {
		assert_null(result.text);
		return;
	}
	assert_string_equal(result.text, example->after);
	assert_int_equal(result.len, strlen(result.text));
	assert_int_equal(edit(result.text, wish, &again, NULL), 0);
	assert_null(again.text);
	assert_int_equal(again.done, 0);
}

static const struct example added[] = {
	{"",
	 "{\n    \"runtimes\": {\n        \"nvidia\": {\n            \"path\": \"" OURS
	 "\"\n        }\n    }\n}\n",
	 DAEMONJSON_ADDED},
	{" \r\n",
	 "{\n    \"runtimes\": {\n        \"nvidia\": {\n            \"path\": \"" OURS
	 "\"\n        }\n    }\n}\n",
	 DAEMONJSON_ADDED},
	{"{}",
	 "{\n    \"runtimes\": {\n        \"nvidia\": {\n            \"path\": \"" OURS
	 "\"\n        }\n    }\n}",
	 DAEMONJSON_ADDED},
	/* two blanks, a tab, none */
	{"{\n  \"a\": 1\n}\n",
	 "{\n  \"a\": 1,\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"" OURS
	 "\"\n    }\n  }\n}\n",
	 DAEMONJSON_ADDED},
	{"{\n\t\"a\":\t1\n}\n",
	 "{\n\t\"a\":\t1,\n\t\"runtimes\":\t{\n\t\t\"nvidia\":\t{\n\t\t\t\"path\":\t\"" OURS
	 "\"\n\t\t}\n\t}\n}\n",
	 DAEMONJSON_ADDED},
	{"{\n\"a\": 1\n}",
	 "{\n\"a\": 1,\n\"runtimes\": {\n\"nvidia\": {\n\"path\": \"" OURS "\"\n}\n}\n}",
	 DAEMONJSON_ADDED},
	{"{\r\n  \"a\" : 1\r\n}\r\n",
	 "{\r\n  \"a\" : 1,\r\n  \"runtimes\" : {\r\n    \"nvidia\" : {\r\n      \"path\" "
	 ": \"" OURS "\"\r\n    }\r\n  }\r\n}\r\n",
	 DAEMONJSON_ADDED},
	{"{\r\n}\r\n",
	 "{\r\n    \"runtimes\": {\r\n        \"nvidia\": {\r\n            \"path\": "
	 "\"" OURS "\"\r\n        }\r\n    }\r\n}\r\n",
	 DAEMONJSON_ADDED},
	/* one line */
	{"{\"a\":1}", "{\"a\":1,\"runtimes\":{\"nvidia\":{\"path\":\"" OURS "\"}}}",
	 DAEMONJSON_ADDED},
	{"{ \"a\": 1 }", "{ \"a\": 1, \"runtimes\": {" ENTRY "} }", DAEMONJSON_ADDED},
	/* beside others; what is in one line stays so */
	{"{\n  \"runtimes\": {\"kata\": {\"path\": \"/k\", \"runtimeArgs\": [\"-x\"]}},\n  "
	 "\"z\": 2\n}",
	 "{\n  \"runtimes\": {\"kata\": {\"path\": \"/k\", \"runtimeArgs\": "
	 "[\"-x\"]}, " ENTRY "},\n  \"z\": 2\n}",
	 DAEMONJSON_ADDED},
	{"{\n  \"runtimes\": {\n    \"kata\": {\n      \"path\": \"/k\"\n    }\n  }\n}",
	 "{\n  \"runtimes\": {\n    \"kata\": {\n      \"path\": \"/k\"\n    },\n    "
	 "\"nvidia\": {\n"
	 "      \"path\": \"" OURS "\"\n    }\n  }\n}",
	 DAEMONJSON_ADDED},
	{"{\n  \"runtimes\": {}\n}",
	 "{\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"" OURS "\"\n    }\n  }\n}",
	 DAEMONJSON_ADDED},
	{"{\n  \"runtimes\": null,\n  \"z\": 2\n}",
	 "{\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"" OURS
	 "\"\n    }\n  },\n  \"z\": 2\n}",
	 DAEMONJSON_ADDED},
	{"{\"runtimes\": {\"nvidia\": null}}", "{\"runtimes\": {" ENTRY "}}", DAEMONJSON_ADDED},
	/* what is not ours stays byte for byte */
	{"{\"n\":18446744073709551615,\"f\":1.10e+2 , \"s\":\"\\u00e9\\/\" ,\"n\":2}",
	 "{\"n\":18446744073709551615,\"f\":1.10e+2 , \"s\":\"\\u00e9\\/\" ,\"n\":2,"
	 "\"runtimes\":{\"nvidia\":{\"path\":\"" OURS "\"}}}",
	 DAEMONJSON_ADDED},
	/* another default is not touched */
	{"{\"default-runtime\": \"kata\"}",
	 "{\"default-runtime\": \"kata\", \"runtimes\": {" ENTRY "}}", DAEMONJSON_ADDED},
	/* there already, however it is written */
	{"{\"runtimes\": {" ENTRY "}}", NULL, 0},
	{"{\"r\\u0075ntimes\": {\"nvidi\\u0061\": {\"p\\u0061th\": "
	 "\"\\/usr/bin/nvc-runtim\\u0065\"}}}",
	 NULL, 0},
};

static void daemonjson_runtime_is_added_as_the_file_is_written(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		check(&added[i], &add);
}

static void daemonjson_entry_of_another_program_is_turned_and_told(void **unused)
{
	static const struct {
		struct example example;
		const char *old;
	} cases[] = {
		{{"{\"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\", "
		  "\"runtimeArgs\": [\"a\"]}}}",
		  "{\"runtimes\": {\"nvidia\": {\"path\": \"" OURS
		  "\", \"runtimeArgs\": [\"a\"]}}}",
		  DAEMONJSON_CHANGED},
		 "nvidia-container-runtime"},
		{{"{\"runtimes\": {\"nvidia\": {\"runtimeArgs\": []}}}",
		  "{\"runtimes\": {\"nvidia\": {\"runtimeArgs\": [], \"path\": \"" OURS "\"}}}",
		  DAEMONJSON_CHANGED},
		 NULL},
		/* dockerd takes no program beside a shim */
		{{"{\"runtimes\": {\"nvidia\": {\"runtimeType\": \"io.x\", \"options\": {\"b\": "
		  "1}}}}",
		  "{\"runtimes\": {\"nvidia\": {\"path\": \"" OURS "\"}}}", DAEMONJSON_CHANGED},
		 NULL},
		{{"{\"runtimes\": {\"nvidia\": {\"path\": \"" OURS
		  "\", \"runtimeType\": \"io.x\"}}}",
		  "{\"runtimes\": {\"nvidia\": {\"path\": \"" OURS "\"}}}", DAEMONJSON_CHANGED},
		 NULL},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};

		check(&cases[i].example, &add);
		assert_int_equal(edit(cases[i].example.before, &add, &result, NULL), 0);
		assert_int_equal(result.done, DAEMONJSON_CHANGED);
		if (cases[i].old == NULL)
			assert_null(result.old_path);
		else
			assert_string_equal(result.old_path, cases[i].old);
	}
}

static void daemonjson_default_is_set_once_and_tells_the_old_one(void **unused)
{
	static const struct example examples[] = {
		{"{\"a\": 1}",
		 "{\"a\": 1, \"runtimes\": {" ENTRY "}, \"default-runtime\": \"nvidia\"}",
		 DAEMONJSON_ADDED | DAEMONJSON_DEFAULT},
		{"{\"default-runtime\": \"kata\", \"runtimes\": {" ENTRY "}}",
		 "{\"default-runtime\": \"nvidia\", \"runtimes\": {" ENTRY "}}",
		 DAEMONJSON_DEFAULT},
		{"{\"default-runtime\": null, \"runtimes\": {" ENTRY "}}",
		 "{\"default-runtime\": \"nvidia\", \"runtimes\": {" ENTRY "}}",
		 DAEMONJSON_DEFAULT},
		{"{\"default-runtime\": \"nvidia\", \"runtimes\": {" ENTRY "}}", NULL, 0},
	};
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};

	(void)unused;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i], &add_default);
	assert_int_equal(edit(examples[1].before, &add_default, &result, NULL), 0);
	assert_string_equal(result.old_default, "kata");
}

static void daemonjson_removal_takes_entry_and_default(void **unused)
{
	static const struct example examples[] = {
		{"", NULL, 0},
		{"{}", NULL, 0},
		{"{\"runtimes\": {}}", NULL, 0},
		{"{\"default-runtime\": \"kata\", \"runtimes\": {\"kata\": {\"path\": \"/k\"}}}",
		 NULL, 0},
		{"{\"runtimes\": {" ENTRY "}}", "{}", DAEMONJSON_REMOVED},
		{"{\"runtimes\": {" ENTRY "}, \"a\": 1}", "{\"a\": 1}", DAEMONJSON_REMOVED},
		{"{\"runtimes\": {" ENTRY ", \"kata\": {\"path\": \"/k\"}}}",
		 "{\"runtimes\": {\"kata\": {\"path\": \"/k\"}}}", DAEMONJSON_REMOVED},
		{"{\"runtimes\": {\"b\": {\"path\": \"/b\"}, " ENTRY
		 ", \"kata\": {\"path\": \"/k\"}}}",
		 "{\"runtimes\": {\"b\": {\"path\": \"/b\"}, \"kata\": {\"path\": \"/k\"}}}",
		 DAEMONJSON_REMOVED},
		{"{\"default-runtime\": \"nvidia\", \"a\": 1, \"runtimes\": {" ENTRY "}}",
		 "{\"a\": 1}", DAEMONJSON_REMOVED | DAEMONJSON_NO_DEFAULT},
		{"{\"default-runtime\": \"nvidi\\u0061\"}", "{}", DAEMONJSON_NO_DEFAULT},
		{"{\"runtimes\": {\"nvidia\": {\"path\": \"/opt/bin/nvc-runtime\"}}}", "{}",
		 DAEMONJSON_REMOVED},
		{"{\n  \"runtimes\": {\n    " ENTRY "\n  },\n  \"a\": 1\n}\n", "{\n  \"a\": 1\n}\n",
		 DAEMONJSON_REMOVED},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check(&examples[i], &take);
}

static void daemonjson_removal_gives_the_bytes_from_before(void **unused)
{
	static const char *const texts[] = {
		"{}",
		"{}\n",
		"{\n  \"a\": 1\n}\n",
		"{\"a\":1}",
		"{ \"a\": [ 1 ] }\n\n",
		"{\r\n\t\"a\": {\r\n\t}\r\n}",
		"{\n  \"runtimes\": {\"kata\": {\"path\": \"/k\"}},\n  \"b\": {\n \"c\": 1}\n}\n",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_done(daemonjson_result) struct daemonjson_result with = {.done = 0};
		auto_done(daemonjson_result) struct daemonjson_result without = {.done = 0};

		assert_int_equal(edit(texts[i], &add_default, &with, NULL), 0);
		assert_int_equal(edit(with.text, &take, &without, NULL), 0);
		assert_string_equal(without.text, texts[i]);
	}
}

static void daemonjson_removal_leaves_what_is_not_ours(void **unused)
{
	static const char *const texts[] = {
		"{\"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}",
		"{\"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/other-nvc-runtime\"}}}",
		"{\"runtimes\": {\"nvidia\": {\"runtimeType\": \"io.x\"}}}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct daemonjson_result result = {.done = 77};
		struct err err = {0};

		assert_int_equal(edit(texts[i], &take, &result, &err), -EEXIST);
		assert_int_equal(result.done, 77);
		assert_non_null(strstr(err.msg, "/etc/docker/daemon.json: runtime 'nvidia' "));
	}
}

static void daemonjson_broken_file_is_refused_with_its_place(void **unused)
{
	static const struct {
		const char *text;
		const char *place; /* behind the name of the file */
	} cases[] = {
		{"{\n  \"a\": 1,\n}", ":3:1: no key"},
		{"{\n  // comment\n}", ":2:3: no key"},
		{"{\"a\": 1} /* x */", ":1:10: more text behind the value"},
		{"\xef\xbb\xbf{}", ":1:1: byte order mark"},
		{"[]", ":1:1: not an object"},
		{"7", ":1:1: not an object"},
		{"{\"a\": 01}", ":1:7: not a number"},
		{"{\"a\": 'x'}", ":1:7: no JSON value"},
		{"{\"runtimes\": []}", ":1:14: 'runtimes' is not an object"},
		{"{\"runtimes\":\n  {\"nvidia\": \"x\"}}", ":2:14: 'nvidia' is not an object"},
		{"{\"runtimes\": {\"nvidia\": {\"path\": 1}}}", ":1:34: not a string"},
		{"{\"default-runtime\": {}}", ":1:21: not a string"},
		/* the place is that of the file as it is, not as it would be */
		{"{\"runtimes\": {\"nvidia\": {\"path\": null}}, \"default-runtime\": 1}",
		 ":1:61: not a string"},
		{"{\"runtimes\": {\"nvidia\": {\"runtimeType\": \"x\", \"options\": 1, "
		 "\"options\": 2}}}",
		 ":1:60: duplicate key"},
		{"{\"runtimes\": {}, \"r\\u0075ntimes\": {}}", ":1:18: duplicate key"},
		{"{\"runtimes\": {\"nvidia\": {}, \"nvidia\": {}}}", ":1:29: duplicate key"},
		{"{\"default-runtime\": \"a\", \"default-runtime\": \"b\"}",
		 ":1:26: duplicate key"},
		{"{\"a\": \"\x01\"}", ":1:8: control character in a string"},
		{"{", ":1:2: no key"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct daemonjson_result result = {.done = 77};
		struct err err = {0};
		auto_free char *expected = str_format("/etc/docker/daemon.json%s", cases[i].place);

		assert_int_equal(edit(cases[i].text, &add, &result, &err), -EINVAL);
		assert_string_equal(err.msg, expected);
		assert_true(err.line > 0 && err.column > 0);
		assert_int_equal(result.done, 77);
		assert_null(result.text);
	}
}

static char *nested(size_t depth)
{
	struct strbuf text = {0};

	strbuf_adds(&text, "{\"a\": ");
	for (size_t i = 1; i < depth; i++)
		strbuf_addc(&text, '[');
	strbuf_addc(&text, '1');
	for (size_t i = 1; i < depth; i++)
		strbuf_addc(&text, ']');
	strbuf_addc(&text, '}');
	return strbuf_take(&text);
}

static void daemonjson_depth_has_a_limit(void **unused)
{
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	auto_free char *deep = nested(JSCAN_MAX_DEPTH);
	auto_free char *too_deep = nested(JSCAN_MAX_DEPTH + 1);
	struct err err = {0};

	(void)unused;
	assert_int_equal(edit(too_deep, &add, &result, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "nested too deeply"));
	assert_int_equal(edit(deep, &add, &result, NULL), 0);
	assert_int_equal(result.done, DAEMONJSON_ADDED);
}

static void daemonjson_odd_names_and_paths_are_refused(void **unused)
{
	static const struct daemonjson_wish wishes[] = {
		{.name = "", .path = OURS},
		{.name = "a b", .path = OURS},
		{.name = "a\"b", .path = OURS},
		{.name = "-a", .path = OURS},
		{.name = "runc", .path = OURS},
		{.name = "io.containerd.runc.v2", .path = OURS},
		{.name = "0123456789012345678901234567890123456789012345678901234567890123x",
		 .path = OURS},
		{.name = "nvidia", .path = ""},
		{.name = "nvidia", .path = "bin/nvc-runtime"},
		{.name = "nvidia", .path = "/usr/bin/\xff"},
	};
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	const struct daemonjson_wish plain = {.name = "nvidia", .path = "nvc-runtime"};
	const struct daemonjson_wish odd = {.name = "n.v_1-x", .path = "/a \"b\"\\c"};
	auto_done(daemonjson_result) struct daemonjson_result other = {.done = 0};

	(void)unused;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		assert_int_equal(edit("{}", &wishes[i], &result, NULL), -EINVAL);
	assert_int_equal(edit("{\"a\":1}", &plain, &result, NULL), 0);
	assert_non_null(strstr(result.text, "{\"path\":\"nvc-runtime\"}"));
	assert_int_equal(edit("{\"a\":1}", &odd, &other, NULL), 0);
	assert_non_null(strstr(other.text, "\"n.v_1-x\":{\"path\":\"/a \\\"b\\\"\\\\c\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(daemonjson_runtime_is_added_as_the_file_is_written),
		cmocka_unit_test(daemonjson_entry_of_another_program_is_turned_and_told),
		cmocka_unit_test(daemonjson_default_is_set_once_and_tells_the_old_one),
		cmocka_unit_test(daemonjson_removal_takes_entry_and_default),
		cmocka_unit_test(daemonjson_removal_gives_the_bytes_from_before),
		cmocka_unit_test(daemonjson_removal_leaves_what_is_not_ours),
		cmocka_unit_test(daemonjson_broken_file_is_refused_with_its_place),
		cmocka_unit_test(daemonjson_depth_has_a_limit),
		cmocka_unit_test(daemonjson_odd_names_and_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
