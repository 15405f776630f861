/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a container's root file system, as it is found outside and inside of the container.
 */
#ifndef APPLY_TREEROOT_H
#define APPLY_TREEROOT_H

#include <stdbool.h>

#include "apply/job.h"
#include "base/err.h"

/** In the caller's mount namespace: sets host_rootfs, -1 where it is not seen there. -EINVAL: it is
 * the caller's own "/". */
int treeroot_open_outside(struct job *job, struct err *err);

/** In the container's: sets rootfd. */
int treeroot_open(struct job *job, struct err *err);

/** True for a volume on the root itself: the caller, and poststop, see another directory at that
 * path. It may also have been mounted, or the root unmounted, since the caller looked. */
bool treeroot_is_covered(const struct job *job);

#endif
