/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays: VEC(struct row) rows = {0}; struct row *row = vec_add(&rows);
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t n;                                                                          \
		size_t cap;                                                                        \
	}

/** Makes room for one more element of size bytes behind *n and returns it zeroed, NULL without
 *  memory. Use vec_add(). Pointers to earlier elements may become invalid. */
void *vec_grow(void **items, size_t *n, size_t *cap, size_t size);

/* Appends one zeroed element; gives a pointer to it, or NULL without memory. */
#define vec_add(vec)                                                                               \
	((__typeof__((vec)->items))vec_grow((void **)&(vec)->items, &(vec)->n, &(vec)->cap,        \
					    sizeof(*(vec)->items)))

/* Frees the array, not what its elements own. */
#define vec_done(vec)                                                                              \
	do {                                                                                       \
		free((vec)->items);                                                                \
		(vec)->items = NULL;                                                               \
		(vec)->n = (vec)->cap = 0;                                                         \
	} while (0)

#define vec_each(it, vec)                                                                          \
	for (__typeof__(*(vec)->items) *it = (vec)->items;                                         \
	     (it) != NULL && (it) < (vec)->items + (vec)->n; (it)++)

#endif
