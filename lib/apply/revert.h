/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes back what was made for a container, as its record says, checked object by object: what is
 * not what was made stays, and so does what another container on the same rootfs needs.
 */
#ifndef APPLY_REVERT_H
#define APPLY_REVERT_H

#include "apply/apply.h"
#include "apply/fence.h"
#include "apply/peers.h"
#include "base/err.h"
#include "settings/settings.h"

/** apply_revert(), with the fence as it stands, for a start that follows. ret: the other containers
 *  on this rootfs that run; may be NULL. */
int revert_container(const struct apply_target *target, const struct settings *settings,
		     const struct fence *fence, struct peers *ret, struct err *err);

#endif
