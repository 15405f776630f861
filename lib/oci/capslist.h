/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA_DRIVER_CAPABILITIES of a container under supported-driver-capabilities of config.toml.
 * Pure. */
#ifndef OCI_CAPSLIST_H
#define OCI_CAPSLIST_H

#include <stdbool.h>

#include "base/err.h"
#include "settings/settings.h"

/** The bits of enum driver_cap that the value asks for, among those supported. text NULL = the
 *  variable is not set: every one for a legacy image, else compute and utility, as for "".
 *  -EINVAL: a word that is none, or not supported, names those that are. */
int capslist_read(const char *text, bool legacy_image, const struct settings *settings,
		  unsigned *ret, struct err *err);

#endif
