/* SPDX-License-Identifier: Apache-2.0 */
/* What everything else is built on: strict numbers, UTF-8, escaping, normal paths. */
#include <stdio.h>

#include "base/path.h"
#include "base/str.h"
#include "fuzz.h"

static void check_number(const char *text, size_t len)
{
	char back[32];
	uint64_t value = 7;

	if (!str_to_u64(text, len, 10, UINT64_MAX - 1, &value)) {
		claim(value == 7);
		return;
	}
	(void)snprintf(back, sizeof(back), "%llu", (unsigned long long)value);
	while (len > 1 && text[0] == '0') {
		text++;
		len--;
	}
	claim(strlen(back) == len && memcmp(back, text, len) == 0);
}

static void check_escape(const char *text)
{
	char all[256];
	char few[8];

	str_escape(text, all, sizeof(all));
	claim(memchr(all, '\0', sizeof(all)) != NULL);
	for (const char *at = all; *at != '\0'; at++)
		claim((unsigned char)*at >= 0x20 && *at != 0x7f);
	for (size_t at = 0, len = strlen(all); at < len;) {
		size_t step = str_utf8_length(all + at, len - at);

		claim(step > 0);
		at += step;
	}
	str_escape(text, few, sizeof(few));
	claim(memchr(few, '\0', sizeof(few)) != NULL && str_starts_with(all, few));
}

static void check_path(const char *text)
{
	auto_free char *once = path_normal(text);
	auto_free char *twice = path_normal(once == NULL ? "" : once);
	auto_free char *dir = path_dirname(once == NULL ? "" : once);

	claim(once != NULL && twice != NULL && dir != NULL);
	claim(once[0] == '/' && strcmp(once, twice) == 0);
	claim(strstr(once, "//") == NULL && strstr(once, "/./") == NULL &&
	      strstr(once, "/../") == NULL);
	claim(!str_ends_with(once, "/..") && !str_ends_with(once, "/."));
	claim(strcmp(once, "/") == 0 || !str_ends_with(once, "/"));
	claim(path_is_below(once, "/") && path_is_below(once, dir) && path_is_below(once, once));
	claim(strcmp(once, "/") == 0 || strlen(path_basename(once)) > 255 ||
	      path_is_name(path_basename(once)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);

	claim(text != NULL);
	check_number((const char *)data, size);
	for (size_t at = 0; at < size;) {
		size_t step = str_utf8_length((const char *)data + at, size - at);

		claim(step <= 4 && step <= size - at);
		at += step == 0 ? 1 : step;
	}
	check_escape(text);
	check_path(text);
	return 0;
}
