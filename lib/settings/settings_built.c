/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/settings_built.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "settings/settings_keys.h"

/* roots: with colons between them. */
static int add_roots(struct settings *settings, const char *roots)
{
	while (*roots != '\0') {
		size_t len = strcspn(roots, ":");
		auto_free char *root = strndup(roots, len);
		auto_free char *path = root == NULL ? NULL : path_normal(root);

		if (path == NULL || strv_add(&settings->alt_roots, path) < 0)
			return -ENOMEM;
		roots += len + (roots[len] == ':');
	}
	return 0;
}

/* map: "FROM:TO", or nothing. */
static int add_map(struct settings *settings, const char *map)
{
	const char *colon = strchr(map, ':');
	auto_free char *from = colon == NULL ? NULL : strndup(map, (size_t)(colon - map));

	if (colon == NULL)
		return 0;
	return from == NULL ? -ENOMEM : settings_path_map_add(settings, from, colon + 1);
}

int settings_built(struct settings *settings)
{
	settings->list_dir = path_normal(BUILT_CSV_DIR);
	if (settings->list_dir == NULL || add_roots(settings, BUILT_ALT_ROOTS) < 0)
		return -ENOMEM;
	return add_map(settings, BUILT_PATH_MAP);
}
