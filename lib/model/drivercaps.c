/* SPDX-License-Identifier: Apache-2.0 */
#include "model/drivercaps.h"

#include <string.h>

static const char *const words[] = {"compute", "compat32", "graphics", "utility",
				    "video",   "display",  "ngx"};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

unsigned drivercaps_of_word(const char *word, size_t len)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return 1u << i;
	}
	return len == 3 && memcmp(word, "all", 3) == 0 ? DRIVER_CAP_EVERY : 0;
}

const char *drivercaps_word(size_t i)
{
	return i < N_WORDS ? words[i] : NULL;
}
