/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *vec_grow(void **items, size_t *n, size_t *cap, size_t size)
{
	char *element;

	if (*n == *cap) {
		size_t want = *cap == 0 ? 8 : *cap * 2;
		void *grown;

		if (want > SIZE_MAX / 2 / size)
			return NULL;
		grown = reallocarray(*items, want, size);
		if (grown == NULL)
			return NULL;
		*items = grown;
		*cap = want;
	}
	element = (char *)*items + *n * size;
	memset(element, 0, size);
	(*n)++;
	return element;
}
