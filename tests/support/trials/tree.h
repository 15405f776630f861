/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of files as text: a line for each object, with its content as a sum. Times of directories
 * are left out, since they tell of what came and went.
 */
#ifndef TRIALS_TREE_H
#define TRIALS_TREE_H

#include <stdio.h>

enum tree_detail {
	TREE_IMAGE, /* kind, mode, owner, size, time, text of links, content */
	TREE_HOST,  /* inode numbers, and times of directories */
};

/** What cannot be read is a line, too. */
void tree_print(FILE *out, const char *path, enum tree_detail detail);
/** Fingerprint of bytes, for comparing only. */
unsigned long long tree_sum(const void *data, size_t len, unsigned long long sum);

#endif
