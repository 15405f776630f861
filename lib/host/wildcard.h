/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wildcards of one path component: "*", "?", "[set]", "[^set]" or "[!set]", "\" before a character
 * that stands for itself. Bytes, no locale, time bounded by pattern times name. Pure.
 */
#ifndef HOST_WILDCARD_H
#define HOST_WILDCARD_H

#include <stdbool.h>

/** True if text holds one of the characters that make it a pattern. */
bool wildcard_is_pattern(const char *text);

/** True if the whole name fits. A name that starts with "." only fits a pattern that does too. A
 *  "[" that is never closed stands for itself. */
bool wildcard_match(const char *pattern, const char *name);

#endif
