/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/ld-musl-ARCH.path: the directories that musl's loader searches, separated by ':' or
 * newlines. Where the file is missing the built-in list counts; where it is there, empty too, it
 * alone. Pure. Source: musl's ldso/dynlink.c, load_library() and path_open().
 */
#ifndef FORMAT_MUSLPATH_H
#define FORMAT_MUSLPATH_H

#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

#define MUSLPATH_MAX_BYTES (64u * 1024)
#define MUSLPATH_DEFAULT   "/lib:/usr/local/lib:/usr/lib"

/** Puts those of dirs in front that text does not name yet, so that they are searched first; the
 *  rest stays byte for byte. text NULL = there is no file. *ret is the new content (the caller
 *  frees), NULL when nothing is to be done; added gets the directories put in. -EINVAL: a directory
 *  with a ':' or a newline in its name. */
int muslpath_add(const char *text, size_t len, const struct strv *dirs, char **ret,
		 struct strv *added, struct err *err);

#endif
