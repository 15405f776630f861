/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things may come from and where they go: allowed prefixes and path-map of the settings.
 * Paths are absolute and in normal form. Pure.
 */
#ifndef HOST_PLACES_H
#define HOST_PLACES_H

#include <stdbool.h>

#include "settings/settings.h"

/** True if path is one of the allowed prefixes or lies below one. */
bool places_allow(const struct settings *settings, const char *path);

/** True if path is allowed, or a directory on the way to something allowed. */
bool places_lead(const struct settings *settings, const char *path);

/** Path in the container: the longest rule whose directory holds path; what lies below the rule's
 *  new place already keeps its own. The caller frees; NULL without memory. */
char *places_target(const struct settings *settings, const char *path);

/** Text that a link needs in the container. link and next are where the link and what it names lie
 *  in the container, text what the board's link says. Kept as it is when it still leads there,
 * whether /lib and the like are links or not, else next. The caller frees; NULL without memory. */
char *places_link_text(const char *link, const char *next, const char *text);

#endif
