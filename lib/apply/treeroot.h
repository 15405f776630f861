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

/** In the container's: sets rootfd. -ESTALE where an OCI container's is not the one found outside.
 */
int treeroot_open(struct job *job, struct err *err);

#endif
