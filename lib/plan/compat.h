/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose CUDA libraries a container uses: the host's, which come with its driver, or those that the
 * image brings for drivers older than itself. Pure.
 */
#ifndef PLAN_COMPAT_H
#define PLAN_COMPAT_H

#include "model/image.h"
#include "plan/draft.h"
#include "settings/settings.h"

/* What the image's libraries are compared with; NULL = not known. A driver's version decides where
 * it is known: a Tegra is told by its CUDA version alone. */
struct compat_host {
	const char *driver; /* "550.54.15" */
	const char *cuda;   /* "12.4" */
};

/** True if the image's are to be used. Sets the reason, a literal: "they are not newer". By
 * NVIDIA's note: where the host's driver is of a branch that it names, and older; else where its
 * CUDA version is newer. Without a note: where the driver is of an older branch. */
bool compat_fits(const struct image_compat *compat, const struct compat_host *host,
		 const char **ret_reason);

/** Sets draft->compat to the image's libraries if they are to be used, and notes what was decided
 *  where there was something to decide. image may be NULL: then nothing is known, and the host's
 * are used. -ENOMEM. */
int compat_choose(struct draft *draft, const struct image *image, const struct settings *settings);

#endif
