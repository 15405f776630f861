/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"

static void path_normal_is_textual(void **state)
{
	static const char *const cases[][2] = {
		{"/", "/"},
		{"", "/"},
		{"//", "/"},
		{"/a/b", "/a/b"},
		{"/a//b/", "/a/b"},
		{"/./a/./b/.", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/b/../../c", "/c"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"/a/..", "/"},
		{"a/b", "/a/b"},
		{"..", "/"},
		{"/...", "/..."},
		{"/..a/.b/c..", "/..a/.b/c.."},
		{"/a b/\xc3\xa9", "/a b/\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *normal = path_normal(cases[i][0]);
		auto_free char *again = path_normal(normal);

		assert_string_equal(normal, cases[i][1]);
		assert_string_equal(again, normal);
	}
}

static void path_join_lets_an_absolute_name_win(void **state)
{
	static const char *const cases[][3] = {
		{"/a", "b", "/a/b"},     {"/a/", "b/c", "/a/b/c"}, {"/a", "/b", "/b"},
		{"/a", "../b", "/b"},    {"/", "a", "/a"},         {"/a", "", "/a"},
		{"/a", "../../..", "/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *joined = path_join(cases[i][0], cases[i][1]);

		assert_string_equal(joined, cases[i][2]);
	}
}

static void path_parts_are_directory_and_name(void **state)
{
	static const char *const cases[][3] = {
		{"/a/b", "/a", "b"},
		{"/a", "/", "a"},
		{"/", "/", ""},
		{"/a/b/c.so.1", "/a/b", "c.so.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *dir = path_dirname(cases[i][0]);

		assert_string_equal(dir, cases[i][1]);
		assert_string_equal(path_basename(cases[i][0]), cases[i][2]);
	}
}

static void path_is_below_goes_by_components(void **state)
{
	(void)state;
	assert_true(path_is_below("/a/b", "/a/b"));
	assert_true(path_is_below("/a/b/c", "/a/b"));
	assert_true(path_is_below("/a", "/"));
	assert_true(path_is_below("/", "/"));
	assert_false(path_is_below("/a/bc", "/a/b"));
	assert_false(path_is_below("/a", "/a/b"));
	assert_false(path_is_below("/", "/a"));
}

static void path_is_name_takes_one_component(void **state)
{
	char long_name[NAME_MAX + 2];

	(void)state;
	assert_true(path_is_name("a"));
	assert_true(path_is_name("..."));
	assert_false(path_is_name(""));
	assert_false(path_is_name("."));
	assert_false(path_is_name(".."));
	assert_false(path_is_name("a/b"));
	assert_false(path_is_name("/"));
	memset(long_name, 'x', sizeof(long_name));
	long_name[NAME_MAX + 1] = '\0';
	assert_false(path_is_name(long_name));
	long_name[NAME_MAX] = '\0';
	assert_true(path_is_name(long_name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_normal_is_textual),
		cmocka_unit_test(path_join_lets_an_absolute_name_win),
		cmocka_unit_test(path_parts_are_directory_and_name),
		cmocka_unit_test(path_is_below_goes_by_components),
		cmocka_unit_test(path_is_name_takes_one_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
