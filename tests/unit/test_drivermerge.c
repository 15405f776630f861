/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the driver child: read, checked, and made facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "host/driveranswer.h"
#include "host/drivercalls.h"
#include "host/drivermerge.h"

#define UUID "GPU-0000000%c-1111-2222-3333-444444444444"

/* Two GPUs, the first with a MIG device. Texts live here. */
struct example {
	char uuids[3][64];
	char model[2][160];
	char version[16];
	proto_gpu gpus[2];
	proto_mig migs[2];
	unsigned missing[1];
	proto_fault faults[1];
	proto_message message;
	proto_answer *answer;
};

static char nothing[1] = "";

static void make_example(struct example *example)
{
	memset(example, 0, sizeof(*example));
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(example->uuids[i], sizeof(example->uuids[i]), UUID, (char)('0' + i));
		(void)snprintf(example->model[i], sizeof(example->model[i]), "NVIDIA H200");
		example->gpus[i] = (proto_gpu){.index = i,
					       .minor = (int)i,
					       .domain = 0,
					       .bus = 1 + i,
					       .brand = 14,
					       .compute_major = 9,
					       .mig = i == 0 ? 1 : -1,
					       .uuid = example->uuids[i],
					       .model = example->model[i]};
	}
	(void)snprintf(example->uuids[2], sizeof(example->uuids[2]),
		       "MIG-00000000-1111-2222-3333-444444444444");
	example->migs[0] = (proto_mig){.gi = 1, .uuid = example->uuids[2]};
	example->migs[1] = (proto_mig){.gi = 2, .index = 1, .uuid = nothing};
	example->missing[0] = DRIVERCALLS_BRAND;
	example->faults[0] = (proto_fault){DRIVERCALLS_UUID, 15, 1, nothing};
	(void)strcpy(example->version, "550.54.15");
	example->message.kind = PROTO_ANSWER;
	example->answer = &example->message.proto_message_u.answer;
	*example->answer = (proto_answer){
		.format = PROTO_VERSION,
		.nvml = PROTO_LOADED,
		.nvml_why = nothing,
		.cuda_why = nothing,
		.driver_version = example->version,
		.cuda_version = 12040,
		.gpus = {2, example->gpus},
		.migs = {2, example->migs},
		.missing = {1, example->missing},
		.faults = {1, example->faults},
		.slow_call = DRIVERCALLS_INIT_2,
		.slow_us = 1234567,
	};
}

/* Through bytes and back. */
static int pass(struct example *example, proto_message *ret, struct err *err)
{
	auto_free char *frame = NULL;
	size_t len = 0;
	size_t said = 0;

	assert_int_equal(driveranswer_message(&example->message, &frame, &len, err), 0);
	assert_int_equal(driveranswer_length((const unsigned char *)frame, &said, err), 0);
	assert_int_equal(said + DRIVERANSWER_HEAD, len);
	return driveranswer_read(frame + DRIVERANSWER_HEAD, said, ret, err);
}

static void driveranswer_comes_back_as_it_was(void **state)
{
	struct example example;
	auto_done(driveranswer) proto_message back = {0};
	struct err err = {0};

	(void)state;
	make_example(&example);

	if (pass(&example, &back, &err) < 0)
		fail_msg("%s", err.msg);

	assert_int_equal(back.kind, PROTO_ANSWER);
	assert_int_equal(back.proto_message_u.answer.gpus.gpus_len, 2);
	assert_string_equal(back.proto_message_u.answer.gpus.gpus_val[1].uuid, example.uuids[1]);
	assert_string_equal(back.proto_message_u.answer.driver_version, "550.54.15");
	assert_int_equal(back.proto_message_u.answer.migs.migs_val[1].gi, 2);
}

static void set_same_index(struct example *example)
{
	example->gpus[1].index = 0;
}

static void set_same_bus(struct example *example)
{
	example->gpus[1].bus = 1;
}

