/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of other drivers, each opened by a wish of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "devworld.h"
#include "host/miggates.h"

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

/* GPU 0 has two of its three instances, and one node of these; GPU 1 cannot be divided. */
#define CAN_BE_DIVIDED                                                                             \
	CAP("/mig/config", "1"), CAP("/gpu0/mig/gi1/access", "12"),                                \
		FILED(CAPS "/gpu0/mig/gi1/ci0/access", ""),                                        \
		FILED("/proc/driver/nvidia-caps/mig-minors",                                       \
		      "config 1\nmonitor 2\ngpu0/gi1/access 12\ngpu0/gi1/ci0/access 13\n"          \
		      "gpu0/gi2/access 21\ngpu1/gi1/access 147\ngpu2/gi1/access 282\n"),           \
		NODE("/dev/nvidia-caps/nvidia-cap12", "235:12"),                                   \
		NODE("/dev/nvidia-caps/nvidia-cap147", "235:147")

static void host_gates_of_mig_are_all_that_a_gpu_could_have(void **state)
{
	static const struct {
		const char *name;
		struct tree_entry entries[16];
		const char *parts; /* the last of them */
		unsigned warnings;
	} cases[] = {
		{"nodes",
		 {GPU0, INFORMATION("0000:02:00.0", "1"), CAN_BE_DIVIDED, ENDED},
		 "mig-config mig of GPU 0 gpu 0\n"
		 "  dir 1:/proc/driver/nvidia/capabilities/gpu0\n"
		 "  device 0:/dev/nvidia-caps/nvidia-cap12\n"
		 "  device 0:/dev/nvidia-caps/nvidia-cap13 later 235:13\n"
		 "  device 0:/dev/nvidia-caps/nvidia-cap21 later 235:21\n",
		 0},
		{"a node of somebody else's gives nothing, not even a rule",
		 {GPU0, CAN_BE_DIVIDED, NODE("/dev/nvidia-caps/nvidia-cap13", "1:1"), ENDED},
		 "  device 0:/dev/nvidia-caps/nvidia-cap12\n"
		 "  device 0:/dev/nvidia-caps/nvidia-cap21 later 235:21\n",
		 2},
		{"files alone, as old drivers have it",
		 {VERSION, FILED("/proc/devices", "Character devices:\n195 nvidia-frontend\n"),
		  INFORMATION("0000:01:00.0", "0"), CAN_BE_DIVIDED, ENDED},
		 "mig-config mig of GPU 0 gpu 0\n"
		 "  dir 1:/proc/driver/nvidia/capabilities/gpu0\n",
		 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].parts);
		struct world world;
		const char *end;

		read_world(&world, cases[i].entries, HOST_GATE_MIG);

		end = strstr(world.parts, "lacks");
		end = end == NULL ? world.parts + strlen(world.parts) : end;
		if ((size_t)(end - world.parts) < len ||
		    memcmp(end - len, cases[i].parts, len) != 0)
			fail_msg("%s: %s", cases[i].name, world.parts);
		assert_int_equal(world.setup.warnings, cases[i].warnings);
		world_done(&world);
	}
}

static void host_gates_of_mig_are_not_endless(void **state)
{
	static const struct tree_entry entries[] = {
		GPU0, {TREE_DIR, CAPS "/gpu0/mig", NULL, 0}, ENDED};
	auto_done(strbuf) struct strbuf minors = {0};
	struct world world;
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 4 * MIGGATES_MAX_NODES; i++)
		strbuf_addf(&minors, "gpu0/gi%u/access %u\n", i % 1000, i);
	assert_false(strbuf_failed(&minors));
	read_world(&world, entries, 0);
	tree_write(&world.tree, "/proc/driver/nvidia-caps/mig-minors", minors.data, minors.len,
		   0644);

	assert_int_equal(host_find_gates(&world.setup.host, HOST_GATE_MIG, world.setup.inv, NULL),
			 0);

	vec_each(item, &world.setup.inv->items) n += item->later;
	assert_int_equal(n, MIGGATES_MAX_NODES);
	assert_int_equal(world.setup.warnings, 1);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_gates_give_what_was_asked_for),
		cmocka_unit_test(host_gates_without_a_node_bring_no_files),
		cmocka_unit_test(host_gates_of_mig_are_all_that_a_gpu_could_have),
		cmocka_unit_test(host_gates_of_mig_are_not_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
