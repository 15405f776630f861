/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's libraries, of 64 and of 32 bits: configured directories first, then what the
 * loader's cache names, then the usual directories for what it lacks. The first that fits counts.
 */
#ifndef HOST_LIBSEARCH_H
#define HOST_LIBSEARCH_H

#include "host/hunt.h"

#define LIBSEARCH_MAX_TRIES 16u /* places of one name that are looked at */

/** Makes a part of each library of the tables that was asked for and found, and a lack of each that
 *  should be there. Sets hunt->libdirs. A cache that is broken, or that others may write, is told
 *  and not used. */
int libsearch_run(struct hunt *hunt, struct err *err);

#endif