static void set_same_minor(struct example *example)
{
	example->gpus[1].minor = 0;
}

static void set_same_uuid(struct example *example)
{
	example->gpus[1].uuid = example->uuids[0];
}

static void set_bad_uuid(struct example *example)
{
	example->uuids[0][20] = '/';
}

static void set_path_uuid(struct example *example)
{
	(void)strcpy(example->uuids[0], "../../etc/passwd");
}

static void set_control_model(struct example *example)
{
	example->model[0][3] = '\n';
}

static void set_no_utf8(struct example *example)
{
	example->model[0][3] = '\xff';
}

static void set_bus(struct example *example)
{
	example->gpus[0].bus = 256;
}

static void set_device(struct example *example)
{
	example->gpus[0].device = 32;
}

static void set_minor(struct example *example)
{
	example->gpus[0].minor = 1 << 20;
}

static void set_compute(struct example *example)
{
	example->gpus[0].compute_major = -2;
}

static void set_mig_of_none(struct example *example)
{
	example->migs[0].gpu = 2;
}

static void set_mig_of_plain(struct example *example)
{
	example->migs[0].gpu = 1;
}

static void set_same_mig(struct example *example)
{
	example->migs[1].gi = 1;
}

static void set_same_mig_index(struct example *example)
{
	example->migs[1].index = 0;
}

static void set_bad_mig_uuid(struct example *example)
{
	example->uuids[2][0] = 'm';
}

static void set_format(struct example *example)
{
	example->answer->format = PROTO_VERSION + 1;
}

static void set_library(struct example *example)
{
	example->answer->nvml = (proto_library)7;
}

static void set_version(struct example *example)
{
	example->answer->driver_version[3] = ' ';
}

static void set_version_up(struct example *example)
{
	(void)strcpy(example->version, "..");
}

/* CSI, by which terminals are told what to do */
static void set_terminal_model(struct example *example)
{
	memcpy(example->model[0],
	       "\xc2\x9b"
	       "31m",
	       6);
}

static void set_cuda(struct example *example)
{
	example->answer->cuda_version = -5;
}

static void set_slow(struct example *example)
{
	example->answer->slow_call = DRIVERCALLS_N;
}

static void set_missing(struct example *example)
{
	example->missing[0] = 4000;
}

static void set_fault(struct example *example)
{
	example->faults[0].call = 4000;
}

static void set_step(struct example *example)
{
	example->message = (proto_message){.kind = PROTO_STEP};
	example->message.proto_message_u.step = DRIVERCALLS_N;
}

static void set_failure(struct example *example)
{
	example->message = (proto_message){.kind = PROTO_FAILURE};
	example->message.proto_message_u.failure = (proto_failure){0, nothing};
}

static void driveranswer_that_cannot_be_is_refused(void **state)
{
	static void (*const changes[])(struct example *) = {
		set_same_index,   set_same_bus,     set_same_minor,    set_same_uuid,
		set_bad_uuid,     set_path_uuid,    set_control_model, set_no_utf8,
		set_bus,          set_device,       set_minor,         set_compute,
		set_mig_of_none,  set_mig_of_plain, set_same_mig,      set_same_mig_index,
		set_bad_mig_uuid, set_format,       set_library,       set_version,
		set_cuda,         set_slow,         set_missing,       set_fault,
		set_step,         set_failure,      set_version_up,    set_terminal_model,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		auto_done(driveranswer) proto_message back = {0};
		struct example example;
		struct err err = {0};
		int r;

		make_example(&example);
		changes[i](&example);
		r = pass(&example, &back, &err);
		if (r != -EPROTO || err.msg[0] == '\0')
			fail_msg("change %zu: %d '%s'", i, r, err.msg);
	}
}

