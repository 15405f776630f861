/* SPDX-License-Identifier: Apache-2.0 */
/* What a container requires of the machine: NVIDIA_REQUIRE_*, NVIDIA_DISABLE_REQUIRE and, for a
 * legacy image, CUDA_VERSION. Pure. */
#ifndef OCI_REQUIRELIST_H
#define OCI_REQUIRELIST_H

#include "base/err.h"
#include "model/request.h"
#include "oci/spec.h"
#include "settings/settings.h"

/** Fills disable_require and requires; legacy_image is known already. -EINVAL: control characters,
 *  too many, or a CUDA_VERSION that is none and counts. */
int requirelist_read(const struct spec *spec, const struct settings *settings,
		     struct request *request, struct err *err);

#endif
