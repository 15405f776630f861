/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs, nodes, gates and modules of a machine in a folder, with each allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocfail.h"
#include "apply/kmods.h"
#include "devworld.h"

static struct world world;

/* Without the readers of lists: they have a test of their own. */
static int run_driver(void *arg, struct err *err, struct strbuf *text)
{
	struct inventory *inv = inventory_new();
	auto_free char *parts = NULL;
	int r;

	(void)arg;
	assert_non_null(inv);
	allocfail_start();
	r = host_read_driver(&world.setup.host, inv, err);
	if (r == 0)
		r = host_find_driver_nodes(&world.setup.host, inv, err);
	if (r == 0)
		r = host_find_gates(&world.setup.host, HOST_GATE_EVERY, inv, err);
	allocfail_stop();
	if (r == 0) {
		parts = dump_parts(inv);
		strbuf_adds(text, parts);
		vec_each(gpu, &inv->driver.gpus)
			strbuf_addf(text, "%s %s %s %s\n", gpu->busid, gpu->model, gpu->source,
				    gpu->uuid == NULL ? "" : gpu->uuid);
	}
	inventory_free(inv);
	return r;
}

static int run_kmods(void *arg, struct err *err, struct strbuf *text)
{
	int r;

	(void)arg;
	allocfail_start();
	r = kmods_load(&world.setup.host, true, err);
	allocfail_stop();
	strbuf_adds(text, "done");
	return r;
}

static void alloc_failures_of_nodes_are_errors(void **state)
{
	static const struct allocfail_case cases[] = {
		{.name = "driver", .run = run_driver, .most = 400, .succeeds = true},
		{.name = "kmods", .run = run_kmods, .most = 400, .succeeds = true},
	};
	static const struct tree_entry more[] = {
		NODE("/dev/nvidia-fs0", "238:0"),
		{TREE_FILE, "/etc/cufile.json", "{}", 0},
		NODE("/dev/infiniband/uverbs0", "231:192"),
		NODE("/dev/gdrdrv", "239:0"),
		{TREE_FILE, "/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n", 0},
		{TREE_FILE, "/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n", 0},
		{TREE_DIR, "/sys/module/nvidia_modeset", NULL, 0},
	};

	(void)state;
	read_world(&world, devworld_whole, 0);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		tree_add(&world.tree, &more[i]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		allocfail_sweep(&cases[i]);
	world_done(&world);
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_of_nodes_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_nodes");
	return failed;
}
