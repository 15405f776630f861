/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a board's system lays its folders out, and what it lacks.
 */
#ifndef BOARD_LAYOUT_H
#define BOARD_LAYOUT_H

#include <stdbool.h>

#include "base/err.h"
#include "profile.h"

#define LAYOUT_LISTS       "/etc/nvidia-container-runtime/host-files-for-container.d"
#define LAYOUT_PASSTHROUGH "/usr/share/nvidia-container-passthrough"

enum layout_part {
	PART_LISTS = 1 << 0,        /* and with them /etc/nvidia-container-runtime */
	PART_RELEASE = 1 << 1,      /* /etc/nv_tegra_release */
	PART_RELEASE_MORE = 1 << 2, /* all but its first line */
	PART_DEVICE_TREE = 1 << 3,
	PART_SOC = 1 << 4,     /* /sys/devices/soc0 */
	PART_CHIP_ID = 1 << 5, /* the parameter of tegra_fuse */
	PART_LD_CONF = 1 << 6, /* the driver's lines for ldconfig */
	PART_OBJECTS = 1 << 7, /* what the lists name */
};

struct layout {
	bool merged_usr;    /* /bin, /lib, ... are links to those of /usr */
	const char *libdir; /* OpenEmbedded's folder of libraries; NULL = Debian's folders */
	const char *lists;  /* folder of the mount lists on the board */
	unsigned without;   /* enum layout_part */
};

/** As the release has it, then by words with commas: usrmerge or split, oe or oe64. */
int layout_parse(const char *words, const struct release *release, struct layout *ret,
		 struct err *err);
/** Adds the parts that the words with commas name. */
int layout_leave_out(const char *words, struct layout *ret, struct err *err);
/** A row's path as lists of such a board name it: OpenEmbedded has the driver's libraries in
 * libdir, and leaves what it takes from NVIDIA as it is (its passthrough tree) where it is. The
 * caller frees. */
char *layout_row(const struct layout *layout, const struct release *release, const char *path);
/** Path of the object that a row names: /usr/lib/x for /lib/x where these are one. The caller
 * frees. */
char *layout_object(const struct layout *layout, const char *path);
/** Where on the board that object lies: some are in the passthrough tree. The caller frees. */
char *layout_place(const struct layout *layout, const char *path);

#endif