static void driveranswer_cut_or_with_more_is_refused(void **state)
{
	struct example example;
	auto_free char *frame = NULL;
	size_t len = 0;
	struct err err = {0};

	(void)state;
	make_example(&example);
	assert_int_equal(driveranswer_message(&example.message, &frame, &len, &err), 0);
	for (size_t n = 0; n < len - DRIVERANSWER_HEAD; n++) {
		auto_done(driveranswer) proto_message back = {0};

		assert_int_equal(driveranswer_read(frame + DRIVERANSWER_HEAD, n, &back, &err),
				 -EPROTO);
	}
	{
		auto_done(driveranswer) proto_message back = {0};

		frame = realloc(frame, len + 4);
		assert_non_null(frame);
		memset(frame + len, 0, 4);
		assert_int_equal(driveranswer_read(frame + DRIVERANSWER_HEAD,
						   len - DRIVERANSWER_HEAD + 4, &back, &err),
				 -EPROTO);
	}
}

static struct gpu *know(struct inventory *inv, enum gpu_kind kind, const char *busid, int minor)
{
	struct gpu *gpu = vec_add(&inv->driver.gpus);

	assert_non_null(gpu);
	*gpu = (struct gpu){
		.kind = kind, .minor = minor, .index = (unsigned)inv->driver.gpus.n - 1};
	gpu->busid = busid == NULL ? NULL : strdup(busid);
	return gpu;
}

static struct inventory *merged(struct example *example, struct inventory *inv)
{
	struct err err = {0};

