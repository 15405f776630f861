/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes back what was made for a container, as its record says, checked object by object: what is
 * not what was made stays, and so does what another container on the same rootfs needs.
 */
#ifndef APPLY_REVERT_H
#define APPLY_REVERT_H

#include "apply/peers.h"
#include "base/err.h"
#include "base/log.h"
#include "settings/settings.h"

/** apply_revert(). ret: the other containers on this rootfs that run, for a start that follows; may
 *  be NULL. */
int revert_container(const char *id, const char *rootfs, const struct settings *settings,
		     const struct log *log, struct peers *ret, struct err *err);

#endif
