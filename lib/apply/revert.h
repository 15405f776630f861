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
#include "apply/turn.h"
#include "base/err.h"
#include "settings/settings.h"

/** What a start that follows goes on with. */
struct revert_start {
	struct peers peers; /* the other containers on this rootfs that run */
	struct turn turn;   /* at the rootfs */
	struct record_folder folder;
};

/** apply_revert(), with the fence as it stands. ret may be NULL; its turn is set in case of an
 * error too, if it could be had. */
int revert_container(const struct apply_target *target, const struct settings *settings,
		     const struct fence *fence, struct revert_start *ret, struct err *err);

#endif
