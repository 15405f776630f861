/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/libraries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

static bool is_library(const struct item *item, const char *path)
{
	const char *name = path_basename(path);

	if (item->kind != ITEM_FILE ||
	    !(str_ends_with(name, ".so") || strstr(name, ".so.") != NULL))
		return false;
	return item->elf.class != ELF_CLASS_NONE;
}

int libraries_each(struct draft *draft, bool with_covered, library_fn fn, void *arg,
		   struct err *err)
{
	for (size_t i = 0; i < draft->inv->items.n; i++) {
		const struct item *item = &draft->inv->items.items[i];
		const char *path = draft->paths[i];
		const struct pathmap_entry *first;
		int rc;

		if (path == NULL || !is_library(item, path))
			continue;
		first = pathmap_find(&draft->places, path, strlen(path));
		if (first->item != item ||
		    (!with_covered && draft_cover(draft, item, path) != NULL))
			continue;
		rc = fn(draft, item, path, arg, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int add_soname(struct draft *draft, const struct item *item, const char *path, void *arg,
		      struct err *err)
{
	const char *name = path_basename(path);
	const char *soname = item->elf.soname;
	auto_free char *dir = NULL;
	auto_free char *link = NULL;
	auto_free char *why = NULL;

	(void)arg;
	/* the SONAME comes from a file's content: only one that is a name may make a path */
	if (soname == NULL || strcmp(soname, name) == 0 || !path_is_name(soname))
		return 0;
	dir = path_dirname(path);
	link = dir == NULL ? NULL : path_join(dir, soname);
	why = str_format("SONAME of %s", name);
	if (link == NULL || why == NULL)
		return err_nomem(err);
	return draft_add_soft_link(draft, link, name, why, err);
}

/* Names that programs open or link against and that no SONAME gives. text NULL = the library. */
static const struct alias {
	const char *prefix;
	const char *name;
	const char *text;
} aliases[] = {
	{"libcuda.so.", "libcuda.so", "libcuda.so.1"},
	{"libGLX_nvidia.so.", "libGLX_indirect.so.0", NULL},
	{"libnvidia-opticalflow.so.", "libnvidia-opticalflow.so", "libnvidia-opticalflow.so.1"},
};

const char *libraries_alias(const char *soname)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (str_equal(aliases[i].text, soname))
			return aliases[i].name;
	}
	return NULL;
}

static int add_alias(struct draft *draft, const struct alias *alias, const char *path,
		     struct err *err)
{
	const char *name = path_basename(path);
	const char *text = alias->text == NULL ? name : alias->text;
	auto_free char *dir = path_dirname(path);
	auto_free char *link = dir == NULL ? NULL : path_join(dir, alias->name);
	auto_free char *end = dir == NULL ? NULL : path_join(dir, text);
	auto_free char *why = str_format("name of %s that programs ask for", name);

	if (link == NULL || end == NULL || why == NULL)
		return err_nomem(err);
	if (pathmap_find(&draft->places, end, strlen(end)) == NULL)
		return 0;
	return draft_add_soft_link(draft, link, text, why, err);
}

static int add_aliases(struct draft *draft, const struct item *item, const char *path, void *arg,
		       struct err *err)
{
	(void)item;
	(void)arg;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (str_starts_with(path_basename(path), aliases[i].prefix)) {
			int rc = add_alias(draft, &aliases[i], path, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int libraries_add_links(struct draft *draft, struct err *err)
{
	int rc = libraries_each(draft, false, add_soname, NULL, err);

	return rc < 0 ? rc : libraries_each(draft, false, add_aliases, NULL, err);
}

struct search {
	uint16_t wanted, found;
};

static int take_machine(struct draft *draft, const struct item *item, const char *path, void *arg,
			struct err *err)
{
	struct search *search = arg;

	(void)draft;
	(void)path;
	(void)err;
	if (search->found == 0 || item->elf.machine == search->wanted)
		search->found = item->elf.machine;
	return search->found == search->wanted;
}

uint16_t libraries_machine(const struct draft *draft, uint16_t wanted)
{
	struct draft copy = *draft;
	struct search search = {.wanted = wanted};

	(void)libraries_each(&copy, true, take_machine, &search, NULL);
	return search.found;
}
