/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps our mounts in the container. A rootfs or a volume may be shared (a "-v DIR:DIR:rshared" is
 * enough for dockerd to make the rootfs so): whatever is mounted there appears on the host as well,
 * once more with each start.
 */
#ifndef APPLY_SECLUDE_H
#define APPLY_SECLUDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/** Looks at the mount with that id in the container's mountinfo text; to be called in its mount
 *  namespace. A shared one is made a slave if it is the container's own, else that is an error
 *  (-EBUSY): a volume is shared because somebody wants it so. path is for messages. */
int seclude_mount(const char *mountinfo, uint64_t id, bool own, const char *path, struct err *err);

#endif
