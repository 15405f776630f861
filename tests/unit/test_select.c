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

/* A machine of one line each for driver and GPUs, and whether its driver's library is asked. */
static bool asks(const char *machine, const char *request)
{
	auto_free char *text = str_format("%s\nnolists\nrequest %s\n", machine, request);
	struct plancase c;
	bool asked;

	assert_non_null(text);
	plancase_read(&c, text);
	asked = select_asks_driver(c.inv, &c.request, &c.settings);
	plancase_done(&c);
	return asked;
}

#define TWO                                                                                        \
	"driver version=550.54.15\ngpu 0 minor=0 uuid=GPU-1111 bus=00000000:01:00.0 mig\n"         \
	"gpu 1 minor=1 uuid=GPU-2222 bus=00000000:41:00.0\nmig 0:-1 gi=1 ci=0"
#define TEGRA "driver version=540.3.0\ngpu 0 integrated minor=0"

static void select_asks_the_driver_for_what_the_kernel_does_not_tell(void **state)
{
	static const struct {
		const char *machine, *request;
		bool asks;
	} cases[] = {
		{TWO, "all", false},
		{TWO, "none", false},
		{TWO, "void", false},
		{TWO, "0,1", false},
		{TWO, "dgpu", false},
		{TWO, "0000:01:00.0", false},
		{TWO, "GPU-2222", false},
		{TWO, "GPU-2", false},
		{TWO, "7", false},
		{TWO, "0,0:1", true},
		{TWO, "MIG-3333", true},
		{TWO, "MIG-GPU-1111/1/0", false},
		{TWO, "all require=X=driver>=550", false},
		{TWO, "all require=X=cuda>=12", true},
		{TWO, "all require=X=driver>1,brand=tesla", true},
		{TWO, "none require=X=arch>=8", true},
		{TWO, "all require=X=cuda>=12 disable-require", false},
		{TWO "\nsettings require=ignore", "all require=X=cuda>=12", false},
		{"driver\ngpu 0 minor=0", "GPU-1111", true},
		{"driver\ngpu 0 minor=0", "0", false},
		{"driver\ngpu 0 bus=00000000:01:00.0", "all", true},
		{"driver\ngpu 0 bus=00000000:01:00.0", "0", true},
		{"driver\ngpu 0 bus=00000000:01:00.0", "none", false},
		{"driver\ngpu 0 integrated\ngpu 1 minor=0", "all", false},
		{"driver", "all", true},
		{"driver", "0", true},
		{"driver", "none", false},
		{"driver wsl", "all", false},
		{"driver wsl\ngpu 0 model=dxg", "all", false},
		{"driver wsl\ngpu 0 model=dxg", "0", false},
		{"driver wsl\ngpu 0 model=dxg", "1", true},
		{"driver wsl\ngpu 0 model=dxg", "0000:01:00.0", true},
		{"driver wsl\ngpu 0 model=dxg", "GPU-1111", true},
		{"driver wsl", "0", true},
		{TEGRA, "all require=X=cuda>=12", false},
		{TEGRA, "GPU-1111", false},
		{"platform cuda=12.6", "all require=X=cuda>=12", false},
		{"# nothing", "0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (asks(cases[i].machine, cases[i].request) != cases[i].asks)
			fail_msg("'%s' on '%s'", cases[i].request, cases[i].machine);
	}
}

static void select_asks_for_everything_but_on_a_tegra(void **state)
{
	struct inventory inv = {.list_dir_found = true};
	struct settings settings = {.lists = SETTINGS_LISTS_AUTO};
	struct gpu *gpu = vec_add(&inv.driver.gpus);

	(void)state;
	assert_non_null(gpu);
	*gpu = (struct gpu){.kind = GPU_INTEGRATED};
	inv.driver.loaded = true;
	assert_false(select_asks_driver(&inv, NULL, &settings));
	gpu->kind = GPU_DISCRETE;
	assert_true(select_asks_driver(&inv, NULL, &settings));
	inv.driver.loaded = false;
	assert_false(select_asks_driver(&inv, NULL, &settings));
	vec_done(&inv.driver.gpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(select_lists_follow_setting_then_image_then_release),
		cmocka_unit_test(select_without_a_request_goes_by_release),
		cmocka_unit_test(select_asks_the_driver_for_what_the_kernel_does_not_tell),
		cmocka_unit_test(select_asks_for_everything_but_on_a_tegra),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
