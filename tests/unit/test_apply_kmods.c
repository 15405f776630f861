/* SPDX-License-Identifier: Apache-2.0 */
/* Modules and nodes of a stand-in machine, by a stand-in of modprobe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "kmodworld.h"
#include "sys/entry.h"

struct machine {
	const char *name;
	struct tree_entry entries[20];
	const char *modprobe;
	bool no_channel;
	unsigned warnings;
	const char *asked;
	const char *nodes;
};

#define CONTROL                                                                                    \
	"nvidia-modeset 195:254 0666 0:0\nnvidia-uvm 237:0 0666 0:0\n"                             \
	"nvidia-uvm-tools 237:1 0666 0:0\nnvidia0 195:0 0666 0:0\n"                                \
	"nvidiactl 195:255 0666 0:0\n"

static const struct machine machines[] = {
	{.name = "no card",
	 .entries = {{TREE_DIR, "/dev", NULL, 0}},
	 .modprobe = MODPROBE,
	 .asked = "",
	 .nodes = ""},
	{.name = "a card, and nothing loaded",
	 .entries = {CARD,
		     {TREE_FILE, "/proc/devices", "Character devices:\n195 nvidia\n", 0},
		     INFORMATION("0000:01:00.0", "0")},
	 .modprobe = MODPROBE,
	 .asked = "/sbin/modprobe nvidia 1 \n/sbin/modprobe nvidia-uvm 1 \n"
		  "/sbin/modprobe nvidia-modeset 1 \n",
	 .nodes = CONTROL},
	{.name = "uvm alone is missing",
	 .entries = {CARD,
		     {TREE_FILE, NVIDIA "/version", "NVRM version: 550.54.15\n", 0},
		     {TREE_DIR, "/sys/module/nvidia_modeset", NULL, 0},
		     {TREE_FILE, "/proc/devices", "Character devices:\n195 nvidia\n", 0},
		     INFORMATION("0000:01:00.0", "0")},
	 .modprobe = MODPROBE,
	 .asked = "/sbin/modprobe nvidia-uvm 1 \n",
	 .nodes = CONTROL},
	{.name = "a module that is not there",
	 .entries = {CARD},
	 .modprobe = "#!/bin/sh\necho \"FATAL: not found\" >&2\nexit 1\n",
	 .warnings = 1,
	 .asked = "",
	 .nodes = ""},
	{.name = "a modprobe that others can write",
	 .entries = {CARD, {TREE_FILE, "/sbin/modprobe", "#!/bin/sh\necho x >/asked\n", 0777}},
	 .warnings = 1,
	 .asked = "",
	 .nodes = ""},
	{.name = "no modprobe", .entries = {CARD}, .asked = "", .nodes = ""},
	{.name = "loaded, without nodes, with MIG and channels",
	 .entries = {CARD,
		     LOADED,
		     INFORMATION("0000:02:00.0", "7"),
		     {TREE_FILE, NVIDIA "/params",
		      "ModifyDeviceFiles: 1\nDeviceFileUID: 3\nDeviceFileGID: 44\n"
		      "DeviceFileMode: 432\n",
		      0},
		     CAP("/mig/config", "1", "256"),
		     CAP("/mig/monitor", "2", "292"),
		     CAP("/gpu7/mig/gi1/access", "12", "292"),
		     CAP("/gpu7/mig/gi1/ci0/access", "13", "292")},
	 .modprobe = MODPROBE,
	 .asked = "",
	 .nodes = "nvidia-caps-imex-channels/channel0 236:0 0660 3:44\n"
		  "nvidia-caps/nvidia-cap1 235:1 0400 3:44\n"
		  "nvidia-caps/nvidia-cap12 235:12 0444 3:44\n"
		  "nvidia-caps/nvidia-cap13 235:13 0444 3:44\n"
		  "nvidia-caps/nvidia-cap2 235:2 0444 3:44\n"
		  "nvidia-modeset 195:254 0660 3:44\nnvidia-uvm 237:0 0660 3:44\n"
		  "nvidia-uvm-tools 237:1 0660 3:44\nnvidia0 195:0 0660 3:44\n"
		  "nvidia7 195:7 0660 3:44\nnvidiactl 195:255 0660 3:44\n"},
	{.name = "no channels wanted",
	 .entries = {CARD, LOADED},
	 .no_channel = true,
	 .asked = "",
	 .nodes = CONTROL},
	{.name = "files that are not to be modified",
	 .entries = {CARD, LOADED, {TREE_FILE, NVIDIA "/params", "ModifyDeviceFiles: 0\n", 0}},
	 .asked = "",
	 .nodes = ""},
	{.name = "what is there stays",
	 .entries = {CARD,
		     LOADED,
		     {TREE_CHAR, "/dev/nvidia0", "1:3", 0600},
		     {TREE_LINK, "/dev/nvidiactl", "../outside", 0},
		     {TREE_FILE, "/dev/nvidia-uvm", "", 0},
		     {TREE_LINK, "/dev/nvidia-caps-imex-channels", "..", 0},
		     {TREE_FIFO, "/dev/nvidia-caps", NULL, 0},
		     CAP("/mig/config", "1", "256")},
	 .asked = "",
	 .nodes = "nvidia-modeset 195:254 0666 0:0\nnvidia-uvm-tools 237:1 0666 0:0\n"
		  "nvidia0 1:3 0600 0:0\n"},
	{.name = "all that comes last is there",
	 .entries = {CARD,
		     LOADED,
		     {TREE_CHAR, "/dev/nvidia-uvm-tools", "237:1", 0},
		     {TREE_CHAR, "/dev/nvidia-modeset", "195:254", 0}},
	 .modprobe = MODPROBE,
	 .asked = "",
	 .nodes = "nvidia-modeset 195:254 0666 0:0\nnvidia-uvm-tools 237:1 0666 0:0\n"},
	{.name = "all but those of a MIG device",
	 .entries = {CARD,
		     LOADED,
		     {TREE_CHAR, "/dev/nvidia-uvm-tools", "237:1", 0},
		     {TREE_CHAR, "/dev/nvidia-modeset", "195:254", 0},
		     {TREE_CHAR, "/dev/nvidia-uvm", "237:0", 0},
		     {TREE_CHAR, "/dev/nvidia0", "195:0", 0},
		     {TREE_CHAR, "/dev/nvidiactl", "195:255", 0},
		     CAP("/gpu0/mig/gi1/access", "12", "292"),
		     CAP("/gpu0/mig/gi1/ci0/access", "13", "292")},
	 .modprobe = MODPROBE,
	 .asked = "",
	 .nodes = "nvidia-caps/nvidia-cap12 235:12 0444 0:0\n"
		  "nvidia-caps/nvidia-cap13 235:13 0444 0:0\n" CONTROL},
	{.name = "a Tegra's display",
	 .entries = {LOADED, {TREE_DIR, "/dev", NULL, 0}},
	 .modprobe = MODPROBE,
	 .asked = "",
	 .nodes = ""},
	{.name = "Thor's own GPU",
	 .entries = {CARD,
		     {TREE_FILE, NVIDIA "/version", "NVRM version: 580.00\n", 0},
		     {TREE_FILE, "/proc/devices", DEVICES, 0},
		     {TREE_DIR, "/sys/module/nvidia_modeset", NULL, 0},
		     {TREE_FILE, NVIDIA "/gpus/0000:01:00.0/information",
		      "Model: NVIDIA Thor\nDevice Minor: 0\n", 0}},
	 .asked = "",
	 .nodes = ""},
};

static void kmods_that_are_missing_are_loaded_and_nodes_made(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *machine = &machines[i];
		struct world world;
		char *asked;
		char *nodes;

		print_message("%s\n", machine->name);
		make_world(&world, machine->entries, machine->modprobe);
		load(&world, !machine->no_channel && strstr(machine->nodes, "channel0") != NULL);
		asked = read_text(&world, "/asked");
		nodes = dump_nodes(&world);

		assert_string_equal(asked, machine->asked);
		assert_string_equal(nodes, machine->nodes);
		assert_int_equal(world.setup.warnings, machine->warnings);

		free(asked);
		free(nodes);
		world_done(&world);
	}
}

static void kmods_second_time_finds_all_of_it(void **state)
{
	static const struct tree_entry entries[] = {CARD, LOADED, {TREE_END, NULL, NULL, 0}};
	struct world world;

	(void)state;
	make_world(&world, entries, NULL);
	assert_true(kmods_are_missing(&world.setup.host));
	load(&world, true);

	assert_false(kmods_are_missing(&world.setup.host));
	world_done(&world);
}

/* The machine in a folder, the driver's root this machine: its kernel is not meant. */
static void kmods_of_a_machine_in_a_folder_stay_out_of_this_kernel(void **state)
{
	static const struct tree_entry entries[] = {CARD, {TREE_END, NULL, NULL, 0}};
	struct world machine;
	struct world world;
	char *asked;

	(void)state;
	make_world(&machine, entries, NULL);
	make_world(&world, entries, MODPROBE);
	host_close(&world.setup.host);
	free(world.setup.settings.host_root);
	world.setup.settings.host_root = strdup(machine.tree.root);
	assert_int_equal(
		host_open(&world.setup.host, &world.setup.settings, &world.setup.log, NULL), 0);
	load(&world, true);
	asked = read_text(&world, "/asked");

	assert_string_equal(asked, "");
	free(asked);
	world_done(&world);
	world_done(&machine);
}

