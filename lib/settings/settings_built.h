/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults that whoever builds nvc chooses: cmake/Options.cmake. For settings.c only. Pure. */
#ifndef SETTINGS_SETTINGS_BUILT_H
#define SETTINGS_SETTINGS_BUILT_H

#include "settings/settings.h"

/** Sets list_dir, and adds to the empty alt_roots and path_map. -ENOMEM. */
int settings_built(struct settings *settings);

#endif
