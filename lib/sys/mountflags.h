/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of a mount, for remounting it by mount(2). */
#ifndef SYS_MOUNTFLAGS_H
#define SYS_MOUNTFLAGS_H

#include <sys/mount.h>
#include <sys/statvfs.h>

/* Linux 5.10; older C libraries do not have them */
#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/** A remount replaces all flags of a bind mount: what has to be said so that those that are there
 *  (ST_*: f_flags of statfs(2), f_flag of statvfs(3)) stay; in a user namespace they are locked,
 * and leaving one out is EPERM. The caller adds its own. Source: Linux fs/namespace.c,
 *  can_change_locked_flags(). Pure. */
unsigned long mountflags_repeat(unsigned long seen);

#endif
