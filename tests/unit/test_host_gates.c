/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of other drivers, each opened by a wish of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devworld.h"

static const struct tree_entry gated[] = {
	DEVICES,
	MISC,
	NODE("/dev/nvidia-nvswitchctl", "234:255"),
	NODE("/dev/nvidia-nvswitch0", "234:0"),
	NODE("/dev/nvidia-nvswitch10", "234:10"),
	NODE("/dev/nvidia-nvswitchx", "234:3"),
	NODE("/dev/nvidia-fs0", "238:0"),
	NODE("/dev/nvidia-fs1", "1:1"),
	{TREE_DIR, "/run/udev", NULL, 0},
	FILED("/etc/cufile.json", "{}"),
	NODE("/dev/infiniband/uverbs0", "231:192"),
	NODE("/dev/infiniband/umad0", "231:0"),
	NODE("/dev/infiniband/rdma_cm", "10:57"),
	NODE("/dev/gdrdrv", "239:0"),
	ENDED,
};

static void host_gates_give_what_was_asked_for(void **state)
{
	static const struct {
		unsigned gates;
		const char *parts;
		unsigned warnings;
	} cases[] = {
		{0, "", 0},
		{HOST_GATE_NVSWITCH,
		 "nvswitch nvswitch\n  device 0:/dev/nvidia-nvswitchctl\n"
		 "  device 0:/dev/nvidia-nvswitch0\n  device 0:/dev/nvidia-nvswitch10\n",
		 0},
		{HOST_GATE_GDS,
		 "gds gds\n  device 0:/dev/nvidia-fs0\n  dir 0:/run/udev\n"
		 "  file 0:/etc/cufile.json\n",
		 1},
		{HOST_GATE_MOFED,
		 "mofed mofed\n  device 0:/dev/infiniband/uverbs0\n"
		 "  device 0:/dev/infiniband/rdma_cm\n",
		 0},
		{HOST_GATE_GDRCOPY, "gdrcopy gdrcopy\n  device 0:/dev/gdrdrv\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		read_world(&world, gated, cases[i].gates);

		assert_string_equal(world.parts, cases[i].parts);
		assert_int_equal(world.setup.warnings, cases[i].warnings);
		world_done(&world);
	}
}

static void host_gates_without_a_node_bring_no_files(void **state)
{
	static const struct tree_entry entries[] = {
		DEVICES,
		{TREE_DIR, "/run/udev", NULL, 0},
		FILED("/etc/cufile.json", "{}"),
		FILED("/dev/nvidia-fs0", "x"),
		NODE("/dev/gdrdrv", "1:3"),
		{TREE_LINK, "/dev/infiniband/uverbs0", "../gdrdrv", 0},
		NODE("/dev/infiniband/rdma_cm", "10:57"),
		ENDED,
	};
	struct world world;

	(void)state;
	read_world(&world, entries, HOST_GATE_EVERY);

	assert_string_equal(world.parts, "");
	assert_int_equal(world.setup.warnings, 4);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_gates_give_what_was_asked_for),
		cmocka_unit_test(host_gates_without_a_node_bring_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
