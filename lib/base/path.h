/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as text. Nothing is looked up, so nothing here says where a path leads: for that see
 * sys/rootfs.h. Pure.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/** Normal form of an absolute path: single slashes, no ".", ".." taken back textually, no slash at
 *  the end; "/" stays. A relative path is taken as relative to "/". The caller frees; NULL without
 *  memory. */
char *path_normal(const char *path);

/** dir + "/" + name in normal form; an absolute name wins. The caller frees. */
char *path_join(const char *dir, const char *name);

/** Directory part of a normal absolute path ("/" for "/a"). The caller frees. */
char *path_dirname(const char *path);

/** Points at the last component inside path. */
const char *path_basename(const char *path);

/** True if path is dir or lies below it, by components: "/a/bc" is not below "/a/b". Both normal.
 */
bool path_is_below(const char *path, const char *dir);

/** True for one component that can be a name: not empty, ".", "..", no "/", at most NAME_MAX. */
bool path_is_name(const char *name);

#endif
