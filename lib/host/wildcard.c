/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wildcard.h"

#include <stddef.h>
#include <string.h>

bool wildcard_is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Length of the set that starts at "[", 0 when it is never closed. */
static size_t wildcard_set(const char *pattern, unsigned char c, bool *ret_fits)
{
	const unsigned char *at = (const unsigned char *)pattern + 1;
	bool negated = *at == '^' || *at == '!';
	bool fits = false;

	if (negated)
		at++;
	/* a "]" that comes first belongs to the set */
	for (bool first = true; *at != '\0' && (*at != ']' || first); first = false) {
		unsigned char low = *at++;
		unsigned char high = low;

		if (low == '\\' && *at != '\0')
			high = low = *at++;
		if (at[0] == '-' && at[1] != '\0' && at[1] != ']') {
			at += at[1] == '\\' && at[2] != '\0' ? 2 : 1;
			high = *at++;
		}
		if (low <= c && c <= high)
			fits = true;
	}
	if (*at != ']')
		return 0;
	*ret_fits = fits != negated;
	return (size_t)((const char *)at - pattern) + 1;
}

/* Length of the one element of the pattern that stands for c, 0 when it does not. */
static size_t wildcard_one(const char *pattern, char c)
{
	bool fits = false;
	size_t len;

	switch (pattern[0]) {
	case '\0':
		return 0;
	case '?':
		return 1;
	case '[':
		len = wildcard_set(pattern, (unsigned char)c, &fits);
		if (len > 0)
			return fits ? len : 0;
		break;
	case '\\':
		if (pattern[1] != '\0')
			return pattern[1] == c ? 2 : 0;
		break;
	default:
		break;
	}
	return pattern[0] == c ? 1 : 0;
}

bool wildcard_match(const char *pattern, const char *name)
{
	const char *star = NULL;
	const char *from = NULL;

	if (name[0] == '.' && pattern[0] != '.')
		return false;
	while (*name != '\0') {
		size_t used;

		if (*pattern == '*') {
			star = ++pattern;
			from = name;
			continue;
		}
		used = wildcard_one(pattern, *name);
		if (used > 0) {
			pattern += used;
			name++;
		} else if (star != NULL) {
			/* only the last star has to be tried again: earlier ones took the least */
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}
