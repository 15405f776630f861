/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes, files and links belong to a GPU, and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devworld.h"

static const char whole_parts[] =
	"control nvidiactl\n  device 0:/dev/nvidiactl\n"
	"uvm nvidia-uvm caps 11\n  device 0:/dev/nvidia-uvm\n  device 0:/dev/nvidia-uvm-tools\n"
	"modeset nvidia-modeset caps 20\n  device 0:/dev/nvidia-modeset\n"
	"gpu /dev/nvidia0 gpu 0\n  device 0:/dev/nvidia0\n"
	"  device 0:/dev/dri/card1\n  link 0:/dev/dri/by-path/pci-0000:01:00.0-card -> ../card1\n"
	"  device 0:/dev/dri/renderD128\n"
	"  link 0:/dev/dri/by-path/pci-0000:01:00.0-render -> ../renderD128\n"
	"gpu-proc 00000000:01:00.0 gpu 0\n  dir 1:/proc/driver/nvidia/gpus/0000:01:00.0\n"
	"gpu /dev/nvidia1 gpu 1\n  device 0:/dev/nvidia1\n"
	"gpu-proc 00000000:02:00.0 gpu 1\n  dir 1:/proc/driver/nvidia/gpus/0000:02:00.0\n"
	"mig MIG 1:0 of GPU 1 gpu 1 mig 0\n"
	"  file 1:/proc/driver/nvidia/capabilities/gpu1/mig/gi1/access\n"
	"  device 0:/dev/nvidia-caps/nvidia-cap12\n"
	"  file 1:/proc/driver/nvidia/capabilities/gpu1/mig/gi1/ci0/access\n"
	"  device 0:/dev/nvidia-caps/nvidia-cap13\n"
	"mig-config mig/config\n  file 1:/proc/driver/nvidia/capabilities/mig/config\n"
	"  device 0:/dev/nvidia-caps/nvidia-cap1\n"
	"mig-monitor mig/monitor\n  file 1:/proc/driver/nvidia/capabilities/mig/monitor\n"
	"  device 0:/dev/nvidia-caps/nvidia-cap2\n"
	"channel channel0 number 0\n  device 0:" CHANNEL "0\n"
	"channel channel2047 number 2047\n  device 0:" CHANNEL "2047\n";

static void host_devices_of_a_whole_machine_are_all_found(void **state)
{
	struct world world;

	(void)state;
	read_world(&world, devworld_whole, 0);

	assert_string_equal(world.parts, whole_parts);
	assert_int_equal(world.setup.warnings, 0);
	world_done(&world);
}

static void host_devices_keep_their_identity(void **state)
{
	struct world world;
	const struct item *item;
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	read_world(&world, devworld_whole, 0);

	item = &world.setup.inv->items.items[0];
	tree_path(&world.tree, item->source, path);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(item->rdev == makedev(195, 255));
	assert_true(item->ino == st.st_ino && item->dev == st.st_dev && item->mode == st.st_mode);
	world_done(&world);
}

struct odd {
	const char *name;
	struct tree_entry entries[12];
	unsigned warnings;
	const char *has;   /* parts and lacks have this */
	const char * not ; /* and not that */
};

