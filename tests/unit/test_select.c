/* SPDX-License-Identifier: Apache-2.0 */
#include "plancase.h"

#include "plan/select.h"

static void select_lists_follow_setting_then_image_then_release(void **state)
{
	static const struct {
		enum settings_lists setting;
		enum request_lists image;
		unsigned l4t;
		bool all;
	} cases[] = {
		{SETTINGS_LISTS_AUTO, LISTS_DEFAULT, 0, true},
		{SETTINGS_LISTS_AUTO, LISTS_DEFAULT, 28, true},
		{SETTINGS_LISTS_AUTO, LISTS_DEFAULT, 32, true},
		{SETTINGS_LISTS_AUTO, LISTS_DEFAULT, 34, false},
		{SETTINGS_LISTS_AUTO, LISTS_DEFAULT, 36, false},
		{SETTINGS_LISTS_AUTO, LISTS_BASE, 32, false},
		{SETTINGS_LISTS_AUTO, LISTS_ALL, 36, true},
		{SETTINGS_LISTS_BASE, LISTS_ALL, 32, false},
		{SETTINGS_LISTS_ALL, LISTS_BASE, 36, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform platform = {.l4t_major = cases[i].l4t};
		struct request request = {.lists = cases[i].image};
		struct settings settings = {.lists = cases[i].setting};

		assert_int_equal(select_all_lists(&platform, &request, &settings), cases[i].all);
	}
}

static void select_without_a_request_goes_by_release(void **state)
{
	struct platform platform = {.l4t_major = 36};
	struct settings settings = {.lists = SETTINGS_LISTS_AUTO};

	(void)state;
	assert_false(select_all_lists(&platform, NULL, &settings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(select_lists_follow_setting_then_image_then_release),
		cmocka_unit_test(select_without_a_request_goes_by_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
