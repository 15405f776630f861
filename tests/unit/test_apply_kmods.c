/* SPDX-License-Identifier: Apache-2.0 */
/* Modules and nodes of a stand-in machine, by a stand-in of modprobe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "apply/kmods.h"
#include "hostsetup.h"
#include "sys/entry.h"
#include "vectors.h"

#define NVIDIA  "/proc/driver/nvidia"
#define VERSION "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15\\n"
#define BUSYBOX "/bin/busybox"
#define PCI     "/sys/bus/pci/devices/0000:01:00.0/"
#define DEVICES                                                                                    \
	"Character devices:\n195 nvidia\n235 nvidia-caps\n236 nvidia-caps-imex-channels\n"         \
	"237 nvidia-uvm\n"

/* What a kernel does on loading, and a list of what was asked for; nothing but the shell's own. */
#define MODPROBE                                                                                   \
	"#!/bin/sh\n"                                                                              \
	"echo \"$0 $* $# ${HOME-}${PATH_INFO-}\" >>/asked\n"                                       \
	"case $1 in\n"                                                                             \
	"nvidia) printf '" VERSION "' >" NVIDIA "/version ;;\n"                                    \
	"nvidia-uvm) printf '237 nvidia-uvm\\n' >>/proc/devices ;;\n"                              \
	"esac\n"

#define BROKEN "#!/bin/sh\necho \"$0 $* $# \" >>/asked\nexit 1\n"

#define CARD                                                                                       \
	{TREE_FILE, PCI "vendor", "0x10de\n", 0}, {TREE_FILE, PCI "class", "0x030200\n", 0},       \
	{                                                                                          \
		TREE_DIR, "/dev", NULL, 0                                                          \
	}
#define INFORMATION(address, minor)                                                                \
	{                                                                                          \
		TREE_FILE, NVIDIA "/gpus/" address "/information",                                 \
			"Model: \t\t NVIDIA A\nDevice Minor: \t " minor "\n", 0                    \
	}
#define LOADED                                                                                     \
	{TREE_FILE, NVIDIA "/version", "NVRM version: NVIDIA UNIX  550.54.15\n", 0},               \
		{TREE_FILE, "/proc/devices", DEVICES, 0},                                          \
		{TREE_DIR, "/sys/module/nvidia_modeset", NULL, 0},                                 \
		INFORMATION("0000:01:00.0", "0")
#define CAP(path, minor, mode)                                                                     \
	{                                                                                          \
		TREE_FILE, NVIDIA "/capabilities" path,                                            \
			"DeviceFileMinor: " minor "\nDeviceFileMode: " mode                        \
			"\nDeviceFileModify: 1\n",                                                 \
			0                                                                          \
	}

struct world {
	struct setup setup;
	struct tree tree;
	bool has_modprobe;
};

static void copy_shell(const struct tree *tree)
{
	char *data = malloc(8 << 20);
	FILE *file = fopen(BUSYBOX, "re");
	size_t len;

	assert_non_null(data);
	assert_non_null(file);
	len = fread(data, 1, 8 << 20, file);
	assert_int_equal(fclose(file), 0);
	tree_write(tree, "/bin/sh", data, len, 0755);
	free(data);
}

/* Gives nodes to devices, or skips the test. */
static void make_world(struct world *world, const struct tree_entry *entries, const char *modprobe)
{
	struct err err = {0};

	*world = (struct world){0};
	tree_make(&world->tree, entries);
	tree_add(&world->tree, &(struct tree_entry){TREE_CHAR, "/probe", NULL, 0});
	if (geteuid() != 0 || world->tree.no_devices ||
	    (modprobe != NULL && access(BUSYBOX, X_OK) < 0)) {
		tree_remove(&world->tree);
		print_message("skipped: needs root, nodes and " BUSYBOX "\n");
		skip();
	}
	if (modprobe != NULL) {
		copy_shell(&world->tree);
		tree_write(&world->tree, "/sbin/modprobe", modprobe, strlen(modprobe), 0755);
	}
	setup_settings(&world->setup, world->tree.root);
	world->setup.log = (struct log){LOG_LEVEL_DEBUG, setup_count_warning, &world->setup};
	assert_int_equal(
		host_open(&world->setup.host, &world->setup.settings, &world->setup.log, &err), 0);
}

static void world_done(struct world *world)
{
	setup_done(&world->setup);
	tree_remove(&world->tree);
}

static void load(struct world *world, bool channel)
{
	struct err err = {0};

	if (kmods_are_missing(&world->setup.host) &&
	    kmods_load(&world->setup.host, channel, &err) < 0)
		fail_msg("%s", err.msg);
}

static char *read_text(const struct world *world, const char *path)
{
	char full[PATH_MAX];
	char text[1024] = "";
	FILE *file;

	tree_path(&world->tree, path, full);
	file = fopen(full, "re");
	if (file != NULL) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		(void)fclose(file);
	}
	return strdup(text);
}

static struct strv *found_nodes;

