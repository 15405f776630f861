/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of config.toml: names, types, and how each becomes a field. For settings.c only. Pure.
 */
#ifndef SETTINGS_SETTINGS_KEYS_H
#define SETTINGS_SETTINGS_KEYS_H

#include "format/toml.h"
#include "settings/settings.h"

#define SETTINGS_N_CAPABILITIES 7

/* Every driver capability, in the order of NVIDIA's default. */
extern const char *const settings_capabilities[SETTINGS_N_CAPABILITIES];

/** Adds one rule to path_map, with copies of both paths in normal form. -ENOMEM. */
int settings_path_map_add(struct settings *settings, const char *from, const char *to);

/** Releases the rules of path_map. */
void settings_path_map_clear(struct settings *settings);

/** Puts the entries into settings. -EINVAL: wrong type or value, with line and column. */
int settings_keys_apply(struct settings *settings, const struct toml *toml, const char *file,
			const struct log *log, struct err *err);

#endif