/* The numbers of the memory, in the folder of somebody who would like to have its node. */
static void kmods_make_no_nodes_by_the_word_of_others(void **state)
{
	static const struct tree_entry entries[] = {
		CARD,
		LOADED,
		{TREE_FILE, NVIDIA "/params", "DeviceFileMode: 438\n", 0},
		CAP("/mig/config", "1", "438"),
		{TREE_END, NULL, NULL, 0}};
	static const char memory[] = "Character devices:\n  1 nvidia-uvm\n  1 nvidia-caps\n";
	static const char *const paths[] = {"",     "/proc",          "/proc/devices",
					    NVIDIA, NVIDIA "/params", NVIDIA "/capabilities"};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(paths) / sizeof(paths[0]); i++) {
		struct world world;
		char path[PATH_MAX];
		char *nodes;

		make_world(&world, entries, NULL);
		tree_write(&world.tree, "/proc/devices", memory, strlen(memory), 0644);
		tree_path(&world.tree, paths[i / 2], path);
		assert_int_equal(i % 2 == 0 ? chown(path, 65534, 0) : chmod(path, 0777), 0);
		load(&world, true);
		nodes = dump_nodes(&world);

		if (nodes[0] != '\0' || world.setup.warnings != 1)
			fail_msg("'%s': %u warnings, %s", paths[i / 2],
				 (unsigned)world.setup.warnings, nodes);
		free(nodes);
		world_done(&world);
	}
}

