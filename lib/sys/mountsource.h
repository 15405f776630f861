/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of attaching a mount ask about its source. Only mount*.c may use it. */
#ifndef SYS_MOUNTSOURCE_H
#define SYS_MOUNTSOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "sys/mounts.h"

/** For messages. */
const char *mountsource_name(const struct mount_source *source);
/** What a source keeps of its object. */
struct mount_object mountsource_object(const struct stat *st);
/** True if st is of the source's object. */
bool mountsource_is(const struct mount_source *source, const struct stat *st);
/** What the kernel's refusal (errno) to mount it on target, called name, means. */
int mountsource_refused(const struct mount_source *source, int target, int code, const char *name,
			struct err *err);
/** Flags and propagation of the attached mount whose root fd stands for: before Linux 5.12. Names
 *  below the own procfs must be in reach (procself_visit). */
int mountsource_remount(const struct mount_source *source, int fd, struct err *err);

#endif
