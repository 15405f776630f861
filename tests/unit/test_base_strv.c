/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/strv.h"

static void strv_keeps_copies_in_order_and_ends_with_null(void **state)
{
	auto_done(strv) struct strv list = {0};
	char text[] = "one";

	(void)state;
	assert_int_equal(strv_add(&list, text), 0);
	text[0] = 'x';
	assert_int_equal(strv_addn(&list, "twofold", 3), 0);
	assert_int_equal(strv_addf(&list, "%d", 3), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[0], "one");
	assert_string_equal(list.items[1], "two");
	assert_string_equal(list.items[2], "3");
	assert_null(list.items[3]);
}

static void strv_grows_and_stays_whole(void **state)
{
	auto_done(strv) struct strv list = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(strv_addf(&list, "%d", i), 0);
		assert_null(list.items[list.n]);
	}
	assert_string_equal(list.items[0], "0");
	assert_string_equal(list.items[999], "999");
}

static void strv_add_unique_adds_once(void **state)
{
	auto_done(strv) struct strv list = {0};

	(void)state;
	assert_int_equal(strv_add_unique(&list, "a"), 1);
	assert_int_equal(strv_add_unique(&list, "b"), 1);
	assert_int_equal(strv_add_unique(&list, "a"), 0);
	assert_int_equal(list.n, 2);
	assert_true(strv_contains(&list, "b"));
	assert_false(strv_contains(&list, "c"));
	assert_false(strv_contains(&list, ""));
}

static void strv_copy_is_deep_and_replaces(void **state)
{
	auto_done(strv) struct strv from = {0};
	auto_done(strv) struct strv to = {0};

	(void)state;
	assert_int_equal(strv_add(&to, "old"), 0);
	assert_int_equal(strv_add(&from, "a"), 0);
	assert_int_equal(strv_copy(&to, &from), 0);
	assert_int_equal(to.n, 1);
	assert_string_equal(to.items[0], "a");
	assert_ptr_not_equal(to.items[0], from.items[0]);
}

static void strv_sort_is_by_bytes(void **state)
{
	static const char *const words[] = {"b", "B", "a1", "a", "\xc3\xa9", ""};
	static const char *const sorted[] = {"", "B", "a", "a1", "b", "\xc3\xa9"};
	auto_done(strv) struct strv list = {0};

	(void)state;
	strv_sort(&list);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(strv_add(&list, words[i]), 0);
	strv_sort(&list);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(list.items[i], sorted[i]);
}

static void strv_done_can_be_repeated(void **state)
{
	struct strv list = {0};

	(void)state;
	assert_int_equal(strv_add(&list, "a"), 0);
	strv_done(&list);
	strv_done(&list);
	assert_null(list.items);
	assert_int_equal(list.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strv_keeps_copies_in_order_and_ends_with_null),
		cmocka_unit_test(strv_grows_and_stays_whole),
		cmocka_unit_test(strv_add_unique_adds_once),
		cmocka_unit_test(strv_copy_is_deep_and_replaces),
		cmocka_unit_test(strv_sort_is_by_bytes),
		cmocka_unit_test(strv_done_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
