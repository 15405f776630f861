/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libother.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"

void libother_done(struct libother *other)
{
	free(other->path);
	other->path = NULL;
}

/* "550.54.15" of "/usr/lib/libcuda.so.550.54.15", NULL = none. Drivers count in hundreds: "1.1" is
 * Tegra's and Windows'. */
static const char *version_of(const char *path)
{
	const char *name = path_basename(path);
	size_t stem = libtable_stem(name);
	const char *version = stem == 0 ? "" : name + stem + strlen(".so");

	if (*version != '.' || strspn(++version, "0123456789") < 3)
		return NULL;
	return version[strspn(version, "0123456789.")] == '\0' ? version : NULL;
}

/* A board's own driver has another version than that of a card in it. */
static bool is_listed(const struct inventory *inv, const char *path)
{
	for (size_t i = 0; i < inv->items.n; i++) {
		if (strcmp(inv->items.items[i].source, path) == 0)
			return true;
	}
	return false;
}

int libother_note(struct libother *other, const struct hunt *hunt, const char *path,
		  struct err *err)
{
	const char *version = version_of(path);

	if (other->path != NULL || version == NULL || str_equal(version, hunt->version) ||
	    is_listed(hunt->inv, path))
		return 0;
	other->path = strdup(path);
	return other->path == NULL ? err_nomem(err) : 0;
}

int libother_look(struct libother *other, struct hunt *hunt, const struct strv *dirs,
		  const char *name, struct err *err)
{
	struct finder *finder = &hunt->finder;

	for (size_t i = 0; i < dirs->n && other->path == NULL; i++) {
		int rc = hunt_find(hunt, dirs->items[i], name, err);

		if (rc == ROW_FOUND && finder->items.n > 0)
			rc = libother_note(other, hunt,
					   finder->items.items[finder->items.n - 1].source, err);
		finder_forget(finder);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int libother_tell(const struct libother *other, struct inventory *inv, struct err *err)
{
	if (other->path == NULL)
		return 0;
	return fact_set(&inv->driver.on_disk, version_of(other->path), other->path) < 0
		       ? err_nomem(err)
		       : 0;
}
