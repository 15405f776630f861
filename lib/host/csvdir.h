/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of mount lists: which files count, and their rows as written. */
#ifndef HOST_CSVDIR_H
#define HOST_CSVDIR_H

#include "host/host.h"

#define CSVDIR_MAX_FILES 4096u /* names in the folder */
#define CSVDIR_MAX_RAW   200u  /* bytes of a malformed row that are kept */

/** Reads settings->list_dir below the machine root: inv->list_dir, files in byte order of name, and
 *  rows that are ROW_FOUND for the time being, or ROW_MALFORMED. A list that cannot be read or
 *  trusted is a file with its error and no rows. Errors: see host_read_lists(). */
int csvdir_read(const struct host *host, struct inventory *inv, struct err *err);

#endif
