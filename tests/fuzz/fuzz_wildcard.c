/* SPDX-License-Identifier: Apache-2.0 */
/* First line: pattern, rest: name. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "host/wildcard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *pattern = strndup((const char *)data, size);
	char *name;
	bool fits;

	if (pattern == NULL)
		return 0;
	name = pattern + strcspn(pattern, "\n");
	if (*name != '\0')
		*name++ = '\0';
	fits = wildcard_match(pattern, name);
	/* without wildcards a pattern fits itself and nothing else */
	if (!wildcard_is_pattern(pattern) && strchr(pattern, '\\') == NULL &&
	    fits != (strcmp(pattern, name) == 0))
		abort();
	return 0;
}
