/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in a folder with a stand-in of modprobe, and its nodes as text. Include cmocka.h first.
 */
#ifndef UNIT_KMODWORLD_H
#define UNIT_KMODWORLD_H

#include "apply/kmods.h"
#include "hostsetup.h"

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

static inline void copy_shell(const struct tree *tree)
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
static inline void make_world(struct world *world, const struct tree_entry *entries,
			      const char *modprobe)
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

static inline void world_done(struct world *world)
{
	setup_done(&world->setup);
	tree_remove(&world->tree);
}

static inline void load(struct world *world, bool channel)
{
	struct err err = {0};

	if (kmods_are_missing(&world->setup.host) &&
	    kmods_load(&world->setup.host, channel, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline char *read_text(const struct world *world, const char *path)
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

static inline int collect_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
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
static inline char *dump_nodes(const struct world *world)
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

#endif
