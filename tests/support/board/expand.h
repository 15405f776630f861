/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the pattern of a row to names that a real board has.
 */
#ifndef BOARD_EXPAND_H
#define BOARD_EXPAND_H

#include "base/strv.h"
#include "profile.h"

/** Adds the names that a pattern stands for on the board; a path without wildcards gives itself.
 *  -ENOMEM. */
int expand_glob(const char *pattern, const struct release *release, struct strv *ret);

/** True if the path names a shared library: ".so", or ".so." and a version, at the end. */
bool name_is_library(const char *path);

#endif
