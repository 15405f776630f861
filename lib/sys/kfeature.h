/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which newer system calls this kernel has. Asked once each, atomically; also seen as missing when
 * a filter answers ENOSYS.
 */
#ifndef SYS_KFEATURE_H
#define SYS_KFEATURE_H

#include <stdbool.h>

enum kfeature {
	KFEATURE_OPENAT2,
	KFEATURE_OPEN_TREE,
	KFEATURE_MOVE_MOUNT,
	KFEATURE_MOUNT_SETATTR,
	KFEATURE_FSOPEN,
	KFEATURE_PIDFD_OPEN,
	KFEATURE_CLOSE_RANGE,
	KFEATURE_COUNT,
};

/** False once kfeature_missing() was told so; true before. */
bool kfeature_has(enum kfeature feature);
/** Called by a primitive that saw ENOSYS. */
void kfeature_missing(enum kfeature feature);
const char *kfeature_name(enum kfeature feature);
/** Tests only: every call counts as there again. */
void kfeature_reset(void);

#endif
