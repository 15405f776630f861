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

char *places_link_text(const char *link, const char *next, const char *text)
{
	auto_free char *dir = path_dirname(link);
	auto_free char *leads = dir == NULL ? NULL : path_join(dir, text);

	if (leads == NULL)
		return NULL;
	return strdup(strcmp(leads, next) == 0 ? text : next);
}
