/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "drivercase.h"
#include "render/listing.h"
#include "render/text.h"

static struct inventory *inv;
static struct plan *plan;
static struct strbuf out;

static int setup(void **unused)
{
	(void)unused;
	inv = inventory_new();
	plan = plan_new();
	assert_true(inv != NULL && plan != NULL);
	drivercase_fill(inv, plan);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	strbuf_done(&out);
	plan_free(plan);
	inventory_free(inv);
	return 0;
}

#define GPU_0                                                                                      \
	"Device Index:   0\n"                                                                      \
	"Device Minor:   0\n"                                                                      \
	"Model:          NVIDIA Stub H100\n"                                                       \
	"Brand:          Nvidia\n"                                                                 \
	"GPU UUID:       GPU-00000000-1111-2222-3333-444444444444\n"                               \
	"Bus Location:   00000000:01:00.0\n"                                                       \
	"Architecture:   9.0\n"
#define GPU_1                                                                                      \
	"Device Index:   1\n"                                                                      \
	"Device Minor:   1\n"                                                                      \
	"Model:          NVIDIA Stub H100\n"                                                       \
	"Brand:          Nvidia\n"                                                                 \
	"GPU UUID:       GPU-00000000-1111-2222-3333-555555555555\n"                               \
	"Bus Location:   00000000:41:00.0\n"                                                       \
	"Architecture:   9.0\n"
#define VERSIONS                                                                                   \
	"NVRM version:   550.54.15\n"                                                              \
	"CUDA version:   12.4\n"

static void text_driver_has_the_form_of_nvidias_program(void **unused)
{
	(void)unused;
	text_driver(inv, false, &out);

	assert_string_equal(out.data, VERSIONS "\n" GPU_0 "\n" GPU_1);
}

static void text_driver_csv_has_the_form_of_nvidias_program(void **unused)
{
	(void)unused;
	text_driver_csv(inv, &out);

	assert_string_equal(
		out.data,
		"NVRM version,CUDA version\n550.54.15,12.4\n\n"
		"Device Index,Device Minor,Model,Brand,GPU UUID,Bus Location,Architecture\n"
		"0,0,NVIDIA Stub H100,Nvidia,GPU-00000000-1111-2222-3333-444444444444,"
		"00000000:01:00.0,9.0\n"
		"1,1,NVIDIA Stub H100,Nvidia,GPU-00000000-1111-2222-3333-555555555555,"
		"00000000:41:00.0,9.0\n");
}

static void text_info_of_a_driver_shows_mig_devices_and_no_lists(void **unused)
{
	(void)unused;
	text_info(inv, NULL, &out);

	assert_non_null(strstr(out.data,
			       VERSIONS "\n" GPU_0 "\n" GPU_1
					"MIG Device:     1:0 MIG-0000 (GPU instance 2, compute "
					"instance 0)\n"));
	assert_null(strstr(out.data, "Mount lists"));
	assert_null(strstr(out.data, "no GPU"));
	assert_non_null(strstr(out.data, "/dev/nvidiactl"));
}

static void text_info_of_a_hybrid_shows_driver_and_board(void **unused)
{
	const char *board;

	(void)unused;
	inv->platform.kind = PLATFORM_TEGRA;
	assert_int_equal(fact_set(&inv->platform.board, "Clara AGX", "x"), 0);
	inv->list_dir_found = true;

	text_info(inv, NULL, &out);

	board = strstr(out.data, "Clara AGX");
	assert_non_null(board);
	assert_true(board > strstr(out.data, "CUDA version:"));
	assert_non_null(strstr(board, "Mount lists"));
}

