/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/spec.h"
#include "where.h"

static int parse(const char *text, struct spec *ret, struct err *err)
{
	return spec_parse("config.json", text, strlen(text), ret, err);
}

static void spec_full_is_read(void **unused)
{
	auto_done(spec) struct spec spec = {0};

	(void)unused;
	assert_int_equal(
		parse("{\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"process\":{\"env\":["
		      "\"A=1\",\"B\",\"A=2\"],\"user\":{\"uid\":1000,\"additionalGids\":[44,"
		      "4294967295]},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\","
		      "\"CAP_SYS_ADMIN\"]}},\"mounts\":[{\"destination\":\"/x\"},{\"destination\":"
		      "\"/y\",\"source\":\"/dev/null\"}],\"hooks\":{\"prestart\":[{\"path\":\"/p\","
		      "\"args\":[\"p\",\"q\"]}],\"poststop\":[{\"path\":\"/s\"}]},\"linux\":{"
		      "\"cgroupsPath\":\"/docker/"
		      "1\",\"namespaces\":[{\"type\":\"mount\"},{\"type\":"
		      "\"user\"}],\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		      "{\"allow\":true,\"type\":\"c\",\"major\":195,\"minor\":255,\"access\":"
		      "\"rw\"}]}},\"annotations\":{\"x\":\"y\","
		      "\"nvc.mode-when-missing\":\"start\"}}",
		      &spec, NULL),
		0);

	assert_string_equal(spec.root_path, "rootfs");
	assert_true(spec.root_readonly);
	assert_true(spec.has_process);
	assert_true(spec.cap_sys_admin);
	assert_int_equal(spec.uid, 1000);
	assert_int_equal(spec.env.n, 3);
	assert_int_equal(spec.additional_gids.n, 2);
	assert_true(spec.additional_gids.items[1] == UINT32_MAX);
	assert_int_equal(spec.mounts.n, 2);
	assert_null(spec.mounts.items[0].source);
	assert_string_equal(spec.mounts.items[1].source, "/dev/null");
	assert_int_equal(spec.prestart.n, 1);
	assert_string_equal(spec.prestart.items[0].args.items[1], "q");
	assert_string_equal(spec.poststop.items[0].path, "/s");
	assert_true(spec.has_user_namespace);
	assert_string_equal(spec.cgroups_path, "/docker/1");
	assert_string_equal(spec.when_missing, "start");
	assert_int_equal(spec.device_rules.n, 2);
	assert_int_equal(spec.device_rules.items[0].type, 'a');
	assert_int_equal(spec.device_rules.items[0].major, -1);
	assert_int_equal(spec.device_rules.items[1].minor, 255);
	assert_string_equal(spec.device_rules.items[1].access, "rw");
}

static void spec_without_parts_is_read(void **unused)
{
	static const char *const texts[] = {
		"{}",
		"{\"process\":null,\"root\":null,\"mounts\":null,\"hooks\":null,\"linux\":null}",
		"{\"linux\":{\"resources\":null,\"namespaces\":null,\"cgroupsPath\":null}}",
		"{\"linux\":{\"resources\":{\"devices\":null}},\"hooks\":{\"prestart\":null}}",
		"{\"annotations\":null}",
		"{\"annotations\":{\"mode-when-missing\":\"fail\",\"x\":null}}",
		"{\"annotations\":{\"nvc.mode-when-missing\":null}}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_done(spec) struct spec spec = {0};

		assert_int_equal(parse(texts[i], &spec, NULL), 0);
		assert_false(spec.has_process);
		assert_false(spec.cap_sys_admin);
		assert_null(spec.root_path);
		assert_null(spec.cgroups_path);
		assert_null(spec.when_missing);
		assert_int_equal(spec.device_rules.n, 0);
	}
}

static void spec_with_old_capability_list_is_read(void **unused)
{
	auto_done(spec) struct spec with = {0};
	auto_done(spec) struct spec without = {0};

	(void)unused;
	assert_int_equal(parse("{\"process\":{\"capabilities\":[\"CAP_SYS_ADMIN\"]}}", &with, NULL),
			 0);
	assert_int_equal(parse("{\"process\":{\"capabilities\":{\"effective\":[\"CAP_SYS_ADMIN\"],"
			       "\"bounding\":[]}}}",
			       &without, NULL),
			 0);

	assert_true(with.cap_sys_admin);
	assert_false(without.cap_sys_admin);
}

static void spec_with_unlimited_rlimit_is_read(void **unused)
{
	auto_done(spec) struct spec spec = {0};

	(void)unused;
	assert_int_equal(parse("{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":"
			       "18446744073709551615,\"soft\":18446744073709551615}]}}",
			       &spec, NULL),
			 0);
	assert_true(spec.has_process);
}

static void spec_of_wrong_shape_is_refused(void **unused)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"root\":1}",
		"{\"root\":{\"path\":[]}}",
		"{\"root\":{\"readonly\":\"yes\"}}",
		"{\"process\":[]}",
		"{\"process\":{\"env\":{}}}",
		"{\"process\":{\"env\":[1]}}",
		"{\"process\":{\"env\":[\"A=\\u0000\"]}}",
		"{\"process\":{\"user\":{\"uid\":-1}}}",
		"{\"process\":{\"user\":{\"uid\":4294967296}}}",
		"{\"process\":{\"user\":{\"additionalGids\":[\"1\"]}}}",
		"{\"process\":{\"user\":{\"additionalGids\":[0.5]}}}",
		"{\"process\":{\"capabilities\":\"CAP_SYS_ADMIN\"}}",
		"{\"process\":{\"capabilities\":{\"bounding\":[null]}}}",
		"{\"mounts\":[1]}",
		"{\"mounts\":[{\"source\":\"/x\"}]}",
		"{\"hooks\":[]}",
		"{\"hooks\":{\"prestart\":{}}}",
		"{\"hooks\":{\"prestart\":[\"/x\"]}}",
		"{\"hooks\":{\"prestart\":[{}]}}",
		"{\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"args\":\"y\"}]}}",
		"{\"linux\":{\"resources\":{\"devices\":[1]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"type\":\"x\"}]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"type\":\"cc\"}]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"access\":\"rwx\"}]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"access\":\"rwmr\"}]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"major\":1e30}]}}}",
		"{\"linux\":{\"resources\":{\"devices\":[{\"minor\":-2}]}}}",
		"{\"linux\":{\"cgroupsPath\":7}}",
		"{\"annotations\":[]}",
		"{\"annotations\":{\"nvc.mode-when-missing\":true}}",
		"{\"a\":1,\"a\":2}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct spec spec = {.uid = 77};
		struct err err = {0};

		if (parse(texts[i], &spec, &err) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(strstr(err.msg, "config.json"));
		assert_int_equal(spec.uid, 77);
	}
}

