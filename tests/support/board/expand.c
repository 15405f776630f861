/* SPDX-License-Identifier: Apache-2.0 */
#include "expand.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"

/* Patterns whose names are known; the rest is filled in by wildcard. */
static const struct {
	const char *pattern;
	const char *names[3];
} known[] = {
	{"/dev/dri/card*", {"/dev/dri/card0", "/dev/dri/card1"}},
	{"/dev/dri/renderD*", {"/dev/dri/renderD128", "/dev/dri/renderD129"}},
	{"/dev/nvidia*", {"/dev/nvidia0", "/dev/nvidiactl"}},
};

/* What stands for "*" after that text: the rest of the driver's version, if the text ends with its
 * beginning ("libnvidia-tls.so.32."), else one digit. */
static const char *star(const char *before, size_t len, const char *version)
{
	const char *dot = strchr(version, '.');
	size_t head = dot == NULL ? 0 : (size_t)(dot - version) + 1;

	if (head != 0 && len >= head && strncmp(before + len - head, version, head) == 0)
		return version + head;
	if (len >= 4 && strncmp(before + len - 4, ".so.", 4) == 0)
		return version;
	return "0";
}

static int fill_in(const char *pattern, const struct release *release, struct strv *ret)
{
	struct strbuf name = {0};
	char *text;
	int r;

	for (const char *at = pattern; *at != '\0'; at++) {
		const char *close = *at == '[' ? strchr(at, ']') : NULL;

		if (*at == '*') {
			strbuf_adds(&name, star(name.data == NULL ? "" : name.data, name.len,
						release->driver));
		} else if (*at == '?') {
			strbuf_addc(&name, '0');
		} else if (close != NULL && close > at + 1) {
			strbuf_addc(&name, at[1]);
			at = close;
		} else {
			strbuf_addc(&name, *at);
		}
	}
	text = strbuf_take(&name);
	r = text == NULL ? -ENOMEM : strv_add(ret, text);
	strbuf_done(&name);
	free(text);
	return r;
}

int expand_glob(const char *pattern, const struct release *release, struct strv *ret)
{
	if (strpbrk(pattern, "*?[") == NULL)
		return strv_add(ret, pattern);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].pattern, pattern) != 0)
			continue;
		for (size_t j = 0; known[i].names[j] != NULL; j++)
			if (strv_add(ret, known[i].names[j]) < 0)
				return -ENOMEM;
		return 0;
	}
	return fill_in(pattern, release, ret);
}

bool name_is_library(const char *path)
{
	const char *so = path_basename(path);

	while ((so = strstr(so, ".so")) != NULL) {
		so += 3;
		if (*so == '\0')
			return true;
		if (*so == '.' && isdigit((unsigned char)so[1]) &&
		    so[strspn(so, ".0123456789")] == '\0')
			return true;
	}
	return false;
}
