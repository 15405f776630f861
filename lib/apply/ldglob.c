/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldglob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/auto.h"
#include "host/wildcard.h"
#include "sys/rootfs.h"

static bool is_pattern(const char *part)
{
	return wildcard_is_pattern(part) || strchr(part, '\\') != NULL;
}

/* Copies the component that *at, a slash, begins, and moves on to the next; false at the end, and
 * for one that cannot be a name. */
static bool next_part(const char **at, char ret[NAME_MAX + 1])
{
	size_t len;

	if (**at != '/' || (*at)[1] == '\0')
		return false;
	len = strcspn(*at + 1, "/");
	if (len > NAME_MAX)
		return false;
	memcpy(ret, *at + 1, len);
	ret[len] = '\0';
	*at += 1 + len;
	return true;
}

static int add_found(struct ldglob *glob, struct strv *found, const char *dir, const char *name)
{
	if (found->n >= LDGLOB_MAX_FOUND || strlen(dir) + 1 + strlen(name) >= PATH_MAX) {
		glob->cut = true;
		return 0;
	}
	return strv_addf(found, "%s/%s", dir, name);
}

static int list(struct ldglob *glob, const char *path, const char *part, struct strv *found,
		struct err *err)
{
	auto_dir dir = NULL;
	const struct dirent *entry;
	int r;

	if (!patience_lasts(&glob->patience, LDGLOB_DEADLINE_MS)) {
		glob->cut = true;
		return 0;
	}
	r = rootfs_list(glob->rootfd, *path == '\0' ? "/" : path, &dir, err);
	if (r < 0 || dir == NULL)
		return r;
	while ((entry = readdir(dir)) != NULL) {
		if (glob->entries >= LDGLOB_MAX_ENTRIES) {
			glob->cut = true;
			break;
		}
		glob->entries++;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    !wildcard_match(part, entry->d_name))
			continue;
		if (add_found(glob, found, path, entry->d_name) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* Replaces the directories in *paths by what one component finds below them. */
static int step(struct ldglob *glob, const char *part, struct strv *paths, struct err *err)
{
	auto_done(strv) struct strv found = {0};
	bool pattern = is_pattern(part);

	for (size_t i = 0; i < paths->n; i++) {
		int r = 0;

		if (pattern)
			r = list(glob, paths->items[i], part, &found, err);
		else if (add_found(glob, &found, paths->items[i], part) < 0)
			r = err_nomem(err);
		if (r < 0)
			return r;
	}
	strv_done(paths);
	*paths = found;
	found = (struct strv){0};
	return 0;
}

int ldglob_find(struct ldglob *glob, const char *pattern, struct strv *ret, struct err *err)
{
	auto_done(strv) struct strv paths = {0};
	char part[NAME_MAX + 1];
	size_t parts = 0;
	int r;

	if (strv_add(&paths, "") < 0)
		return err_nomem(err);
	while (next_part(&pattern, part)) {
		if (++parts > LDGLOB_MAX_PARTS) {
			glob->cut = true;
			return 0;
		}
		r = step(glob, part, &paths, err);
		if (r < 0)
			return r;
	}
	if (*pattern != '\0')
		return 0;
	strv_sort(&paths);
	for (size_t i = 0; i < paths.n; i++) {
		if (strv_add(ret, paths.items[i]) < 0)
			return err_nomem(err);
	}
	return 0;
}

bool ldglob_fits(const char *pattern, const char *path)
{
	char part[NAME_MAX + 1];
	char name[NAME_MAX + 1];

	for (;;) {
		bool more = next_part(&pattern, part);

		if (more != next_part(&path, name))
			return false;
		if (!more)
			return *pattern == '\0' && *path == '\0';
		if (!wildcard_match(part, name))
			return false;
	}
}
