/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's answer, from the child and from where it is kept, with each allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocfail.h"
#include "driverworld.h"

static struct driverworld world;

static void put(const struct driver *driver, struct strbuf *text)
{
	strbuf_addf(text, "%d %s %s\n", driver->asked, driver->version.value, driver->cuda.value);
	vec_each(gpu, &driver->gpus)
		strbuf_addf(text, "%u %d %s %s %s %s %s %d\n", gpu->index, gpu->minor, gpu->busid,
			    gpu->uuid, gpu->model, gpu->brand, gpu->compute, gpu->mig);
	vec_each(mig, &driver->migs) strbuf_addf(text, "%zu %d %u %u %s\n", mig->gpu, mig->index,
						 mig->gi, mig->ci, mig->uuid);
}

static int run(bool cache, struct err *err, struct strbuf *text)
{
	int r;

	driverworld_forget(&world);
	(void)driverworld_know(&world, "00000000:01:00.0", 0);
	world.settings->driver_cache = cache;
	allocfail_start();
	r = host_ask_driver(&world.host, world.inv, err);
	allocfail_stop();
	if (r == 0)
		put(&world.inv->driver, text);
	inventory_free(world.inv);
	world.inv = NULL;
	return r;
}

static int run_asked(void *arg, struct err *err, struct strbuf *text)
{
	(void)arg;
	return run(false, err, text);
}

static int run_kept(void *arg, struct err *err, struct strbuf *text)
{
	(void)arg;
	return run(true, err, text);
}

/* Asked, and kept. */
static int run_anew(void *arg, struct err *err, struct strbuf *text)
{
	static unsigned boots;
	char id[32];

	(void)arg;
	(void)snprintf(id, sizeof(id), "%u\n", boots++);
	tree_write(&world.tree, "/proc/sys/kernel/random/boot_id", id, strlen(id), 0644);
	return run(true, err, text);
}

static void alloc_failures_while_the_driver_is_asked_are_errors(void **state)
{
	static const struct allocfail_case cases[] = {
		{.name = "asked", .run = run_asked, .succeeds = true},
		{.name = "kept", .run = run_kept, .succeeds = true},
		{.name = "asked anew", .run = run_anew, .succeeds = true},
	};

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, VERSIONS GPU_0("on") GPU_1 MIGS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		allocfail_sweep(&cases[i]);
	driverworld_done(&world);
	driverworld_no_child();
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_while_the_driver_is_asked_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_driver");
	return failed;
}
