/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders of the machine's /proc and /sys that need not be there: what cannot be read is
 * as if it were not, with a warning, unless the machine itself is in trouble (err_is_trouble()).
 */
#ifndef HOST_PROCTEXT_H
#define HOST_PROCTEXT_H

#include <stddef.h>

#include "base/strv.h"
#include "host/host.h"

#define PROCTEXT_MAX_NAMES  4096u  /* of a folder that count */
#define PROCTEXT_MAX_LOOKED 65536u /* that are read */

/** Reads a file below ROOT_MACHINE, at most max bytes; the caller frees. 1 = read; 0 = not there,
 *  no regular file, not readable or larger, *ret stays as it is. */
int proctext_read(const struct host *host, const char *path, size_t max, char **ret,
		  size_t *ret_len, struct err *err);

/** Adds the names in a folder below one of the roots that begin with prefix, in byte order; none
 *  that begins with a dot. Of more than PROCTEXT_MAX_NAMES the rest is left out, with a warning. 1
 * = the folder is there, 0 = not. */
int proctext_list(const struct host *host, unsigned root, const char *path, const char *prefix,
		  struct strv *ret, struct err *err);

#endif