static void kmods_modprobe_that_hangs_is_ended(void **state)
{
	static const struct tree_entry entries[] = {CARD, {TREE_END, NULL, NULL, 0}};
	struct world world;

	(void)state;
	/* ends with its own standard error, which a child of it would keep open */
	make_world(&world, entries, "#!/bin/sh\nwhile :; do :; done & echo x >&2\nexit 3\n");
	load(&world, true);

	assert_int_equal(world.setup.warnings, 1);
	world_done(&world);
}

static void entry_make_node_is_never_over_anything(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, "/file", "text", 0},
		{TREE_LINK, "/dangling", "made", 0},
		{TREE_DIR, "/dir", NULL, 0},
		{TREE_END, NULL, NULL, 0},
	};
	static const char *const names[] = {"file", "dangling", "dir",    "probe",
					    ".",    "..",       "dir/in", ""};
	const struct entry_node node = {makedev(1, 3), 0640, 5, 6};
	struct world world;
	struct stat st;
	mode_t mask;

	(void)state;
	make_world(&world, entries, NULL);
	mask = umask(0777);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = open(world.tree.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(entry_make_node(fd, names[i], &node), -1);
		assert_int_equal(errno, i < 4 ? EEXIST : EINVAL);
		assert_int_equal(entry_stat(fd, "made", &st), -1);
		if (i == 0) {
			assert_int_equal(entry_make_node(fd, "new", &node), 0);
			assert_int_equal(entry_stat(fd, "new", &st), 0);
			assert_int_equal(st.st_mode, S_IFCHR | 0640);
			assert_true(st.st_rdev == makedev(1, 3) && st.st_uid == 5 &&
				    st.st_gid == 6);
		}
		assert_int_equal(close(fd), 0);
	}
	(void)umask(mask);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kmods_that_are_missing_are_loaded_and_nodes_made),
		cmocka_unit_test(kmods_second_time_finds_all_of_it),
		cmocka_unit_test(kmods_of_a_machine_in_a_folder_stay_out_of_this_kernel),
		cmocka_unit_test(kmods_make_no_nodes_by_the_word_of_others),
		cmocka_unit_test(kmods_modprobe_that_hangs_is_ended),
		cmocka_unit_test(entry_make_node_is_never_over_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
