/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of a run, as `supervise --list` writes them, and which of them a sweep tries how.
 */
#ifndef TRIALS_LISTING_H
#define TRIALS_LISTING_H

#include <stdbool.h>
#include <stddef.h>

struct listing_call {
	char word[32];
	bool in_root;
	char *names;             /* the rest of the line; owned */
	unsigned long long site; /* the same for calls of one kind: before, this, after */
	unsigned occurrence;     /* of its site, from 0 */
};

struct listing {
	struct listing_call *calls; /* number n is calls[n - 1]; owned */
	size_t n;
};

bool listing_read(const char *path, struct listing *ret);
void listing_done(struct listing *listing);

#endif
