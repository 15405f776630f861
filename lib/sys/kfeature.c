/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/kfeature.h"

#include <stdatomic.h>
#include <stddef.h>

/* The only state: it moves from false to true once and says the same to every thread. */
static atomic_bool kfeature_absent[KFEATURE_COUNT];

static const char *const kfeature_names[KFEATURE_COUNT] = {
	[KFEATURE_OPENAT2] = "openat2",         [KFEATURE_OPEN_TREE] = "open_tree",
	[KFEATURE_MOVE_MOUNT] = "move_mount",   [KFEATURE_MOUNT_SETATTR] = "mount_setattr",
	[KFEATURE_FSOPEN] = "fsopen",           [KFEATURE_PIDFD_OPEN] = "pidfd_open",
	[KFEATURE_CLOSE_RANGE] = "close_range",
};

bool kfeature_has(enum kfeature feature)
{
	return !atomic_load_explicit(&kfeature_absent[feature], memory_order_relaxed);
}

void kfeature_missing(enum kfeature feature)
{
	atomic_store_explicit(&kfeature_absent[feature], true, memory_order_relaxed);
}

void kfeature_reset(void)
{
	for (size_t i = 0; i < KFEATURE_COUNT; i++)
		atomic_store_explicit(&kfeature_absent[i], false, memory_order_relaxed);
}

const char *kfeature_name(enum kfeature feature)
{
	return feature < KFEATURE_COUNT ? kfeature_names[feature] : "?";
}
