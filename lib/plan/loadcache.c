/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/loadcache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/ldflags.h"
#include "format/ldset.h"
#include "plan/libraries.h"

/* A directory of the container that gets libraries. */
struct folder {
	char *path; /* owned */
	struct ldset set;
	bool driver; /* there are libraries of NVIDIA's own driver in it */
};

struct loadcache {
	struct draft *draft;
	struct pathmap index; /* directory -> its number, as row */
	VEC(struct folder) folders;
	struct pathmap softs; /* link that no item stands for -> its operation, as row */
};

static void loadcache_done(struct loadcache *cache)
{
	vec_each(folder, &cache->folders)
	{
		free(folder->path);
		ldset_done(&folder->set);
	}
	vec_done(&cache->folders);
	pathmap_done(&cache->index);
	pathmap_done(&cache->softs);
}

static int note_softs(struct loadcache *cache)
{
	const struct plan *plan = cache->draft->plan;

	for (size_t i = 0; i < plan->ops.n; i++) {
		const struct op *op = &plan->ops.items[i];

		if (op->kind == OP_LINK && op->row == NO_ROW && op->part == NO_ROW &&
		    pathmap_put(&cache->softs, op->target, i, NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Text of the link at a path, NULL when there is none. *ret: the item there. */
static const char *link_at(const struct loadcache *cache, const char *path, const struct item **ret)
{
	const struct pathmap_entry *entry = pathmap_find(&cache->draft->places, path, strlen(path));
	const struct pathmap_entry *soft;

	*ret = entry == NULL ? NULL : entry->item;
	if (*ret != NULL)
		return (*ret)->kind == ITEM_LINK ? (*ret)->link : NULL;
	soft = pathmap_find(&cache->softs, path, strlen(path));
	return soft == NULL ? NULL : cache->draft->plan->ops.items[soft->row].link;
}

/* The library that a path of the container leads to by links of the plan, and its own path: 1, 0 =
 * none, -ENOMEM. */
static int find_library(const struct loadcache *cache, const char *path, const struct item **ret,
			char **ret_path)
{
	auto_free char *at = relink_path(&cache->draft->targets, path);

	for (unsigned hops = 0; at != NULL && hops < RELINK_MAX_HOPS; hops++) {
		const char *text = link_at(cache, at, ret);
		auto_free char *dir = NULL;
		auto_free char *next = NULL;

		if (text == NULL) {
			if (*ret == NULL || (*ret)->elf.class == ELF_CLASS_NONE)
				return 0;
			*ret_path = take_ptr(&at);
			return 1;
		}
		dir = path_dirname(at);
		next = dir == NULL ? NULL : path_join(dir, text);
		free(at);
		at = next == NULL ? NULL : relink_path(&cache->draft->targets, next);
	}
	return at == NULL ? -ENOMEM : 0;
}

/* 1 with *ret, 0 = not one that gets files and none is to be made, -ENOMEM. */
static int folder_of(struct loadcache *cache, const char *path, bool make, struct folder **ret)
{
	auto_free char *dir = path_dirname(path);
	const struct pathmap_entry *known =
		dir == NULL ? NULL : pathmap_find(&cache->index, dir, strlen(dir));

	if (known != NULL) {
		*ret = &cache->folders.items[known->row];
		return 1;
	}
	if (dir != NULL && !make)
		return 0;
	if (dir == NULL || pathmap_put(&cache->index, dir, cache->folders.n, NULL) < 0)
		return -ENOMEM;
	*ret = vec_add(&cache->folders);
	if (*ret == NULL)
		return -ENOMEM;
	**ret = (struct folder){.path = take_ptr(&dir)};
	return 1;
}

/* path, a name that leads to library. A directory with links only (of plugins, mostly) is none of
 * the loader's. */
static int add_name(struct loadcache *cache, const char *path, const struct item *library,
		    bool is_link, struct err *err)
{
	const struct elf_facts *elf = &library->elf;
	const char *soname = elf->soname;
	struct ldset_file file = {
		.name = path_basename(path),
		.is_link = is_link,
		.machine = elf->machine,
		.flags = ldflags_of(elf->machine, elf->class == ELF_CLASS_64 ? 64 : 32, elf->flags),
	};
	struct folder *folder = NULL;
	int rc;

	if (file.flags == 0 || !ldset_wants(file.name))
		return 0;
	/* the SONAME comes from a file's content: only one that is a name may make a path */
	file.soname = soname != NULL && path_is_name(soname) ? soname : NULL;
	rc = folder_of(cache, path, !is_link, &folder);
	if (rc <= 0)
		return rc < 0 ? err_nomem(err) : 0;
	folder->set.unsigned_chars = ldflags_unsigned_chars(elf->machine);
	return ldset_add(&folder->set, &file, err);
}

static int add_file(struct draft *draft, const struct item *item, const char *path, void *arg,
		    struct err *err)
{
	struct loadcache *cache = arg;
	struct folder *folder = NULL;
	int rc = item->module ? 0 : add_name(cache, path, item, false, err);

	/* what no row brings is of a part */
	if (rc == 0 && pathmap_find(&draft->places, path, strlen(path))->row == NO_ROW &&
	    folder_of(cache, path, false, &folder) == 1)
		folder->driver = true;
	return rc;
}

static int add_link(struct loadcache *cache, const char *path, struct err *err)
{
	const struct item *library = NULL;
	auto_free char *end = NULL;
	int rc = find_library(cache, path, &library, &end);

	if (rc <= 0)
		return rc < 0 ? err_nomem(err) : 0;
	return add_name(cache, path, library, true, err);
}

static int add_links(struct loadcache *cache, struct err *err)
{
	const struct draft *draft = cache->draft;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < draft->inv->items.n; i++) {
		const struct item *item = &draft->inv->items.items[i];
		const char *path = draft->paths[i];

		if (path == NULL || item->kind != ITEM_LINK || !ldset_wants(path_basename(path)) ||
		    pathmap_find(&draft->places, path, strlen(path))->item != item)
			continue;
		rc = add_link(cache, path, err);
	}
	for (size_t i = 0; rc == 0 && i < draft->plan->ops.n; i++) {
		const struct op *op = &draft->plan->ops.items[i];

		if (op->kind == OP_LINK && op->row == NO_ROW && op->part == NO_ROW)
			rc = add_link(cache, op->target, err);
	}
	return rc;
}

/* A link to a library elsewhere counts as a file of its directory, so ldconfig gives it a SONAME
 * link there, as it does for files. */
static int link_soname(struct loadcache *cache, const char *path, const char *name, struct err *err)
{
	auto_free char *why = str_format("SONAME of %s", name);
	size_t n = cache->draft->plan->ops.n;
	int rc = why == NULL ? err_nomem(err)
			     : draft_add_soft_link(cache->draft, path, name, why, err);

	if (rc < 0 || cache->draft->plan->ops.n == n)
		return rc;
	return pathmap_put(&cache->softs, path, n, NULL) < 0 ? err_nomem(err) : 0;
}

/* Entries name DIR/SONAME as those of ldconfig do, where the container will have that: not in a
 * directory that is bound whole and lacks the link. */
static int name_library(struct loadcache *cache, const struct folder *folder,
			const struct ldset_item *item, struct op_library *ret, struct err *err)
{
	const struct item *library = NULL;
	int rc;

	ret->machine = item->machine;
	ret->flags = item->flags;
	ret->osversion = item->osversion;
	ret->soname = strdup(item->soname);
	ret->path = path_join(folder->path, item->soname);
	if (ret->soname == NULL || ret->path == NULL)
		return err_nomem(err);
	rc = link_soname(cache, ret->path, item->name, err);
	if (rc == 0)
		rc = find_library(cache, ret->path, &library, &ret->file);
	if (rc == 0) {
		free(ret->path);
		ret->path = path_join(folder->path, item->name);
		rc = ret->path == NULL ? -ENOMEM
				       : find_library(cache, ret->path, &library, &ret->file);
	}
	return rc < 0 ? err_nomem(err) : 0;
}

static int add_compat_name(const struct image_compat *compat, const struct image_library *from,
			   const char *soname, struct op *op, struct err *err)
{
	unsigned bits = from->is64 ? 64 : 32;
	uint32_t flags = ldflags_of(from->machine, bits, from->flags);
	struct op_library *library = flags == 0 ? NULL : vec_add(&op->libraries);

	if (flags == 0)
		return 0;
	if (library == NULL)
		return err_nomem(err);
	*library = (struct op_library){.soname = strdup(soname),
				       .path = path_join(compat->dir, from->name),
				       .file = path_join(compat->dir, from->name),
				       .machine = from->machine,
				       .flags = flags};
	if (library->soname == NULL || library->path == NULL || library->file == NULL)
		return err_nomem(err);
	return 0;
}

/* Libraries of the image stay where they are: nothing is mounted, only found first. */
static int add_compat(const struct image_compat *compat, struct op *op, struct err *err)
{
	int rc = strv_add(&op->dirs, compat->dir) < 0 ? err_nomem(err) : 0;

	vec_each(library, &compat->libraries)
	{
		const char *soname = library->soname == NULL ? library->name : library->soname;
		const char *alias = libraries_alias(soname);

		if (rc == 0)
			rc = add_compat_name(compat, library, soname, op, err);
		if (rc == 0 && alias != NULL)
			rc = add_compat_name(compat, library, alias, op, err);
	}
	return rc;
}

static int fill_folder(struct loadcache *cache, const struct folder *folder, struct op *op,
		       struct err *err)
{
	if (strv_add(&op->dirs, folder->path) < 0)
		return err_nomem(err);
	vec_each(item, &folder->set.items)
	{
		struct op_library *library = vec_add(&op->libraries);
		int rc;

		if (library == NULL)
			return err_nomem(err);
		*library = (struct op_library){0};
		rc = name_library(cache, folder, item, library, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The loader takes the first of equal entries. A discrete GPU needs its own driver's libraries,
 * while what runs on the integrated one asks for it by names that only its own have. Where both are
 * of one version they are the same. */
static bool puts_driver_first(const struct draft *draft)
{
	const struct inventory *inv = draft->inv;

	return draft->grants->rows && draft->grants->files &&
	       !str_equal(inv->driver.version.value, inv->platform.driver.value);
}

static int collect_names(const struct loadcache *cache, struct pathmap *names)
{
	vec_each(folder, &cache->folders)
	{
		vec_each(item, &folder->set.items)
		{
			if (folder->driver && pathmap_put(names, item->soname, NO_ROW, NULL) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* The number of names of a folder that are in the map; *first: the first one of all. */
static size_t count_names(const struct folder *folder, const struct pathmap *names,
			  const char **first)
{
	size_t n = 0;

	vec_each(item, &folder->set.items)
	{
		if (pathmap_find(names, item->soname, strlen(item->soname)) == NULL)
			continue;
		*first = *first == NULL ? item->soname : *first;
		n++;
	}
	return n;
}

static int note_both(const struct loadcache *cache)
{
	auto_done(pathmap) struct pathmap names = {0};
	const struct driver *driver = &cache->draft->inv->driver;
	const char *first = NULL;
	size_t n = 0;

	if (collect_names(cache, &names) < 0)
		return -ENOMEM;
	vec_each(folder, &cache->folders)
	{
		if (!folder->driver)
			n += count_names(folder, &names, &first);
	}
	if (n == 0)
		return 0;
	return strv_addf(&cache->draft->plan->notes,
			 "libraries of both drivers have %zu names in common (%s): those of driver "
			 "%s are found first",
			 n, first,
			 driver->version.value == NULL ? "NVIDIA's own" : driver->version.value);
}

static int fill_op(struct loadcache *cache, struct op *op, struct err *err)
{
	bool driver_first = puts_driver_first(cache->draft);
	int rc = driver_first && note_both(cache) < 0 ? err_nomem(err) : 0;

	if (rc == 0 && cache->draft->compat != NULL)
		rc = add_compat(cache->draft->compat, op, err);
	for (int pass = driver_first ? 0 : 1; pass < 2; pass++) {
		vec_each(folder, &cache->folders)
		{
			if (rc == 0 && (!driver_first || folder->driver == (pass == 0)))
				rc = fill_folder(cache, folder, op, err);
		}
	}
	return rc;
}

static int add_op(struct loadcache *cache, struct err *err)
{
	struct op op = {.kind = OP_LDCACHE, .row = NO_ROW, .part = NO_ROW};
	int rc = fill_op(cache, &op, err);
	struct op *added = rc < 0 ? NULL : vec_add(&cache->draft->plan->ops);

	if (added == NULL) {
		op_done(&op);
		return rc < 0 ? rc : err_nomem(err);
	}
	*added = op;
	return 0;
}

int loadcache_add(struct draft *draft, struct err *err)
{
	auto_done(loadcache) struct loadcache cache = {.draft = draft};
	int rc = note_softs(&cache) < 0 ? err_nomem(err) : 0;

	if (rc == 0)
		rc = libraries_each(draft, true, add_file, &cache, err);
	if (rc == 0)
		rc = add_links(&cache, err);
	if (rc < 0 || cache.folders.n == 0)
		return rc;
	return add_op(&cache, err);
}
