/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of the device tree as the kernel shows them: NUL-separated lists. Pure. */
#ifndef FORMAT_FDT_COMPAT_H
#define FORMAT_FDT_COMPAT_H

#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

#define FDT_MAX_BYTES 4096u /* of one property */

/** Splits a property into its strings; a last NUL may be missing, empty strings are left
 * out. -EINVAL: bytes that are not printable ASCII, or too many. */
int fdt_strings_parse(const char *data, size_t len, struct strv *ret, struct err *err);

#endif
