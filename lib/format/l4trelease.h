/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/nv_tegra_release. Pure. Source: L4T R32 to R39, facts in docs/boards.md. */
#ifndef FORMAT_L4TRELEASE_H
#define FORMAT_L4TRELEASE_H

#include <stddef.h>

#include "base/err.h"

#define L4TRELEASE_MAX_BYTES 65536u /* for the reader of the file; real ones are below 1 KiB */

struct l4trelease {
	unsigned major;    /* 32 */
	unsigned minor;    /* 7 */
	unsigned patch;    /* 1; 0 when REVISION has one number only */
	char board[32];    /* "t210ref"; "" = not given. Says nothing of the SoC */
	char lib_dir[256]; /* TARGET_USERSPACE_LIB_DIR_PATH with a leading slash; "" = not given */
};

/** -EINVAL: the first line is not "# R<n> (release), REVISION: <n>[.<n>]...". */
int l4trelease_parse(const char *text, size_t len, struct l4trelease *ret, struct err *err);

#endif
