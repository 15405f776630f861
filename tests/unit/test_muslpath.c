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
#include "format/muslpath.h"

static void muslpath_directories_come_first_and_once(void **state)
{
	static const struct {
		const char *text; /* NULL = no file */
		const char *dirs[3];
		const char *want; /* NULL = nothing to do */
		size_t added;
	} cases[] = {
		{NULL, {"/a"}, "/a\n/lib:/usr/local/lib:/usr/lib\n", 1},
		{NULL, {"/a", "/b"}, "/a\n/b\n/lib:/usr/local/lib:/usr/lib\n", 2},
		{"", {"/a"}, "/a\n", 1},
		{"/lib:/usr/lib", {"/a", "/lib"}, "/a\n/lib:/usr/lib", 1},
		{"/x\n/a\n", {"/a"}, NULL, 0},
		{"/x:/a", {"/a", "/x"}, NULL, 0},
		{"/a:/x", {"/a"}, NULL, 0},
		{NULL, {"/usr/lib"}, NULL, 0},
		{"/aa:/b/a", {"/a", "/a"}, "/a\n/aa:/b/a", 1},
		{":\n", {"/a"}, "/a\n:\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(strv) struct strv dirs = {0};
		auto_done(strv) struct strv added = {0};
		auto_free char *got = NULL;
		const char *text = cases[i].text;

		for (size_t d = 0; d < 3 && cases[i].dirs[d] != NULL; d++)
			assert_int_equal(strv_add(&dirs, cases[i].dirs[d]), 0);
		assert_int_equal(muslpath_add(text, text == NULL ? 0 : strlen(text), &dirs, &got,
					      &added, NULL),
				 0);
		assert_int_equal(added.n, cases[i].added);
		if (cases[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].want);
	}
}

static void muslpath_a_second_time_adds_nothing(void **state)
{
	auto_done(strv) struct strv dirs = {0};
	auto_done(strv) struct strv added = {0};
	auto_done(strv) struct strv again = {0};
	auto_free char *once = NULL;
	auto_free char *twice = NULL;

	(void)state;
	assert_int_equal(strv_add(&dirs, "/usr/lib/aarch64-linux-gnu/tegra"), 0);
	assert_int_equal(muslpath_add(NULL, 0, &dirs, &once, &added, NULL), 0);
	assert_int_equal(muslpath_add(once, strlen(once), &dirs, &twice, &again, NULL), 0);
	assert_null(twice);
	assert_int_equal(again.n, 0);
}

static void muslpath_colon_in_a_name_is_refused(void **state)
{
	auto_done(strv) struct strv dirs = {0};
	auto_done(strv) struct strv added = {0};
	auto_free char *got = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(strv_add(&dirs, "/a:b"), 0);
	assert_int_equal(muslpath_add(NULL, 0, &dirs, &got, &added, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'/a:b'"));
	assert_null(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(muslpath_directories_come_first_and_once),
		cmocka_unit_test(muslpath_a_second_time_adds_nothing),
		cmocka_unit_test(muslpath_colon_in_a_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