static int collect_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	if (S_ISCHR(st->st_mode))
		assert_int_equal(strv_addf(found_nodes, "%s %u:%u %04o %u:%u",
					   strstr(path, "/dev/") + strlen("/dev/"),
					   major(st->st_rdev), minor(st->st_rdev),
					   st->st_mode & 07777, st->st_uid, st->st_gid),
				 0);
	return 0;
}

/* One line for each node below /dev, sorted. */
static char *dump_nodes(const struct world *world)
{
	struct strv nodes = {0};
	struct strbuf text = {0};
	char dev[PATH_MAX];

	tree_path(&world->tree, "/dev", dev);
	found_nodes = &nodes;
	assert_int_equal(nftw(dev, collect_node, 8, FTW_PHYS), 0);
	strv_sort(&nodes);
	for (size_t i = 0; i < nodes.n; i++)
		strbuf_addf(&text, "%s\n", nodes.items[i]);
	strv_done(&nodes);
	return strbuf_take(&text);
}

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

/* ---- the peer's ---- */

static unsigned major_of(const json_t *devices, const char *name)
{
	return (unsigned)json_integer_value(json_object_get(devices, name));
}

/* The calls that the peer makes, as lines of dump_nodes(). */
static char *nodes_wanted(const json_t *calls)
{
	struct strv nodes = {0};
	struct strbuf text = {0};
	json_t *call;
	size_t i;

	json_array_foreach(calls, i, call)
	{
		const char *path = json_string_value(json_object_get(call, "S"));

		assert_int_equal(
			strv_addf(&nodes, "%s %u:%u 0666 0:0", strstr(path, "/dev/") + 5,
				  (unsigned)json_integer_value(json_object_get(call, "N1")),
				  (unsigned)json_integer_value(json_object_get(call, "N2"))),
			0);
	}
	strv_sort(&nodes);
	for (i = 0; i < nodes.n; i++)
		strbuf_addf(&text, "%s\n", nodes.items[i]);
	strv_done(&nodes);
	return strbuf_take(&text);
}

static enum vectors_result run_nodes(const json_t *input, const json_t *expected)
{
	static const struct tree_entry entries[] = {
		CARD,
		{TREE_FILE, NVIDIA "/version", "NVRM version: 550.54.15\n", 0},
		{TREE_END, NULL, NULL, 0},
	};
	const json_t *devices = json_object_get(input, "devices");
	char *want = nodes_wanted(json_object_get(expected, "expectedCalls"));
	struct strbuf text = {0};
	struct world world;
	const char *name;
	json_t *major;
	char *nodes;
	bool same;

	make_world(&world, entries, NULL);
	strbuf_adds(&text, "Character devices:\n");
	json_object_foreach((json_t *)(uintptr_t)devices, name, major) if (json_is_integer(major))
		strbuf_addf(&text, "%u %s\n", major_of(devices, name), name);
	tree_write(&world.tree, "/proc/devices", text.data, text.len, 0644);
	load(&world, false);
	nodes = dump_nodes(&world);
	same = strcmp(nodes, want) == 0;
	strbuf_done(&text);
	free(nodes);
	free(want);
	world_done(&world);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_load_all(const json_t *input, const json_t *expected)
{
	static const struct tree_entry entries[] = {
		CARD,
		{TREE_DIR, NVIDIA, NULL, 0},
		{TREE_FILE, "/proc/devices", "Character devices:\n", 0},
		{TREE_END, NULL, NULL, 0},
	};
	struct strbuf want = {0};
	struct world world;
	json_t *call;
	char *asked;
	size_t i;
	bool same;

	make_world(&world, entries,
		   json_is_null(json_object_get(input, "runError")) ? MODPROBE : BROKEN);
	load(&world, false);
	asked = read_text(&world, "/asked");
	json_array_foreach(json_object_get(expected, "expectedCalls"), i, call)
	{
		const json_t *words = json_object_get(call, "Strings");

		strbuf_addf(&want, "/sbin/modprobe %s 1 \n",
			    json_string_value(json_array_get(words, json_array_size(words) - 1)));
	}
	same = strcmp(asked, want.data == NULL ? "" : want.data) == 0;
	strbuf_done(&want);
	free(asked);
	world_done(&world);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_device_nodes(const char *test, const json_t *input,
					    const json_t *expected, char *detail, size_t size)
{
	(void)detail;
	(void)size;
	if (strcmp(test, "TestCreateControlDevices") == 0)
		return run_nodes(input, expected);
	if (strcmp(test, "TestLoadAll") == 0)
		return run_load_all(input, expected);
	/* which modules there are is not a caller's choice */
	assert_string_equal(test, "TestLoad");
	return VECTORS_SKIPPED;
}

static void device_nodes_of_the_peer_are_made(void **state)
{
	(void)state;

	vectors_run("device_nodes", NULL, run_device_nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kmods_that_are_missing_are_loaded_and_nodes_made),
		cmocka_unit_test(kmods_second_time_finds_all_of_it),
		cmocka_unit_test(kmods_of_a_machine_in_a_folder_stay_out_of_this_kernel),
		cmocka_unit_test(kmods_modprobe_that_hangs_is_ended),
		cmocka_unit_test(entry_make_node_is_never_over_anything),
		cmocka_unit_test(device_nodes_of_the_peer_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
