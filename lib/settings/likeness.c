/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/likeness.h"

#include <stddef.h>
#include <string.h>

unsigned likeness_distance(const char *a, const char *b)
{
	unsigned row[LIKENESS_MAX + 1];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < len; j++) {
			unsigned change = corner + (a[i] != b[j]);
			unsigned step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			corner = row[j + 1];
			row[j + 1] = change < step ? change : step;
		}
	}
	return row[len];
}
