/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the container's state from a pipe that may be closed, silent, or endless. */
#ifndef HOOK_HOOKSTATE_H
#define HOOK_HOOKSTATE_H

#include <stddef.h>

#include "base/err.h"

#define HOOKSTATE_MAX_BYTES (1024u * 1024)
#define HOOKSTATE_DEADLINE  10000 /* milliseconds for all of it */

/** The caller frees. -ENODATA: nothing was written; -EFBIG; -ETIMEDOUT. */
int hookstate_read(int fd, char **ret, size_t *ret_len, struct err *err);

#endif
