/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boards and releases that can be simulated: what their /etc, /proc and /sys say.
 */
#ifndef BOARD_PROFILE_H
#define BOARD_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board {
	const char *name;       /* "nano" */
	const char *release;    /* default release, "R32" */
	const char *compatible; /* words with blanks; NUL-separated on the board */
	const char *model;
	const char *family;
	const char *soc_id; /* decimal */
	const char *ref;    /* BOARD of nv_tegra_release; NULL = as the release has it */
};

struct release {
	const char *name;   /* "R32" */
	const char *folder; /* "l4t-r32" */
	const char *line;   /* first line of nv_tegra_release */
	const char *ref;    /* BOARD in line */
	const char *more;   /* further lines */
	const char *driver; /* version in the names of driver libraries */
	const char *dir;    /* library directory below /usr/lib/aarch64-linux-gnu */
	uint32_t cuda;      /* as cuDriverGetVersion gives it */
	bool chip_id;       /* the kernel has tegra_fuse's parameter */
	bool merged_usr;    /* /lib is a link to usr/lib, unless the layout says otherwise */
};

/** NULL = unknown. Also knows releases ("R35"): the board they are simulated on by default. */
const struct board *board_find(const char *name);
const struct release *release_find(const char *name);
/** The names, for --help: NULL after the last. */
const char *board_name(size_t index);

#endif
