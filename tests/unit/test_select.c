/* SPDX-License-Identifier: Apache-2.0 */
#include "plancase.h"

#include <errno.h>

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

static void select_unmet_requirement_names_have_need_and_override(void **state)
{
	char cuda[] = "10.2";
	char compute[] = "5.3";
	struct platform platform = {.cuda = {.value = cuda}, .compute = {.value = compute}};
	struct settings settings = {.disable_require = false};
	struct request request = {.mode = DEVICES_ALL};
	struct err err = {0};

	(void)state;
	assert_int_equal(strv_add(&request.requires, "NVIDIA_REQUIRE_CUDA=cuda>=11.4"), 0);

	assert_int_equal(select_check_requires(&platform, &request, &settings, &err), -ENOTSUP);

	assert_non_null(strstr(err.msg, "NVIDIA_REQUIRE_CUDA"));
	assert_non_null(strstr(err.msg, "cuda>=11.4"));
	assert_non_null(strstr(err.msg, "10.2"));
	assert_non_null(strstr(err.hint, "NVIDIA_DISABLE_REQUIRE=1"));
	settings.disable_require = true;
	assert_int_equal(select_check_requires(&platform, &request, &settings, &err), 0);
	request_done(&request);
}

static void select_requirement_without_name_is_checked(void **state)
{
	char cuda[] = "10.2";
	char compute[] = "5.3";
	struct platform platform = {.cuda = {.value = cuda}, .compute = {.value = compute}};
	struct settings settings = {.disable_require = false};
	struct request request = {.mode = DEVICES_ALL};
	struct err err = {0};

	(void)state;
	assert_int_equal(strv_add(&request.requires, "=cuda>=11.4"), 0);
	assert_int_equal(select_check_requires(&platform, &request, &settings, &err), -ENOTSUP);
	request_done(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(select_lists_follow_setting_then_image_then_release),
		cmocka_unit_test(select_without_a_request_goes_by_release),
		cmocka_unit_test(select_unmet_requirement_names_have_need_and_override),
		cmocka_unit_test(select_requirement_without_name_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
