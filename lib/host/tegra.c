/* SPDX-License-Identifier: Apache-2.0 */
#include "host/tegra.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ANY          UINT_MAX /* every patch level, or every minor number */

static const struct tegra_soc socs[] = {
	{"tegra210", 0x21, "GM20B", "Maxwell", "5.3", "NVIDIA Tegra X1"},
	{"tegra186", 0x18, "GP10B", "Pascal", "6.2", "NVIDIA Tegra X2"},
	{"tegra194", 0x19, "GV11B", "Volta", "7.2", "Xavier"},
	{"tegra234", 0x23, "GA10B", "Ampere", "8.7", "Orin"},
	{"tegra264", 0x26, NULL, "Blackwell", "11.0", "NVIDIA Thor"},
};

/* In order of preference: modules with their variant, modules, then carriers and product names. */
static const struct tegra_board boards[] = {
	{"p3448-0003", "Jetson Nano 2GB"},
	{"p3636-0001", "Jetson TX2 NX"},
	{"p3489-0000", "Jetson TX2i"},
	{"p3767-0000", "Jetson Orin NX 16GB"},
	{"p3767-0001", "Jetson Orin NX 8GB"},
	{"p3767-0003", "Jetson Orin Nano 8GB"},
	{"p3767-0004", "Jetson Orin Nano 4GB"},
	{"p3767-0005", "Jetson Orin Nano 8GB (developer kit)"},
	{"p3701-0002", "IGX Orin"},
	{"p3701-0004", "Jetson AGX Orin 32GB"},
	{"p3701-0005", "Jetson AGX Orin 64GB"},
	{"p3834-0000", "Jetson T4000"},
	{"p3834-0008", "Jetson AGX Thor"},
	{"galen-industrial", "Jetson AGX Xavier Industrial"},
	{"p3448", "Jetson Nano"},
	{"p3310", "Jetson TX2"},
	{"p3636", "Jetson TX2 NX"},
	{"p2888", "Jetson AGX Xavier"},
	{"p3668", "Jetson Xavier NX"},
	{"p3767", "Jetson Orin NX or Orin Nano"},
	{"p3701", "Jetson AGX Orin"},
	{"p3834", "Jetson AGX Thor"},
	{"p2771-0888", "Jetson TX2 4GB"},
	{"p2771", "Jetson TX2"},
	{"p2371-2180", "Jetson TX1"},
	{"p3450", "Jetson Nano"},
	{"p2972", "Jetson AGX Xavier"},
	{"p3971", "Jetson AGX Thor"},
	{"jetson-cv", "Jetson TX1"},
	{"jetson-nano", "Jetson Nano"},
	{"quill", "Jetson TX2"},
	{"jetson-xavier", "Jetson AGX Xavier"},
};

/* Rising. */
static const struct tegra_release releases[] = {
	{32, 1, 0, "4.2", "10.0"},      {32, 2, 0, "4.2.1", "10.0"}, {32, 2, 1, "4.2.2", "10.0"},
	{32, 2, 3, "4.2.3", "10.0"},    {32, 3, 1, "4.3", "10.0"},   {32, 4, 2, "4.4 DP", "10.2"},
	{32, 4, 3, "4.4", "10.2"},      {32, 4, 4, "4.4.1", "10.2"}, {32, 5, 0, "4.5", "10.2"},
	{32, 5, 1, "4.5.1", "10.2"},    {32, 5, 2, "4.5.1", "10.2"}, {32, 6, 1, "4.6", "10.2"},
	{32, 7, 1, "4.6.1", "10.2"},    {32, 7, 2, "4.6.2", "10.2"}, {32, 7, 3, "4.6.3", "10.2"},
	{32, 7, 4, "4.6.4", "10.2"},    {32, 7, 5, "4.6.5", "10.2"}, {32, 7, 6, "4.6.6", "10.2"},
	{34, 1, ANY, "5.0 DP", "11.4"}, {35, 1, 0, "5.0.2", "11.4"}, {35, 2, 1, "5.1", "11.4"},
	{35, 3, 1, "5.1.1", "11.4"},    {35, 4, 1, "5.1.2", "11.4"}, {35, 5, 0, "5.1.3", "11.4"},
	{35, 6, 0, "5.1.4", "11.4"},    {35, 6, 1, "5.1.5", "11.4"}, {35, 6, 4, "5.1.6", "11.4"},
	{36, 2, 0, "6.0 DP", "12.2"},   {36, 3, 0, "6.0", "12.2"},   {36, 4, 0, "6.1", "12.6"},
	{36, 4, 3, "6.2", "12.6"},      {36, 4, 4, "6.2.1", "12.6"}, {36, 4, 7, "6.2.1", "12.6"},
	{36, 5, 0, "6.2.2", "12.6"},    {38, 2, ANY, "7.0", "13.0"}, {38, 4, 0, "7.1", "13.0"},
	{39, 2, 0, "7.2", "13.2"},      {39, 2, 1, "7.2.1", "13.2"},
};

static const struct {
	unsigned major, minor;
	const char *version; /* NULL = the L4T version */
} drivers[] = {
	{32, ANY, NULL},    {35, ANY, NULL},    {36, 2, "540.2.0"},  {36, 3, "540.3.0"},
	{36, 4, "540.4.0"}, {36, 5, "540.5.0"}, {38, ANY, "580.00"}, {39, 2, "595.78"},
};

const struct tegra_soc *tegra_soc_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(socs); i++)
		if (strcmp(socs[i].name, name) == 0)
			return &socs[i];
	return NULL;
}

const struct tegra_soc *tegra_soc_by_chip(unsigned chip_id)
{
	for (size_t i = 0; i < COUNT(socs); i++)
		if (socs[i].chip_id == chip_id)
			return &socs[i];
	return NULL;
}

const struct tegra_board *tegra_board_find(const struct strv *compatible, const char **ret_at)
{
	for (size_t i = 0; i < COUNT(boards); i++) {
		for (size_t j = 0; j < compatible->n; j++) {
			const char *at = strstr(compatible->items[j], boards[i].key);

			if (at != NULL) {
				*ret_at = at;
				return &boards[i];
			}
		}
	}
	return NULL;
}

const struct tegra_release *tegra_release_find(unsigned major, unsigned minor, unsigned patch,
					       bool *ret_exact)
{
	const struct tegra_release *below = NULL;

	for (size_t i = 0; i < COUNT(releases); i++) {
		const struct tegra_release *release = &releases[i];

		if (release->major != major || release->minor > minor)
			continue;
		if (release->minor == minor && (release->patch == patch || release->patch == ANY)) {
			*ret_exact = true;
			return release;
		}
		if (release->minor < minor || release->patch < patch)
			below = release;
	}
	if (below != NULL)
		*ret_exact = false;
	return below;
}

const char *tegra_driver_version(unsigned major, unsigned minor, bool *ret_is_l4t)
{
	*ret_is_l4t = false;
	for (size_t i = 0; i < COUNT(drivers); i++) {
		if (drivers[i].major != major ||
		    (drivers[i].minor != minor && drivers[i].minor != ANY))
			continue;
		*ret_is_l4t = drivers[i].version == NULL;
		return drivers[i].version;
	}
	return NULL;
}
