/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of owned strings.
 */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **items; /* n owned strings, then NULL; NULL while empty */
	size_t n;
	size_t cap;
};

/** Adds a copy. -ENOMEM. */
int strv_add(struct strv *list, const char *text);
/** Adds a copy of len bytes. -ENOMEM. */
int strv_addn(struct strv *list, const char *text, size_t len);
int strv_addf(struct strv *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Adds a copy unless it is there. 1 = added, 0 = was there, -ENOMEM. */
int strv_add_unique(struct strv *list, const char *text);
bool strv_contains(const struct strv *list, const char *text);
/** Replaces list by a deep copy of other. -ENOMEM: list is empty then. */
int strv_copy(struct strv *list, const struct strv *other);
/** Byte order. */
void strv_sort(struct strv *list);
void strv_done(struct strv *list);

#endif
