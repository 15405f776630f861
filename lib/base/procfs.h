/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of procfs. Pure; down here since lib/sys reads some of them itself. Source: proc(5).
 */
#ifndef BASE_PROCFS_H
#define BASE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Major number of a character device class in /proc/devices, by exact name. 1 = found, 0 = not. */
int procfs_char_major(const char *text, size_t len, const char *name, unsigned *ret);

/** True if a driver has that major of character devices in /proc/devices, but none whose name
 * starts with prefix. ret gets its name, cut to size. */
bool procfs_char_stranger(const char *text, size_t len, unsigned major, const char *prefix,
			  char *ret, size_t size);

/** Minor number of a device of major 10 in /proc/misc, by exact name. 1 = found, 0 = not. */
int procfs_misc_minor(const char *text, size_t len, const char *name, unsigned *ret);

/** Path of the cgroup in a /proc/PID/cgroup text: controller "devices" (v1), or "" for the unified
 *  line "0::". The caller frees. 1 = found, 0 = no such line. -EINVAL: a path with "..". */
int procfs_cgroup_path(const char *text, size_t len, const char *controller, char **ret,
		       struct err *err);

/** Mount point and root of the first mount with that filesystem type whose super options hold the
 *  word option (NULL = any) in a mountinfo text; octal escapes undone. The caller frees both.
 *  1 = found, 0 = not. */
int procfs_find_mount(const char *text, size_t len, const char *fstype, const char *option,
		      char **ret_point, char **ret_root, struct err *err);

/** The mount with that id in a mountinfo text: its mount point, and whether what is mounted below
 * it appears in other mount namespaces too (optional field "shared:"). The caller frees. 1 = found,
 *  0 = not. */
int procfs_mount_by_id(const char *text, size_t len, uint64_t id, char **ret_point,
		       bool *ret_shared, struct err *err);

/** True if the mount with that id has the optional field "shared:", and if that cannot be told. */
bool procfs_mount_is_shared(const char *text, size_t len, uint64_t id);

/** Mount point in the first line of a mountinfo text, which is moved behind that line. The caller
 *  frees. 1 = found, 0 = at the end. -EINVAL: no such line. */
int procfs_next_mount(const char **text, size_t *len, char **ret_point, struct err *err);

/** Id of the mount in a /proc/PID/fdinfo text. *ret is untouched where there is none. */
bool procfs_mount_id(const char *text, size_t len, uint64_t *ret);

/** Outside id of inside id 0 in a uid_map or gid_map text. 1 = found, 0 = root is not mapped, or
 *  to an id that the reader does not know. -EINVAL: a line is not three numbers. */
int procfs_map_root(const char *text, size_t len, uint32_t *ret);

/** True for the uid_map or gid_map of the first user namespace: every id as itself. */
bool procfs_map_is_initial(const char *text, size_t len);

/** Field 22 (start time) of a /proc/PID/stat text, whatever the command name holds. -ESRCH: the
 *  process is dead, only not waited for. -EINVAL: no such text. */
int procfs_start_time(const char *text, size_t len, uint64_t *ret);

#endif
