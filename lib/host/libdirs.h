/* SPDX-License-Identifier: Apache-2.0 */
/* Directories in which distributions and installers put the driver's libraries. Pure. */
#ifndef HOST_LIBDIRS_H
#define HOST_LIBDIRS_H

#include <stdbool.h>

#include "base/strv.h"
#include "host/libtable.h"

#define LIBDIRS_WINDOWS "/usr/lib/wsl/lib"
#define LIBDIRS_STORE   "/usr/lib/wsl/drivers" /* a folder for each driver, named by its content */

/** Fills ret (empty before) for libraries of the machine's wide (false) or 32 bits (true). version
 *  is the driver's, NULL = not known. -ENOMEM. */
int libdirs_usual(const struct lib_machine *machine, bool is32, const char *version,
		  struct strv *ret);

#endif
