/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of the objects in a JSON text, set and removed in place. Every other byte stays as it was
 * (64-bit numbers, spacing, order, unknown keys), and what is written looks as what stands around
 * it: line ends, indentation, blanks. Pure.
 *
 * A path is keys from the root object on, NULL-terminated; keys are plain ASCII. null counts as
 * absent. Errors are those of jscan.h, with line and column: not JSON, something on the path is
 * no object, a key of the path is there twice.
 */
#ifndef OCI_JMEMBER_H
#define OCI_JMEMBER_H

#include "base/err.h"
#include "base/str.h"
#include "oci/jscan.h"

/** 1 = *ret is the value at path, 0 = absent. */
int jmember_find(const struct strbuf *text, const char *const *path, struct jscan_span *ret,
		 struct err *err);

/** Makes value, a JSON value, the one at path. What is missing on the way is made, as the last
 *  member of its object. text is untouched on failure. */
int jmember_set(struct strbuf *text, const char *const *path, const char *value, struct err *err);

/** Takes the member at path away, null or not. 1 = done, 0 = it is not there. */
int jmember_remove(struct strbuf *text, const char *const *path, struct err *err);

#endif
