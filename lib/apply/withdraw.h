/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we added, taken out of a file that the container has written since. The rest stays as it is,
 * byte for byte in a text, in its order in the loader's cache. Pure but for asking whether a file
 * of the rootfs is there.
 */
#ifndef APPLY_WITHDRAW_H
#define APPLY_WITHDRAW_H

#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

/* What is behind it stays: entries that lead nowhere do no harm. */
#define WITHDRAW_DEADLINE_MS 2000u

struct withdrawal {
	char *data; /* owned; NULL = nothing was taken out, or nothing is left */
	size_t len;
	size_t taken; /* lines or entries */
};

void withdrawal_done(struct withdrawal *withdrawal);

/** Takes the items that are in added out of a text; separators ("\n", "\n:") are single characters
 *  between them. Pure. */
int withdraw_items(const char *text, size_t len, const char *separators, const struct strv *added,
		   struct withdrawal *ret, struct err *err);

/** Takes out the entries of a loader's cache whose value has the name of a file in added and is
 *  nothing in the rootfs, or an empty file. -EINVAL: no such cache. */
int withdraw_entries(int rootfd, const char *data, size_t len, const struct strv *added,
		     struct withdrawal *ret, struct err *err);

#endif
