/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of mount lists: which names of the roots fit, component by component. */
#ifndef HOST_EXPAND_H
#define HOST_EXPAND_H

#include "base/strv.h"
#include "host/host.h"

#define EXPAND_MAX_MATCHES 4096u  /* of one pattern, at every component */
#define EXPAND_MAX_ENTRIES 65536u /* directory entries that one pattern may look at */

/** Directory in front of the first component that is a pattern. The caller frees. */
char *expand_lead(const char *pattern);

/** Fills ret (empty before) with the paths that fit, from all alternate roots and the driver root,
 *  each once, in byte order. Components without wildcards are not looked up: such a path may not
 *  be there. Directories that are not there or not readable hold nothing.
 *  -E2BIG: more matches or entries than the limits. -ENOMEM. */
int expand_pattern(const struct host *host, const char *pattern, struct strv *ret, struct err *err);

#endif
