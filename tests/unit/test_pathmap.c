/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "plan/pathmap.h"

static void pathmap_same_path_twice_keeps_the_first(void **state)
{
	struct pathmap map = {0};
	int first = pathmap_put(&map, "/a/b", 1, NULL);
	int second = pathmap_put(&map, "/a/b", 2, NULL);

	(void)state;
	assert_int_equal(first, 1);
	assert_int_equal(second, 0);
	assert_int_equal(pathmap_find(&map, "/a/b", 4)->row, 1);
	pathmap_done(&map);
}

static void pathmap_many_paths_are_all_found(void **state)
{
	struct pathmap map = {0};

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		auto_free char *path = str_format("/usr/lib/%zu/lib%zu.so", i % 7, i);

		assert_int_equal(pathmap_put(&map, path, i, NULL), 1);
	}
	for (size_t i = 0; i < 20000; i++) {
		auto_free char *path = str_format("/usr/lib/%zu/lib%zu.so", i % 7, i);
		const struct pathmap_entry *entry = pathmap_find(&map, path, strlen(path));

		assert_non_null(entry);
		assert_int_equal(entry->row, i);
	}
	assert_null(pathmap_find(&map, "/usr/lib/9", 10));
	pathmap_done(&map);
}

static void pathmap_above_goes_by_components(void **state)
{
	struct pathmap map = {0};

	(void)state;
	assert_null(pathmap_above(&map, "/a/b"));
	assert_int_equal(pathmap_put(&map, "/a/b", 1, NULL), 1);
	assert_int_equal(pathmap_put(&map, "/a", 2, NULL), 1);

	assert_int_equal(pathmap_above(&map, "/a/b/c/d")->row, 1);
	assert_int_equal(pathmap_above(&map, "/a/bc")->row, 2);
	assert_int_equal(pathmap_above(&map, "/a/b")->row, 2);
	assert_null(pathmap_above(&map, "/a"));
	assert_null(pathmap_above(&map, "/ab/c"));
	assert_null(pathmap_above(&map, "/"));
	pathmap_done(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pathmap_same_path_twice_keeps_the_first),
		cmocka_unit_test(pathmap_many_paths_are_all_found),
		cmocka_unit_test(pathmap_above_goes_by_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