static void spec_syntax_error_has_its_place(void **unused)
{
	struct spec spec = {0};
	struct err err = {0};

	(void)unused;
	assert_int_equal(parse("{\n\"process\": {},\n  oops}", &spec, &err), -EINVAL);
	assert_int_equal(err.line, 3);
	assert_non_null(strstr(err.msg, ":3:"));
}

static void spec_real_file_is_read(void **unused)
{
	const char *path = where_shared("/data/oci/config-ulimit-core-unlimited.json");
	auto_done(spec) struct spec spec = {0};
	auto_file file = fopen(path, "re");
	char text[65536];
	size_t len;

	(void)unused;
	if (file == NULL) {
		print_message("skipped: '%s' is not there\n", path);
		skip();
	}
	len = fread(text, 1, sizeof(text), file);
	assert_int_equal(spec_parse(path, text, len, &spec, NULL), 0);
	assert_true(spec.has_process);
	assert_non_null(spec.root_path);
	assert_non_null(spec_getenv(&spec, "PATH"));
}

static void spec_getenv_gives_the_last_entry(void **unused)
{
	auto_done(spec) struct spec spec = {0};

	(void)unused;
	assert_int_equal(parse("{\"process\":{\"env\":[\"A=1\",\"A\",\"AB=3\",\"A=2\",\"E=\","
			       "\"B\"]}}",
			       &spec, NULL),
			 0);
	assert_string_equal(spec_getenv(&spec, "A"), "2");
	assert_string_equal(spec_getenv(&spec, "E"), "");
	assert_null(spec_getenv(&spec, "B"));
	assert_null(spec_getenv(&spec, "C"));
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"
#define RULE(allow, type, major, minor, access)                                                    \
	"{\"allow\":" #allow ",\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor       \
	",\"access\":\"" access "\"}"

/* As dockerd 20.10 writes it. */
#define DOCKER_RULES                                                                               \
	DENY_ALL "," RULE(true, "c", 1, 5, "rwm") "," RULE(true, "c", 1, 3, "rwm") "," RULE(       \
		true, "c", 1, 9,                                                                   \
		"rwm") "," RULE(true, "c", 1, 8,                                                   \
				"rwm") "," RULE(true, "c", 5, 0,                                   \
						"rwm") "," RULE(true, "c", 5, 1,                   \
								"rwm") "," RULE(false, "c", 10,    \
										229, "rwm")

static void spec_grants_device_follows_the_rules(void **unused)
{
	static const struct {
		const char *rules;
		bool granted; /* of c 195:7 */
	} cases[] = {
		{"", false},
		{DENY_ALL, false},
		{DOCKER_RULES, false},
		{DOCKER_RULES "," RULE(true, "c", 195, 7, "rw"), true},
		{DOCKER_RULES "," RULE(true, "c", 195, 7, "rwm"), true},
		{DOCKER_RULES "," RULE(true, "u", 195, 7, "rw"), true},
		{DOCKER_RULES "," RULE(true, "c", 195, 7, "r"), false},
		{DOCKER_RULES "," RULE(true, "c", 195, 7, "wm"), false},
		{DOCKER_RULES "," RULE(true, "b", 195, 7, "rwm"), false},
		{DOCKER_RULES "," RULE(true, "c", 195, 8, "rwm"), false},
		{DOCKER_RULES "," RULE(true, "c", 196, 7, "rwm"), false},
		{DOCKER_RULES "," RULE(true, "c", 195, -1, "rwm"), true},
		{DOCKER_RULES "," RULE(true, "c", -1, 7, "rwm"), true},
		{DOCKER_RULES "," RULE(true, "c", -1, -1, "rw"), true},
		{DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":195,\"access\":\"rw\"}", true},
		{DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":195,\"minor\":7}", true},
		/* the same numbers twice add up, others do not: the kernel wants one exception */
		{DENY_ALL "," RULE(true, "c", 195, 7, "r") "," RULE(true, "c", 195, 7, "w"), true},
		{DENY_ALL "," RULE(true, "c", 195, 7, "r") "," RULE(true, "c", 195, -1, "w"),
		 false},
		/* --privileged */
		{"{\"allow\":true,\"access\":\"rwm\"}", true},
		{DENY_ALL ",{\"allow\":true,\"access\":\"rwm\"}", true},
		{RULE(true, "a", -1, -1, "rwm") "," RULE(false, "c", 195, 7, "w"), false},
		{RULE(true, "a", -1, -1, "rwm") "," RULE(false, "c", 195, 7, "m"), true},
		{RULE(true, "a", -1, -1, "rwm") "," RULE(false, "c", 195, 8, "rwm"), true},
		{RULE(true, "a", -1, -1, "rwm") "," RULE(false, "c", 195, -1,
							 "rw") "," RULE(true, "c", 195, 7, "rw"),
		 false},
		/* later ones win */
		{RULE(true, "c", 195, 7, "rw") "," DENY_ALL, false},
		{DENY_ALL "," RULE(true, "c", 195, 7, "rw") "," RULE(false, "c", 195, 7, "w"),
		 false},
		{DENY_ALL "," RULE(true, "c", 195, 7, "rw") "," RULE(false, "c", 195, -1, "rwm"),
		 false},
		{DENY_ALL "," RULE(false, "c", 195, 7, "rw") "," RULE(true, "c", 195, 7, "rw"),
		 true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(spec) struct spec spec = {0};
		auto_free char *text = str_format("{\"linux\":{\"resources\":{\"devices\":[%s]}}}",
						  cases[i].rules);

		assert_int_equal(parse(text, &spec, NULL), 0);
		if (spec_grants_device(&spec, 'c', 195, 7) != cases[i].granted)
			fail_msg("case %zu: %s", i, cases[i].rules);
	}
}

#define ALLOW_ALL RULE(true, "a", -1, -1, "rwm")

static void spec_can_grant_device_unless_a_wider_rule_denies_it(void **unused)
{
	static const struct {
		const char *rules;
		bool possible; /* for c 195:7 */
	} cases[] = {
		{"", true},
		{DOCKER_RULES, true},
		{DENY_ALL "," RULE(false, "c", 195, -1, "rw"), true},
		{ALLOW_ALL, true},
		{ALLOW_ALL "," RULE(false, "c", 195, 7, "rw"), true},
		{ALLOW_ALL "," RULE(false, "c", 195, 8, "rw"), true},
		{ALLOW_ALL "," RULE(false, "b", -1, -1, "rw"), true},
		{ALLOW_ALL "," RULE(false, "c", 195, -1, "m"), true},
		{ALLOW_ALL "," RULE(false, "c", 195, -1, "w"), false},
		{ALLOW_ALL "," RULE(false, "c", -1, 7, "r"), false},
		{ALLOW_ALL "," RULE(false, "c", -1, -1, "rw"), false},
		{ALLOW_ALL "," RULE(false, "c", 195, -1, "w") "," RULE(true, "c", 195, -1, "w"),
		 true},
		{ALLOW_ALL "," RULE(false, "c", 195, -1, "w") "," DENY_ALL, true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int more = 0; more < 2; more++) {
			auto_done(spec) struct spec spec = {0};
			auto_free char *text =
				str_format("{\"linux\":{\"resources\":{\"devices\":[%s%s%s]}}}",
					   cases[i].rules, more && cases[i].rules[0] ? "," : "",
					   more ? RULE(true, "c", 195, 7, "rw") : "");

			assert_int_equal(parse(text, &spec, NULL), 0);
			if (more ? spec_grants_device(&spec, 'c', 195, 7) != cases[i].possible
				 : spec_can_grant_device(&spec, 'c', 195, 7) != cases[i].possible)
				fail_msg("case %zu: %s", i, text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spec_full_is_read),
		cmocka_unit_test(spec_without_parts_is_read),
		cmocka_unit_test(spec_with_old_capability_list_is_read),
		cmocka_unit_test(spec_with_unlimited_rlimit_is_read),
		cmocka_unit_test(spec_of_wrong_shape_is_refused),
		cmocka_unit_test(spec_syntax_error_has_its_place),
		cmocka_unit_test(spec_real_file_is_read),
		cmocka_unit_test(spec_getenv_gives_the_last_entry),
		cmocka_unit_test(spec_grants_device_follows_the_rules),
		cmocka_unit_test(spec_can_grant_device_unless_a_wider_rule_denies_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
