/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document for reading: jansson behind one translation of its errors, and look-ups that
 * check types. null counts as absent, as Go writes it for what is empty.
 */
#ifndef OCI_JDOC_H
#define OCI_JDOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct jdoc {
	json_t *root;     /* an object; owned */
	const char *name; /* for messages; borrowed */
};

/** -EINVAL with line and column: not JSON, duplicate keys, or not an object. Integers are read as
 *  reals: jansson refuses 18446744073709551615 otherwise. */
int jdoc_load(const char *name, const char *text, size_t len, struct jdoc *ret, struct err *err);
void jdoc_done(struct jdoc *doc);

/** Looks up the part of path behind its last dot in object (NULL: nothing there). path is the whole
 *  place, for messages. *ret borrowed, NULL = absent. JSON_INTEGER stands for every number.
 *  -EINVAL: of another type. */
int jdoc_get(const struct jdoc *doc, const json_t *object, const char *path, json_type type,
	     const json_t **ret, struct err *err);

/** As jdoc_get(), gives a copy of the string; NULL = absent. */
int jdoc_get_string(const struct jdoc *doc, const json_t *object, const char *path, char **ret,
		    struct err *err);

/** -EINVAL, named by path, unless value has that type. */
int jdoc_check(const struct jdoc *doc, const json_t *value, const char *path, json_type type,
	       struct err *err);

/** A whole number between min and max that a double holds exactly. False: it is none. */
bool jdoc_to_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret);

/** -EINVAL: "read 'NAME': 'PATH' WHAT". */
int jdoc_fault(const struct jdoc *doc, const char *path, const char *what, struct err *err);

#endif
