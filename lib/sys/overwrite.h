/* SPDX-License-Identifier: Apache-2.0 */
/* New content for a file that is there, in its own blocks: for a file system that is full. */
#ifndef SYS_OVERWRITE_H
#define SYS_OVERWRITE_H

#include <stdbool.h>

#include "base/err.h"
#include "sys/io.h"

/** Writes content over the regular file name in dirfd, mode and owner too. Not all or nothing:
 * where io_replace_at() does not find the room for a second file, and nobody reads the first.
 *  -ENOSPC, -EDQUOT: not even for this; size and times are as they were, the content is lost where
 *  the file system copies on write. */
int overwrite_at(int dirfd, const char *name, const struct io_new *content, struct err *err);

/** Does a file system say with this (negative) code that it is full? */
bool overwrite_is_full(int code);

#endif