static void text_driver_takes_a_boards_gpu_from_the_board(void **unused)
{
	struct inventory *board = inventory_new();
	struct gpu *gpu;

	(void)unused;
	assert_non_null(board);
	gpu = vec_add(&board->driver.gpus);
	assert_non_null(gpu);
	*gpu = (struct gpu){.kind = GPU_INTEGRATED, .minor = -1};
	assert_int_equal(fact_set(&board->platform.driver, "540.3.0", "x"), 0);
	assert_int_equal(fact_set(&board->platform.cuda, "12.6", "x"), 0);
	assert_int_equal(fact_set(&board->platform.cuda_name, "Orin", "x"), 0);
	assert_int_equal(fact_set(&board->platform.compute, "8.7", "x"), 0);

	text_driver(board, false, &out);

	assert_string_equal(out.data, "NVRM version:   540.3.0\nCUDA version:   12.6\n\n"
				      "Device Index:   0\nDevice Minor:   N/A\n"
				      "Model:          Orin\nBrand:          N/A\n"
				      "GPU UUID:       N/A\nBus Location:   N/A\n"
				      "Architecture:   8.7\n");
	inventory_free(board);
}

static void text_list_of_a_driver_is_in_nvidias_order(void **unused)
{
	(void)unused;
	text_list(inv, plan, 0, &out);

	assert_string_equal(out.data, "/dev/nvidiactl\n"
				      "/dev/nvidia-uvm\n"
				      "/dev/nvidia0\n"
				      "/dev/nvidia-caps/nvidia-cap12\n"
				      "/dev/nvidia-caps-imex-channels/channel7\n"
				      "/usr/bin/nvidia-smi\n"
				      "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15\n"
				      "/usr/lib/i386-linux-gnu/libcuda.so.550.54.15\n"
				      "/run/nvidia-persistenced/socket\n"
				      "/lib/firmware/nvidia/550.54.15/gsp_ga10x.bin\n"
				      "/usr/share/vulkan/icd.d/nvidia_icd.json\n");
}

static void text_list_selections_bring_their_kind_and_channels(void **unused)
{
	static const struct {
		unsigned select;
		const char *text;
	} cases[] = {
		{LISTING_LIBRARIES, "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15\n"},
		{LISTING_COMPAT32, "/usr/lib/i386-linux-gnu/libcuda.so.550.54.15\n"},
		{LISTING_BINARIES, "/usr/bin/nvidia-smi\n"},
		{LISTING_IPCS, "/run/nvidia-persistenced/socket\n"},
		{LISTING_FIRMWARES, "/lib/firmware/nvidia/550.54.15/gsp_ga10x.bin\n"},
		{LISTING_MIGS, ""},
		{LISTING_BINARIES | LISTING_FIRMWARES,
		 "/usr/bin/nvidia-smi\n/lib/firmware/nvidia/550.54.15/gsp_ga10x.bin\n"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *wanted =
			str_format("/dev/nvidia-caps-imex-channels/channel7\n%s", cases[i].text);

		strbuf_done(&out);
		text_list(inv, plan, cases[i].select, &out);

		assert_string_equal(out.data, wanted);
	}
}

static void text_plan_names_part_and_place_of_each_operation(void **unused)
{
	(void)unused;
	text_plan(inv, plan, &out);

	assert_non_null(strstr(out.data, "libcuda.so: ld.so.cache\n"));
	assert_non_null(strstr(out.data, "uvm: ld.so.cache\n"));
	assert_non_null(strstr(out.data, "nosuid,socket"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_driver_has_the_form_of_nvidias_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(text_driver_csv_has_the_form_of_nvidias_program,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			text_info_of_a_driver_shows_mig_devices_and_no_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(text_info_of_a_hybrid_shows_driver_and_board, setup,
						teardown),
		cmocka_unit_test_setup_teardown(text_driver_takes_a_boards_gpu_from_the_board,
						setup, teardown),
		cmocka_unit_test_setup_teardown(text_list_of_a_driver_is_in_nvidias_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(text_list_selections_bring_their_kind_and_channels,
						setup, teardown),
		cmocka_unit_test_setup_teardown(text_plan_names_part_and_place_of_each_operation,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
