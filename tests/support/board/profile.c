/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <string.h>

static const struct board boards[] = {
	{"nano", "R32",
	 "nvidia,p3449-0000-b00+p3448-0000-b00 nvidia,p3450-0000 nvidia,jetson-nano "
	 "nvidia,tegra210",
	 "NVIDIA Jetson Nano Developer Kit", "Tegra210", "33", "t210ref"},
	{"tx2", "R32",
	 "nvidia,p2597-0000+p3310-1000 nvidia,quill nvidia,p2771-0000 nvidia,tegra186", "quill",
	 "Tegra186", "24", "t186ref"},
	{"xavier", "R35", "nvidia,p2972-0000 nvidia,tegra194", "Jetson-AGX", "Tegra", "25",
	 "t186ref"},
	{"xavier-nx", "R35", "nvidia,p3509-0000+p3668-0001 nvidia,tegra194",
	 "NVIDIA Jetson Xavier NX Developer Kit", "Tegra", "25", "t186ref"},
	{"orin", "R36", "nvidia,p3737-0000+p3701-0005 nvidia,p3701-0005 nvidia,tegra234",
	 "NVIDIA Jetson AGX Orin Developer Kit", "Tegra", "35", NULL},
	{"orin-nano", "R36", "nvidia,p3768-0000+p3767-0005-super nvidia,p3767-0005 nvidia,tegra234",
	 "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super", "Tegra", "35", NULL},
	{"thor", "R38", "nvidia,p4071-0000+p3834-0008 nvidia,p3834-0008 nvidia,tegra264",
	 "NVIDIA Jetson AGX Thor Developer Kit", "Tegra", "38", NULL},
};

#define USERSPACE_DIR                                                                              \
	"# KERNEL_VARIANT: oot\n"                                                                  \
	"TARGET_USERSPACE_LIB_DIR=nvidia\n"                                                        \
	"TARGET_USERSPACE_LIB_DIR_PATH=usr/lib/aarch64-linux-gnu/nvidia\n"

static const struct release releases[] = {
	{.name = "R32",
	 .folder = "l4t-r32",
	 .line = "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, "
		 "DATE: Wed Feb  2 21:33:23 UTC 2022",
	 .ref = "t186ref",
	 .more = "",
	 .driver = "32.7.1",
	 .dir = "tegra",
	 .cuda = 10020,
	 .chip_id = true},
	{.name = "R35",
	 .folder = "l4t-r35",
	 .line = "# R35 (release), REVISION: 3.1, GCID: 32790763, BOARD: t186ref, EABI: aarch64, "
		 "DATE: Wed Mar 15 07:54:12 UTC 2023",
	 .ref = "t186ref",
	 .more = "",
	 .driver = "35.3.1",
	 .dir = "tegra",
	 .cuda = 11040,
	 .chip_id = true,
	 .merged_usr = true},
	{.name = "R36",
	 .folder = "l4t-r36",
	 .line = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, "
		 "DATE: Wed Jan  8 01:49:37 UTC 2025",
	 .ref = "generic",
	 .more = USERSPACE_DIR,
	 .driver = "540.4.0",
	 .dir = "nvidia",
	 .cuda = 12060,
	 .merged_usr = true},
	{.name = "R38",
	 .folder = "l4t-r38",
	 .line = "# R38 (release), REVISION: 2.2, GCID: 42205042, BOARD: generic, EABI: aarch64, "
		 "DATE: Thu Sep 25 22:47:11 UTC 2025",
	 .ref = "generic",
	 .more = USERSPACE_DIR "INSTALL_TYPE=\n",
	 .driver = "580.00",
	 .dir = "nvidia",
	 .cuda = 13000,
	 .merged_usr = true},
	{.name = "R39",
	 .folder = "l4t-r39",
	 .line = "# R39 (release), REVISION: 2.0, GCID: 45755727, BOARD: generic, EABI: aarch64, "
		 "DATE: Mon Jun  1 09:28:48 PM UTC 2026",
	 .ref = "generic",
	 .more = USERSPACE_DIR "INSTALL_TYPE=\n",
	 .driver = "595.78",
	 .dir = "nvidia",
	 .cuda = 13020,
	 .merged_usr = true},
};

static const struct {
	const char *release, *board;
} default_boards[] = {
	{"R32", "nano"}, {"R35", "xavier"}, {"R36", "orin"}, {"R38", "thor"}, {"R39", "thor"},
};

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < sizeof(default_boards) / sizeof(default_boards[0]); i++)
		if (strcmp(default_boards[i].release, name) == 0)
			name = default_boards[i].board;
	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++)
		if (strcmp(boards[i].name, name) == 0)
			return &boards[i];
	return NULL;
}

const struct release *release_find(const char *name)
{
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if (strcmp(releases[i].name, name) == 0)
			return &releases[i];
	return NULL;
}

const char *board_name(size_t index)
{
	return index < sizeof(boards) / sizeof(boards[0]) ? boards[index].name : NULL;
}
