/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts by names below an own, checked procfs: Linux 4.9. Only mounts.c may use it. */
#ifndef SYS_MOUNTBOUND_H
#define SYS_MOUNTBOUND_H

#include "base/err.h"
#include "sys/mounts.h"

/** The source as the current mount namespace has it: found by path, but taken only if it is the
 *  very inode that is held (-ESTALE). O_PATH fd. */
int mountbound_find(const struct mount_source *source, struct err *err);

/** Mounts what from (of the current mount namespace) stands for on a stage, gives the mount its
 * flags there and moves it to target, called name: O_PATH fd of its root. */
int mountbound_move(const struct mount_source *source, int from, int target, const char *name,
		    struct err *err);

/** Mounts what from stands for on target at once: a bind mount has the flags of the mount that its
 *  source lies on. O_PATH fd of what lies at dirfd/name now. */
int mountbound_copy(const struct mount_source *source, int from, int target, int dirfd,
		    const char *name, struct err *err);

#endif
