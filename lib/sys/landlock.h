/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: where the calling thread may still change files. Linux 5.13. */
#ifndef SYS_LANDLOCK_H
#define SYS_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

/** From now on the calling thread writes, makes and removes regular files, links and directories
 *  only beneath the n directories, and makes nothing of another kind anywhere; it executes nothing,
 *  and mounts nothing. Fds that are open keep what they may. Reading is not restricted.
 * no_new_privs must be set. 1 = so it is, 0 = the kernel has no Landlock, or it is switched off. */
int landlock_write_beneath(const int *dirs, size_t n, struct err *err);

/** From now on the calling thread, and those it starts, make, remove and execute nothing anywhere,
 * and neither trace other processes nor open what /proc has of them for their owner only (their
 * memory, their root), be they of the same user. Files are read and written as before. Same
 * conditions, same answer. */
int landlock_keep_apart(struct err *err);

#endif
