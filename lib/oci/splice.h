/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits JSON text without parsing it into a tree: finds places, inserts fragments, leaves every
 * other byte as it was (64-bit numbers, spacing, order, unknown keys). Pure.
 */
#ifndef OCI_SPLICE_H
#define OCI_SPLICE_H

#include <stddef.h>

#include "base/err.h"

#define SPLICE_MAX_DEPTH 64 /* nested objects and arrays, of the result too */

enum splice_where {
	SPLICE_APPEND, /* behind the last element of the array at path */
	SPLICE_PREPEND,
};

/* One edit: fragment is one or more JSON values joined by commas. Missing objects on the way and
 * the array itself are made. */
struct splice_edit {
	const char *const *path; /* keys from the root object, NULL-terminated */
	enum splice_where where;
	const char *fragment;
};

/** Applies the edits in order and gives the new text (caller frees, NUL-terminated). With no edits
 *  the text comes back byte for byte. A leading UTF-8 BOM is refused.
 *  -EINVAL with line and column: not JSON, too deep, duplicate key on a path, wrong type there. */
int splice_apply(const char *text, size_t len, const struct splice_edit *edits, size_t n_edits,
		 char **ret, size_t *ret_len, struct err *err);

#endif
