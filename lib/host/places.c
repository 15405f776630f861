/* SPDX-License-Identifier: Apache-2.0 */
#include "host/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

bool places_allow(const struct settings *settings, const char *path)
{
	for (size_t i = 0; i < settings->allowed_prefixes.n; i++)
		if (path_is_below(path, settings->allowed_prefixes.items[i]))
			return true;
	return false;
}

bool places_lead(const struct settings *settings, const char *path)
{
	for (size_t i = 0; i < settings->allowed_prefixes.n; i++)
		if (path_is_below(settings->allowed_prefixes.items[i], path))
			return true;
	return places_allow(settings, path);
}

char *places_target(const struct settings *settings, const char *path)
{
	const struct path_rule *best = NULL;
	const char *rest;

	vec_each(rule, &settings->path_map)
	{
		if (path_is_below(path, rule->from) &&
		    (best == NULL || strlen(rule->from) > strlen(best->from)))
			best = rule;
	}
	if (best == NULL || path_is_below(path, best->to))
		return strdup(path);
	rest = strcmp(best->from, "/") == 0 ? path : path + strlen(best->from);
	return str_format("%s%s", strcmp(best->to, "/") == 0 && rest[0] != '\0' ? "" : best->to,
			  rest);
}

/* /lib of one system is /usr/lib of another one, and ".." of it another folder: true of a text that
 * leaves a folder which may be a link, of an image or of the board. */
static bool leaves_merged(const char *link, const char *leads, const char *text)
{
	static const char *const dirs[] = {"/bin",    "/lib",    "/lib32", "/lib64",
					   "/libx32", "/libo32", "/sbin"};

	for (size_t i = 0; text[0] != '/' && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (path_is_below(link, dirs[i]))
			return !path_is_below(leads, dirs[i]);
	return false;
}

char *places_link_text(const char *link, const char *next, const char *text)
{
	auto_free char *dir = path_dirname(link);
	auto_free char *leads = dir == NULL ? NULL : path_join(dir, text);

	if (leads == NULL)
		return NULL;
	if (strcmp(leads, next) != 0 || leaves_merged(link, leads, text))
		text = next;
	return strdup(text);
}
