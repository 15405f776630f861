/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in a folder, its parts and lacks as text. Include cmocka.h first. */
#ifndef UNIT_DEVWORLD_H
#define UNIT_DEVWORLD_H

#include "host/devnodes.h"
#include "hostsetup.h"

#define NVIDIA  "/proc/driver/nvidia"
#define CAPS    NVIDIA "/capabilities"
#define CHANNEL "/dev/nvidia-caps-imex-channels/channel"
#define VERSION                                                                                    \
	{                                                                                          \
		TREE_FILE, NVIDIA "/version",                                                      \
			"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15\n", 0           \
	}
#define INFORMATION(address, minor)                                                                \
	{                                                                                          \
		TREE_FILE, NVIDIA "/gpus/" address "/information",                                 \
			"Model: \t\t NVIDIA A\nDevice Minor: \t " minor "\n", 0                    \
	}
#define DEVICES                                                                                    \
	{                                                                                          \
		TREE_FILE, "/proc/devices",                                                        \
			"Character devices:\n  1 mem\n  8 nothing\n195 nvidia\n234 "               \
			"nvidia-nvswitch\n"                                                        \
			"235 nvidia-caps\n236 nvidia-caps-imex-channels\n237 nvidia-uvm\n238 "     \
			"nvidia-fs\n"                                                              \
			"239 gdrdrv\n231 infiniband_verbs\n\nBlock devices:\n  8 sd\n",            \
			0                                                                          \
	}
#define MISC                                                                                       \
	{                                                                                          \
		TREE_FILE, "/proc/misc", "126 dxg\n 57 rdma_cm\n200 tun\n", 0                      \
	}
#define FILED(path, text)                                                                          \
	{                                                                                          \
		TREE_FILE, path, text, 0                                                           \
	}
#define NODE(path, numbers)                                                                        \
	{                                                                                          \
		TREE_CHAR, path, numbers, 0                                                        \
	}
#define CAP(path, minor)                                                                           \
	{                                                                                          \
		TREE_FILE, CAPS path, "DeviceFileMinor: " minor "\nDeviceFileMode: 256\n", 0       \
	}
#define GPU0 VERSION, DEVICES, INFORMATION("0000:01:00.0", "0")
#define ENDED                                                                                      \
	{                                                                                          \
		TREE_END, NULL, NULL, 0                                                            \
	}

/* Two GPUs, the second one divided, with all that belongs to them. */
static const struct tree_entry devworld_whole[] = {
	GPU0,
	INFORMATION("0000:02:00.0", "1"),
	NODE("/dev/nvidiactl", "195:255"),
	NODE("/dev/nvidia-modeset", "195:254"),
	NODE("/dev/nvidia-uvm", "237:0"),
	NODE("/dev/nvidia-uvm-tools", "237:1"),
	NODE("/dev/nvidia0", "195:0"),
	NODE("/dev/nvidia1", "195:1"),
	NODE("/dev/nvidia2", "195:2"),
	NODE("/dev/dri/card1", "226:1"),
	NODE("/dev/dri/renderD128", "226:128"),
	NODE("/dev/dri/card0", "226:0"),
	{TREE_LINK, "/dev/dri/by-path/pci-0000:01:00.0-card", "../card1", 0},
	{TREE_LINK, "/dev/dri/by-path/pci-0000:01:00.0-render", "../renderD128", 0},
	{TREE_LINK, "/dev/dri/by-path/pci-0000:02:00.0-card", "../card0", 0},
	{TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card1", NULL, 0},
	{TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/renderD128", NULL, 0},
	{TREE_DIR, "/sys/bus/pci/devices/0000:01:00.0/drm/card1-HDMI-A-1", NULL, 0},
	CAP("/mig/config", "1"),
	CAP("/mig/monitor", "2"),
	NODE("/dev/nvidia-caps/nvidia-cap1", "235:1"),
	NODE("/dev/nvidia-caps/nvidia-cap2", "235:2"),
	CAP("/gpu1/mig/gi1/access", "12"),
	FILED(CAPS "/gpu1/mig/gi1/ci0/access", ""),
	FILED("/proc/driver/nvidia-caps/mig-minors",
	      "config 1\ngpu1/gi1/access 99\ngpu1/gi1/ci0/access 13\n"),
	NODE("/dev/nvidia-caps/nvidia-cap12", "235:12"),
	NODE("/dev/nvidia-caps/nvidia-cap13", "235:13"),
	NODE(CHANNEL "0", "236:0"),
	NODE(CHANNEL "2047", "236:2047"),
	ENDED,
};

static inline char *dump_parts(const struct inventory *inv)
{
	struct strbuf text = {0};

	vec_each(part, &inv->driver.parts)
	{
		strbuf_addf(&text, "%s %s", part_kind_name(part->kind), part->name);
		if (part->caps != 0)
			strbuf_addf(&text, " caps %x", part->caps);
		if (part->gpu != NO_INDEX)
			strbuf_addf(&text, " gpu %zu", part->gpu);
		if (part->mig != NO_INDEX)
			strbuf_addf(&text, " mig %zu", part->mig);
		if (part->kind == PART_CHANNEL)
			strbuf_addf(&text, " number %u", part->number);
		strbuf_addc(&text, '\n');
		for (size_t i = 0; i < part->n_items; i++)
			dump_item(&text, &inv->items.items[part->first_item + i]);
	}
	vec_each(lack, &inv->driver.lacks)
		strbuf_addf(&text, "lacks %s (%x): %s\n", lack->name, lack->caps, lack->reason);
	return strbuf_take(&text);
}

struct world {
	struct setup setup;
	struct tree tree;
	char *parts;
};

static inline void read_world(struct world *world, const struct tree_entry *entries, unsigned gates)
{
	struct err err = {0};
	int rc;

	*world = (struct world){0};
	tree_make(&world->tree, entries);
	if (world->tree.no_devices) {
		tree_remove(&world->tree);
		print_message("skipped: nodes cannot be made here\n");
		skip();
	}
	setup_settings(&world->setup, world->tree.root);
	assert_int_equal(setup_read(&world->setup, HOST_LISTS_ALL), 0);
	world->setup.warnings = 0;
	rc = host_read_driver(&world->setup.host, world->setup.inv, &err);
	if (rc == 0)
		rc = host_find_driver_nodes(&world->setup.host, world->setup.inv, &err);
	if (rc == 0)
		rc = host_find_gates(&world->setup.host, gates, world->setup.inv, &err);
	if (rc < 0)
		fail_msg("%s", err.msg);
	world->parts = dump_parts(world->setup.inv);
}

static inline void world_done(struct world *world)
{
	free(world->parts);
	setup_done(&world->setup);
	tree_remove(&world->tree);
}

#endif