	if (drivermerge(example->answer, inv, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return inv;
}

static void drivermerge_integrated_gpu_is_the_first(void **state)
{
	struct inventory *inv = inventory_new();
	struct example example;

	(void)state;
	make_example(&example);
	inv->platform.kind = PLATFORM_TEGRA;
	(void)know(inv, GPU_INTEGRATED, NULL, -1);
	(void)know(inv, GPU_DISCRETE, "00000000:02:00.0", 1);
	/* NVML's first is the one of the Tegra */
	(void)strcpy(example.model[0], "Orin (nvgpu)");
	(void)strcpy(example.uuids[0], "00000000-1111-2222-3333-444444444444");
	example.gpus[0].domain = -1;
	example.gpus[0].mig = -1;
	example.answer->migs.migs_len = 0;

	(void)merged(&example, inv);

	assert_int_equal(inv->driver.gpus.n, 2);
	assert_int_equal(inv->driver.gpus.items[0].kind, GPU_INTEGRATED);
	assert_string_equal(inv->driver.gpus.items[0].uuid, example.uuids[0]);
	assert_null(inv->driver.gpus.items[0].busid);
	assert_int_equal(inv->driver.gpus.items[0].minor, -1);
	assert_int_equal(inv->driver.gpus.items[1].index, 1);
	assert_string_equal(inv->driver.gpus.items[1].uuid, example.uuids[1]);
	inventory_free(inv);
}

static void drivermerge_integrated_gpu_that_nvml_lacks_stays_the_first(void **state)
{
	struct inventory *inv = inventory_new();
	struct example example;

	(void)state;
	make_example(&example);
	inv->platform.kind = PLATFORM_TEGRA;
	(void)know(inv, GPU_INTEGRATED, NULL, -1);

	(void)merged(&example, inv);

	assert_int_equal(inv->driver.gpus.n, 3);
	assert_int_equal(inv->driver.gpus.items[0].kind, GPU_INTEGRATED);
	assert_null(inv->driver.gpus.items[0].uuid);
	assert_string_equal(inv->driver.gpus.items[1].uuid, example.uuids[0]);
	assert_int_equal(inv->driver.gpus.items[2].index, 2);
	assert_int_equal(inv->driver.migs.items[0].gpu, 1);
	inventory_free(inv);
}

static void drivermerge_gpu_that_nvml_leaves_out_comes_last(void **state)
{
	struct inventory *inv = inventory_new();
	struct mig *mig;
	struct example example;

	(void)state;
	make_example(&example);
	(void)know(inv, GPU_DISCRETE, "00000000:00:00.0", 7);
	(void)know(inv, GPU_DISCRETE, "00000000:01:00.0", 0);
	mig = vec_add(&inv->driver.migs);
	*mig = (struct mig){.gpu = 1, .index = -1, .gi = 1};

	(void)merged(&example, inv);

	assert_int_equal(inv->driver.gpus.n, 3);
	assert_string_equal(inv->driver.gpus.items[0].busid, "00000000:01:00.0");
	assert_string_equal(inv->driver.gpus.items[1].busid, "00000000:02:00.0");
	assert_string_equal(inv->driver.gpus.items[2].busid, "00000000:00:00.0");
	assert_int_equal(inv->driver.gpus.items[2].index, 2);
	assert_int_equal(inv->driver.migs.n, 2);
	assert_int_equal(inv->driver.migs.items[0].gpu, 0);
	assert_int_equal(inv->driver.migs.items[0].index, 0);
	assert_string_equal(inv->driver.migs.items[0].uuid, example.uuids[2]);
	inventory_free(inv);
}

static void drivermerge_what_is_known_stays(void **state)
{
	struct inventory *inv = inventory_new();
	struct example example;
	struct gpu *gpu;

	(void)state;
	make_example(&example);
	gpu = know(inv, GPU_DISCRETE, NULL, 1);
	gpu->model = strdup("as /proc says");

	(void)merged(&example, inv);

	assert_int_equal(inv->driver.gpus.n, 2);
	assert_string_equal(inv->driver.gpus.items[1].model, "as /proc says");
	assert_string_equal(inv->driver.gpus.items[1].busid, "00000000:02:00.0");
	assert_string_equal(inv->driver.gpus.items[1].brand, "Nvidia");
	assert_string_equal(inv->driver.cuda.value, "12.4");
	assert_string_equal(inv->driver.cuda.source, "NVML");
	assert_string_equal(inv->driver.slow, "nvmlInit_v2 1.2 s");
	inventory_free(inv);
}

static void drivermerge_windows_gpus_take_the_place_of_what_stood_for_them(void **state)
{
	struct inventory *inv = inventory_new();
	struct example example;

	(void)state;
	make_example(&example);
	inv->driver.wsl = true;
	(void)know(inv, GPU_DISCRETE, NULL, -1);

	(void)merged(&example, inv);

	assert_int_equal(inv->driver.gpus.n, 2);
	assert_string_equal(inv->driver.gpus.items[0].uuid, example.uuids[0]);
	assert_string_equal(inv->driver.gpus.items[1].uuid, example.uuids[1]);
	inventory_free(inv);
}

static void drivermerge_more_than_fit_is_an_error(void **state)
{
	struct inventory *inv = inventory_new();
	struct example example;
	struct err err = {0};

	(void)state;
	make_example(&example);
	for (unsigned i = 0; i < DRIVER_MAX_GPUS; i++)
		(void)know(inv, GPU_DISCRETE, "0000ffff:00:00.0", 500 + (int)i);

	assert_int_equal(drivermerge(example.answer, inv, NULL, &err), -E2BIG);

	assert_false(inv->driver.asked);
	inventory_free(inv);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(driveranswer_comes_back_as_it_was),
		cmocka_unit_test(driveranswer_that_cannot_be_is_refused),
		cmocka_unit_test(driveranswer_cut_or_with_more_is_refused),
		cmocka_unit_test(drivermerge_integrated_gpu_is_the_first),
		cmocka_unit_test(drivermerge_integrated_gpu_that_nvml_lacks_stays_the_first),
		cmocka_unit_test(drivermerge_gpu_that_nvml_leaves_out_comes_last),
		cmocka_unit_test(drivermerge_what_is_known_stays),
		cmocka_unit_test(drivermerge_windows_gpus_take_the_place_of_what_stood_for_them),
		cmocka_unit_test(drivermerge_more_than_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
