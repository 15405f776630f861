/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Appends the components of path to the normal form out; gives its new length. */
static size_t append(char *out, size_t len, const char *path)
{
	while (*path != '\0') {
		const char *end = strchrnul(path, '/');
		size_t part = (size_t)(end - path);

		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, part);
			len += part;
		}
		path = *end == '/' ? end + 1 : end;
	}
	return len;
}

static char *finish(char *out, size_t len)
{
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

char *path_normal(const char *path)
{
	char *out = malloc(strlen(path) + 2);

	return out == NULL ? NULL : finish(out, append(out, 0, path));
}

char *path_join(const char *dir, const char *name)
{
	char *out;

	if (name[0] == '/')
		return path_normal(name);
	out = malloc(strlen(dir) + strlen(name) + 3);
	return out == NULL ? NULL : finish(out, append(out, append(out, 0, dir), name));
}

char *path_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return strdup("/");
	return strndup(path, (size_t)(slash - path));
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[0] == '/';
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

bool path_is_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX || strchr(name, '/') != NULL)
		return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}
