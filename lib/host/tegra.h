/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of Tegra chips, modules and L4T releases, as tables. Pure. The same tables for
 * people, with their sources: docs/boards.md.
 */
#ifndef HOST_TEGRA_H
#define HOST_TEGRA_H

#include <stdbool.h>

#include "base/strv.h"

struct tegra_soc {
	const char *name; /* as in the device tree: "tegra210" */
	unsigned chip_id;
	const char *gpu;
	const char *arch;
	const char *compute; /* compute capability */
	const char *cuda_name;
};

struct tegra_board {
	const char *key; /* part number or other text in a compatible string */
	const char *name;
};

struct tegra_release {
	unsigned major, minor, patch;
	const char *jetpack;
	const char *cuda; /* two numbers */
};

/** NULL when not known. */
const struct tegra_soc *tegra_soc_by_name(const char *name);
const struct tegra_soc *tegra_soc_by_chip(unsigned chip_id);

/** The board that one of the device tree's compatible strings names, NULL when none is known.
 *  Module numbers win over carriers and product names, since carriers of other makers put their own
 *  string first. *ret_at points at the key inside that string. */
const struct tegra_board *tegra_board_find(const struct strv *compatible, const char **ret_at);

/** The release, or the nearest one below it in the same major series with *ret_exact false; NULL
 *  when there is none. */
const struct tegra_release *tegra_release_find(unsigned major, unsigned minor, unsigned patch,
					       bool *ret_exact);

/** Version that the names of the driver's libraries end in, where that is not the L4T version:
 *  "540.3.0" for R36.3. *ret_is_l4t is true where it is. NULL and false: not known. */
const char *tegra_driver_version(unsigned major, unsigned minor, bool *ret_is_l4t);

#endif
