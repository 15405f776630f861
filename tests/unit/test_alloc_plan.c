/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of machines with NVIDIA's driver, and CUDA of an image, with each allocation failing. */
#include "plancase.h"

#include <fcntl.h>
#include <unistd.h>

#include "allocfail.h"
#include "compatlib.h"
#include "oci/compat.h"
#include "plan/build.h"
#include "render/text.h"
#include "runprog.h"
#include "where.h"

#define CASES where_data("/tests/cases/plan")
#define MOST  400 /* runs of one plan */

static int run_plan(void *arg, struct err *err, struct strbuf *text)
{
	const struct plancase *c = arg;
	struct plan *plan = NULL;
	int r;

	allocfail_start();
	r = plan_build(c->inv, &c->request, &c->image, &c->settings, &plan, err);
	allocfail_stop();
	if (r == 0)
		text_plan(c->inv, plan, text);
	plan_free(plan);
	return r;
}

static void sweep_case(const char *name)
{
	auto_free char *path = str_format("%s/%s/inventory.txt", CASES, name);
	auto_free char *input = plancase_slurp(path);
	struct allocfail_case test = {.name = name, .run = run_plan, .most = MOST};
	struct plancase c;

	assert_non_null(input);
	plancase_read(&c, input);
	test.arg = &c;
	allocfail_sweep(&test);
	plancase_done(&c);
}

static void alloc_failures_in_plans_of_drivers_are_errors(void **state)
{
	static const char *const names[] = {
		"gpus_all_words",
		"mig_config_and_monitor",
		"compat_image_by_note",
		"compat_fault",
		"hybrid_clara_all",
		"lacks_of_what_was_asked",
		"imex_channel_unknown",
		"gpu_by_ambiguous_prefix",
		"require_warn",
		"require_by_gpu_not_met",
		"missing_starts_by_request",
		"gates_asked",
		"upgraded_without_reboot",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		sweep_case(names[i]);
	assert_int_equal(allocfail.bad, 0);
}

static int run_compat(void *arg, struct err *err, struct strbuf *text)
{
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	int r;

	allocfail_start();
	r = compat_read(*(const int *)arg, COMPAT_DIR, &compat, err);
	allocfail_stop();
	if (r < 0)
		return r;
	strbuf_addf(text, "%s %s %s %zu %s\n", compat.dir, compat.version, compat.cuda,
		    compat.drivers.n, compat.fault == NULL ? "" : compat.fault);
	vec_each(library, &compat.libraries)
		strbuf_addf(text, "%s %s\n", library->name, library->soname);
	return 0;
}

static void put(const struct scratch *scratch, const char *name, const char *note)
{
	auto_free char *path = scratch_write(scratch, name, "", 0644);
	auto_file out = fopen(path, "we");
	struct compatlib lib;

	assert_non_null(out);
	compatlib_make(&lib, "libcuda.so.1", EM_X86_64, note);
	assert_int_equal(fwrite(&lib, sizeof(lib), 1, out), 1);
}

static void alloc_failures_in_reading_cuda_of_an_image_are_errors(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	struct allocfail_case test = {.name = "compat", .run = run_compat, .succeeds = true};
	auto_fd root = -1;
	int fd;

	(void)state;
	scratch_open(&scratch);
	put(&scratch, "usr/local/cuda/compat/libcuda.so.560.35.03",
	    "{\"CUDA Version\": \"12.6\", \"Driver\": [535, 550], \"Device\": [8]}");
	put(&scratch, "usr/local/cuda/compat/libnvidia-nvvm.so.560.35.03", NULL);
	root = open(scratch.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	fd = root;
	test.arg = &fd;
	allocfail_sweep(&test);
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_in_plans_of_drivers_are_errors),
		cmocka_unit_test(alloc_failures_in_reading_cuda_of_an_image_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_plan");
	return failed;
}