static const struct odd odds[] = {
	{"no driver, whatever /dev holds",
	 {DEVICES, NODE("/dev/nvidiactl", "195:255"), NODE("/dev/nvidia0", "195:0")},
	 0,
	 "",
	 "nvidia"},
	{"a disk behind the name of a GPU",
	 {GPU0, {TREE_BLOCK, "/dev/nvidia0", "8:0", 0}},
	 1,
	 "lacks /dev/nvidia0 (7f): ",
	 "gpu /dev/nvidia0"},
	{"a link to a good node",
	 {GPU0, {TREE_LINK, "/dev/nvidia0", "nvidia1", 0}, NODE("/dev/nvidia1", "195:0")},
	 1,
	 "lacks /dev/nvidia0",
	 "device 0:/dev/nvidia0"},
	{"a regular file",
	 {GPU0, FILED("/dev/nvidia0", "x")},
	 1,
	 "lacks /dev/nvidia0",
	 "/dev/nvidia0\n"},
	{"a FIFO",
	 {GPU0, {TREE_FIFO, "/dev/nvidia0", NULL, 0}},
	 1,
	 "lacks /dev/nvidia0",
	 "/dev/nvidia0\n"},
	{"the memory's numbers",
	 {GPU0, NODE("/dev/nvidia0", "1:0")},
	 1,
	 "lacks /dev/nvidia0",
	 "/dev/nvidia0\n"},
	{"another GPU's numbers",
	 {GPU0, NODE("/dev/nvidia0", "195:1")},
	 1,
	 "lacks /dev/nvidia0",
	 "/dev/nvidia0\n"},
	{"another driver's major",
	 {GPU0, NODE("/dev/nvidia-uvm", "234:0")},
	 1,
	 "lacks /dev/nvidia-uvm (11): is something else",
	 "uvm nvidia-uvm"},
	{"a minor of its own driver",
	 {GPU0, NODE("/dev/nvidia-uvm", "237:1")},
	 1,
	 "lacks /dev/nvidia-uvm",
	 "uvm nvidia-uvm"},
	{"a driver that is not loaded",
	 {VERSION, FILED("/proc/devices", "Character devices:\n195 nvidia\n"),
	  NODE("/dev/nvidia-uvm", "237:0")},
	 1,
	 "lacks /dev/nvidia-uvm",
	 "uvm nvidia-uvm"},
	{"a block driver of that name",
	 {VERSION, FILED("/proc/devices", "Block devices:\n237 nvidia-uvm\n"),
	  NODE("/dev/nvidia-uvm", "237:0")},
	 1,
	 "lacks /dev/nvidia-uvm",
	 "uvm nvidia-uvm"},
	{"one of the two of uvm",
	 {GPU0, NODE("/dev/nvidia-uvm", "237:0")},
	 0,
	 "uvm nvidia-uvm caps 11\n  device 0:/dev/nvidia-uvm\nlacks",
	 "uvm-tools\nuvm"},
	{"a number that nobody tells",
	 {VERSION,
	  DEVICES,
	  {TREE_DIR, NVIDIA "/gpus/0000:01:00.0", NULL, 0},
	  NODE("/dev/nvidia0", "195:0")},
	 1,
	 "lacks 00000000:01:00.0 (7f): the number",
	 "/dev/nvidia0"},
	{"a DRM node that is something else",
	 {GPU0,
	  NODE("/dev/nvidia0", "195:0"),
	  NODE("/dev/dri/card0", "1:1"),
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card0", NULL, 0}},
	 1,
	 "device 0:/dev/nvidia0\n",
	 "card0"},
	{"a DRM node by the number of another",
	 {GPU0,
	  NODE("/dev/nvidia0", "195:0"),
	  NODE("/dev/dri/card0", "226:1"),
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card0", NULL, 0}},
	 1,
	 "device 0:/dev/nvidia0\n",
	 "card0"},
	{"a by-path link that leads elsewhere",
	 {GPU0,
	  NODE("/dev/nvidia0", "195:0"),
	  NODE("/dev/dri/card0", "226:0"),
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card0", NULL, 0},
	  {TREE_LINK, "/dev/dri/by-path/pci-0000:01:00.0-card", "../../sda", 0}},
	 1,
	 "device 0:/dev/dri/card0\n",
	 "by-path"},
	{"names in drm that are no nodes",
	 {GPU0,
	  NODE("/dev/nvidia0", "195:0"),
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card0\n../../sda", NULL, 0},
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card", NULL, 0},
	  {TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/controlD64", NULL, 0}},
	 0,
	 "device 0:/dev/nvidia0\n",
	 "/dri/"},
	{"a GPU's folder in the wide form",
	 {VERSION, DEVICES, INFORMATION("00000000:01:00.0", "0"), NODE("/dev/nvidia0", "195:0")},
	 0,
	 "dir 1:/proc/driver/nvidia/gpus/00000000:01:00.0\n",
	 "gpus/0000:01:00.0\n"},
	{"a MIG device without its node",
	 {GPU0, CAP("/gpu0/mig/gi1/access", "12"), CAP("/gpu0/mig/gi1/ci0/access", "13"),
	  NODE("/dev/nvidia-caps/nvidia-cap12", "235:12")},
	 0,
	 "lacks MIG 1:0 of GPU 0 (7f)",
	 "mig MIG"},
	{"a MIG device with a node of another",
	 {GPU0, CAP("/gpu0/mig/gi1/access", "12"), CAP("/gpu0/mig/gi1/ci0/access", "13"),
	  NODE("/dev/nvidia-caps/nvidia-cap12", "235:12"),
	  NODE("/dev/nvidia-caps/nvidia-cap13", "235:1")},
	 1,
	 "lacks MIG 1:0 of GPU 0 (7f)",
	 "nvidia-cap"},
	{"a MIG device by files alone, as old drivers have it",
	 {VERSION, FILED("/proc/devices", "Character devices:\n195 nvidia-frontend\n"),
	  INFORMATION("0000:01:00.0", "0"), CAP("/gpu0/mig/gi1/access", "12"),
	  CAP("/gpu0/mig/gi1/ci0/access", "13")},
	 0,
	 "mig MIG 1:0 of GPU 0 gpu 0 mig 0\n  file 1:",
	 "nvidia-cap1"},
	{"a MIG number out of range",
	 {GPU0, CAP("/gpu0/mig/gi1/access", "1048576"), CAP("/gpu0/mig/gi1/ci0/access", "-1")},
	 0,
	 "lacks MIG 1:0",
	 "mig MIG"},
	{"channels that are none",
	 {GPU0, NODE(CHANNEL "0", "8:0"), FILED(CHANNEL "1", "file"), NODE(CHANNEL "2", "236:0"),
	  NODE(CHANNEL "03", "236:3"), NODE(CHANNEL "1048576", "236:4"),
	  NODE(CHANNEL "-1", "236:1")},
	 3,
	 "lacks",
	 "channel"},
	{"a file of capabilities that others can write",
	 {GPU0,
	  {TREE_FILE, CAPS "/mig/config", "DeviceFileMinor: 1\n", 0666},
	  NODE("/dev/nvidia-caps/nvidia-cap1", "235:1")},
	 1,
	 "lacks",
	 "mig-config"},
	{"lists and a card",
	 {GPU0, FILED(LISTS "/l4t.csv", "dev, /dev/nvidiactl\n"),
	  NODE("/dev/nvidiactl", "195:255")},
	 0,
	 "control nvidiactl\n",
	 "integrated"},
};

static void host_devices_that_are_not_what_they_should_be_are_left_out(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(odds) / sizeof(odds[0]); i++) {
		struct world world;

		print_message("%s\n", odds[i].name);
		read_world(&world, odds[i].entries, 0);

		if (strstr(world.parts, odds[i].has) == NULL ||
		    strstr(world.parts, odds[i].not ) != NULL)
			fail_msg("%s", world.parts);
		assert_int_equal(world.setup.warnings, odds[i].warnings);
		world_done(&world);
	}
}

static void host_devices_of_lists_alone_are_theirs(void **state)
{
	static const struct tree_entry entries[] = {
		VERSION,
		DEVICES,
		FILED(LISTS "/l4t.csv", "dev, /dev/nvidiactl\n"),
		NODE("/dev/nvidiactl", "195:255"),
		NODE("/dev/nvidia0", "195:0"),
		ENDED,
	};
	struct world world;

	(void)state;
	read_world(&world, entries, 0);

	assert_int_equal(world.setup.inv->driver.gpus.n, 1);
	assert_string_equal(world.parts, "");
	world_done(&world);
}

static void host_devices_mig_minors_of_ten_mebibytes_are_not_read(void **state)
{
	static const struct tree_entry entries[] = {
		GPU0,
		FILED(CAPS "/mig/config", ""),
		NODE("/dev/nvidia-caps/nvidia-cap1", "235:1"),
		ENDED,
	};
	const size_t size = 10 << 20;
	struct world world;
	struct tree tree;
	char *text = malloc(size);
	char from[PATH_MAX];
	char to[PATH_MAX];

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = "config 1\n"[i % 9];
	tree_make(&tree, NULL);
	tree_write(&tree, "/mig-minors", text, size, 0644);
	free(text);
	read_world(&world, entries, 0);
	assert_null(strstr(world.parts, "mig-config"));
	tree_path(&tree, "/mig-minors", from);
	tree_make_parents(&world.tree, "/proc/driver/nvidia-caps/mig-minors");
	tree_path(&world.tree, "/proc/driver/nvidia-caps/mig-minors", to);
	assert_int_equal(rename(from, to), 0);

	assert_int_equal(host_find_driver_nodes(&world.setup.host, world.setup.inv, NULL), 0);

	free(world.parts);
	world.parts = dump_parts(world.setup.inv);
	assert_null(strstr(world.parts, "mig-config"));
	world_done(&world);
	tree_remove(&tree);
}

static void host_devices_warn_of_a_few_and_count_the_others(void **state)
{
	static const struct tree_entry entries[] = {GPU0, ENDED};
	struct world world;
	char path[96];

	(void)state;
	read_world(&world, entries, 0);
	for (unsigned i = 0; i < 3 * DEVNODES_MAX_TOLD; i++) {
		(void)snprintf(path, sizeof(path), CHANNEL "%u", i);
		tree_add(&world.tree, &(struct tree_entry){TREE_FILE, path, "", 0});
	}

	assert_int_equal(host_find_driver_nodes(&world.setup.host, world.setup.inv, NULL), 0);

	assert_int_equal(world.setup.warnings, DEVNODES_MAX_TOLD + 1);
	world_done(&world);
}

static void host_devices_of_windows_are_one(void **state)
{
	static const struct {
		struct tree_entry entries[4];
		const char *parts;
		unsigned warnings;
	} cases[] = {
		{{NODE("/dev/dxg", "10:126"), MISC}, "control dxg\n  device 0:/dev/dxg\n", 0},
		{{NODE("/dev/dxg", "10:200"), MISC}, "", 1},
		{{NODE("/dev/dxg", "1:1"), MISC}, "", 1},
		{{NODE("/dev/dxg", "10:126")}, "", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		read_world(&world, cases[i].entries, 0);

		assert_string_equal(world.parts, cases[i].parts);
		assert_int_equal(world.setup.warnings, cases[i].warnings);
		world_done(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_devices_of_a_whole_machine_are_all_found),
		cmocka_unit_test(host_devices_keep_their_identity),
		cmocka_unit_test(host_devices_that_are_not_what_they_should_be_are_left_out),
		cmocka_unit_test(host_devices_of_lists_alone_are_theirs),
		cmocka_unit_test(host_devices_mig_minors_of_ten_mebibytes_are_not_read),
		cmocka_unit_test(host_devices_warn_of_a_few_and_count_the_others),
		cmocka_unit_test(host_devices_of_windows_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
