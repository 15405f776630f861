/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks JSON text (RFC 8259) by byte offsets, without recursion and without a tree. Pure.
 */
#ifndef OCI_JSCAN_H
#define OCI_JSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define JSCAN_MAX_DEPTH 64 /* nested objects and arrays */

struct jscan {
	const char *text; /* borrowed */
	size_t len;
	size_t pos;
};

/* A stretch of the text: [start, end). */
struct jscan_span {
	size_t start;
	size_t end;
};

/* What one key of an object led to. */
struct jscan_member {
	bool found;
	struct jscan_span value; /* when found */
	bool empty;              /* the object has no member */
	size_t tail;             /* behind the last member, or behind "{" */
};

/** -EINVAL with line and column of the position, "read JSON: line L, column C: WHAT". */
int jscan_fault(const struct jscan *scan, size_t pos, const char *what, struct err *err);

/** Goes past blanks and the value at pos; ret may be NULL. -EINVAL: no value, or too deep. */
int jscan_value(struct jscan *scan, struct jscan_span *ret, struct err *err);

/** -EINVAL unless the text is one value with nothing but blanks around it. */
int jscan_document(const char *text, size_t len, struct jscan_span *ret, struct err *err);

/** The next member of the object that the scan is in: behind its "{", or behind a member. key: with
 *  its quotes. 1 = there is one, 0 = there is none, and the scan is at "}". */
int jscan_next(struct jscan *scan, struct jscan_span *ret_key, struct jscan_span *ret_value,
	       struct err *err);

/** Does a key of jscan_next() read so, without escapes? */
bool jscan_is_key(const struct jscan *scan, struct jscan_span quoted, const char *key);

/** Puts name in the place of "JSON" in an error of these functions; returns -err->code. */
int jscan_blame(const char *name, struct err *err);

/** Looks for key in the object that starts at pos. -EINVAL: no object there; the key is there
 *  twice. Keys are compared as they read without escapes. */
int jscan_find(const struct jscan *scan, size_t pos, const char *key, struct jscan_member *ret,
	       struct err *err);

#endif
