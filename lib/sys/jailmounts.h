/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a jail: an image may hold device nodes, and those of volumes can be made by any
 * container with CAP_MKNOD. The jailed program is in no container's device cgroup, so opening such
 * a node must not reach the device.
 */
#ifndef SYS_JAILMOUNTS_H
#define SYS_JAILMOUNTS_H

#include "base/err.h"

/** Makes all mounts of the current mount namespace, whose "/" is the jail's, nodev, nosuid and
 *  noexec, and read-only but for what lies below the directory writable (absolute). The mounts must
 *  be private. */
int jailmounts_protect(const char *writable, struct err *err);

#endif
