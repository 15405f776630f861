/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libsearch.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/ldflags.h"
#include "host/libcache.h"
#include "host/libdirs.h"
#include "host/libfacts.h"
#include "host/libother.h"

#define MAX_STEM      64u         /* bytes of a library's name without ".so", with NUL */
#define ABI_LINUX_2_3 0x00020363u /* Linux 2.3.99: see LIB_ABI */

/* One name of the tables, of one class. */
struct sought {
	const struct lib_entry *entry;
	bool is32;
	bool found;
	bool below;                             /* it is sought in entry->dir */
	bool plain;                             /* the cache has "NAME.so" as well */
	const char *paths[LIBSEARCH_MAX_TRIES]; /* that the cache names; borrowed */
	unsigned n_paths;
	char *fault; /* why the first that was there is not used; owned; NULL */
};

struct libsearch {
	struct hunt *hunt;
	struct err *err;
	VEC(struct sought) sought; /* wide ones, then those of 32 bits, in the order of the table */
	struct nameindex names;   /* entry->name -> index of the wide one, as far as there is one */
	struct nameindex names32; /* the same of those of 32 bits */
	struct strv dirs[2];      /* where something was found, by class */
	size_t looked[2];         /* directories that were there, by class */
	size_t stale;             /* entries of the cache whose file is gone */
	bool cached;              /* there is a cache */
	struct libother other;    /* a driver that is not loaded */
};

static void libsearch_done(struct libsearch *search)
{
	vec_each(sought, &search->sought) free(sought->fault);
	vec_done(&search->sought);
	nameindex_done(&search->names);
	nameindex_done(&search->names32);
	strv_done(&search->dirs[0]);
	strv_done(&search->dirs[1]);
	libother_done(&search->other);
}

static int want_all(struct libsearch *search, bool is32)
{
	const struct hunt *hunt = search->hunt;
	const struct lib_entry *entry;

	for (size_t i = 0; (entry = libtable_library(i)) != NULL; i++) {
		bool windows = (entry->flags & LIB_WINDOWS) != 0;
		struct sought *sought;

		if (!hunt_wants(hunt, entry->caps) || (windows && !hunt->inv->driver.wsl))
			continue;
		sought = vec_add(&search->sought);
		if (sought == NULL || nameindex_put(is32 ? &search->names32 : &search->names,
						    entry->name, search->sought.n - 1) < 0)
			return err_nomem(search->err);
		sought->entry = entry;
		sought->is32 = is32;
	}
	return 0;
}

/* A library that carries the driver's version must have that of the module. */
static bool version_fits(const struct hunt *hunt, const struct sought *sought, const char *file)
{
	const char *version = hunt->version;
	size_t len = strlen(file);

	if (version == NULL || (sought->entry->flags & LIB_OWN) != 0)
		return true;
	return len > strlen(version) + 4 && str_ends_with(file, version) &&
	       strncmp(file + len - strlen(version) - 4, ".so.", 4) == 0;
}

/* Old drivers have a second libnvidia-tls for machines that nobody has any more. */
static int check_abi(struct libsearch *search, const struct item *item)
{
	struct hunt *hunt = search->hunt;
	const struct stat st = {.st_dev = item->dev, .st_ino = item->ino};
	auto_free char *dir = path_dirname(item->source);
	const struct dircache_entry *entry;
	uint32_t version = 0;
	int rc;

	if (dir == NULL)
		return err_nomem(search->err);
	rc = dircache_get(&hunt->finder.cache, ROOT_DRIVER, dir, strlen(dir), &entry, search->err);
	if (rc < 0)
		return rc;
	rc = entry->error == 0
		     ? libfacts_read_abi(entry->fd, path_basename(item->source), &st, &version)
		     : 0;
	if (rc < 0)
		return err_sys(search->err, -rc, "read '%s'", item->source);
	if (version == 0 || version == ABI_LINUX_2_3)
		return ROW_FOUND;
	return finder_say(&hunt->finder, ROW_REFUSED, search->err,
			  "'%s' is for other kernels, by its ABI note", item->source);
}

/* Is what hunt_find() has found the library of the driver that is loaded? */
static int check_found(struct libsearch *search, const struct sought *sought)
{
	struct hunt *hunt = search->hunt;
	const struct item *end = &hunt->finder.items.items[hunt->finder.items.n - 1];
	uint16_t machine = sought->is32 ? hunt->machine->machine32 : hunt->machine->machine;
	bool fits = version_fits(hunt, sought, path_basename(end->source));
	int rc = ROW_FOUND;

	if (!fits && (sought->entry->flags & LIB_NEEDED) != 0)
		rc = libother_note(&search->other, hunt, end->source, search->err);
	if (rc < 0)
		return rc;
	if (!fits)
		rc = finder_say(&hunt->finder, ROW_REFUSED, search->err,
				"'%s' is not of version %s, which is loaded", end->source,
				hunt->version);
	else if ((sought->entry->flags & LIB_ABI) != 0 && end->elf.machine == machine)
		rc = check_abi(search, end);
	if (rc == ROW_FOUND)
		return hunt_check_library(hunt, machine, search->err);
	if (rc == ROW_REFUSED) {
		finder_forget(&hunt->finder);
		log_debug(hunt->host->log, "host", "%s", hunt->finder.reason);
	}
	return rc;
}

/* Further links in dir by which the library is asked for, if they lead to it. */
static int add_link(struct hunt *hunt, const char *dir, const char *name, struct err *err)
{
	int rc = hunt_find(hunt, dir, name, err);

	if (rc == ROW_FOUND && hunt->finder.known)
		return hunt_give(hunt, err);
	finder_forget(&hunt->finder);
	return rc < 0 ? rc : 0;
}

static int add_links(struct libsearch *search, const struct sought *sought, const char *dir)
{
	struct hunt *hunt = search->hunt;
	const struct item *end = &hunt->inv->items.items[hunt->inv->items.n - 1];
	auto_free char *soname = end->elf.soname == NULL ? NULL : strdup(end->elf.soname);
	auto_free char *plain = str_format("%s.so", sought->entry->name);
	int rc = 0;

	if (plain == NULL || (soname == NULL && end->elf.soname != NULL))
		return err_nomem(search->err);
	/* from a file's content: only what is a name may become a part of a path */
	if (soname != NULL && path_is_name(soname))
		rc = add_link(hunt, dir, soname, search->err);
	/* ldconfig has noted it, if it is there */
	if (rc < 0 || (sought->entry->flags & LIB_OPENED) == 0 ||
	    (sought->n_paths > 0 && !sought->plain))
		return rc;
	return add_link(hunt, dir, plain, search->err);
}

static int take(struct libsearch *search, struct sought *sought, const char *why)
{
	struct hunt *hunt = search->hunt;
	auto_free char *dir = strdup(hunt->dir);
	auto_free char *name = str_format("%s.so", sought->entry->name);
	struct hunt_part part = {.kind = PART_FILE,
				 .caps = sought->entry->caps,
				 .compat32 = sought->is32,
				 .name = name,
				 .why = why};
	int rc;

	if (dir == NULL || name == NULL || strv_add_unique(&search->dirs[sought->is32], dir) < 0)
		return err_nomem(search->err);
	sought->found = true;
	if (sought->below)
		hunt_mark_module(hunt);
	rc = hunt_give(hunt, search->err);
	if (rc == 0)
		rc = add_links(search, sought, dir);
	return rc < 0 ? rc : hunt_add_part(hunt, &part, search->err);
}

/* ROW_*; the first reason against one that is there is kept. */
static int try(struct libsearch *search, struct sought *sought, const char *dir, const char *name,
	       const char *why)
{
	int rc = hunt_find(search->hunt, dir, name, search->err);

	if (rc == ROW_FOUND)
		rc = check_found(search, sought);
	if (rc == ROW_REFUSED && sought->fault == NULL) {
		sought->fault = strdup(search->hunt->finder.reason);
		if (sought->fault == NULL)
			return err_nomem(search->err);
	}
	if (rc != ROW_FOUND)
		return rc;
	rc = take(search, sought, why);
	return rc < 0 ? rc : ROW_FOUND;
}

/* ---- the loader's cache ---- */

/* The name of the tables that an entry is of, if it is still sought. */
static struct sought *sought_of(struct libsearch *search, const struct ldcache_entry *entry)
{
	const struct lib_machine *machine = search->hunt->machine;
	uint32_t narrow = ldflags_of(machine->machine32, 32, EF_ARM_ABI_FLOAT_HARD);
	size_t len = strncmp(entry->key, "lib", 3) == 0 ? libtable_stem(entry->key) : 0;
	const struct nameindex *names;
	char stem[MAX_STEM];
	size_t at;

	if (len == 0 || len >= sizeof(stem))
		return NULL;
	if (ldflags_same_class(entry->flags, ldflags_of(machine->machine, 64, 0)))
		names = &search->names;
	else if (ldflags_same_class(entry->flags, narrow))
		names = &search->names32;
	else
		return NULL;
	memcpy(stem, entry->key, len);
	stem[len] = '\0';
	/* what is in the index is in the list: the analyzer does not see that */
	if (!nameindex_get(names, stem, &at) || at >= search->sought.n ||
	    search->sought.items == NULL || search->sought.items[at].found)
		return NULL;
	return &search->sought.items[at];
}

/* Keeps what the cache says, so that parts come in the order of the tables. */
static void note_entries(struct libsearch *search, const struct ldcache *cache)
{
	vec_each(entry, &cache->entries)
	{
		struct sought *sought = sought_of(search, entry);

		if (sought == NULL)
			continue;
		sought->plain = sought->plain || str_ends_with(entry->key, ".so");
		if (sought->n_paths < LIBSEARCH_MAX_TRIES)
			sought->paths[sought->n_paths++] = entry->value;
	}
}

static int try_path(struct libsearch *search, struct sought *sought, const char *value)
{
	auto_free char *path = path_normal(value);
	auto_free char *dir = path == NULL ? NULL : path_dirname(path);
	int rc;

	if (dir == NULL)
		return err_nomem(search->err);
	rc = try(search, sought, dir, path_basename(path), "ld.so.cache");
	if (rc == ROW_MISSING && search->stale++ == 0)
		log_info(search->hunt->host->log, "host",
			 "the loader's cache is stale: '%s' is not there", path);
	return rc;
}

static int try_noted(struct libsearch *search)
{
	vec_each(sought, &search->sought)
	{
		for (unsigned i = 0; !sought->found && i < sought->n_paths; i++) {
			int rc = try_path(search, sought, sought->paths[i]);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int use_cache(struct libsearch *search)
{
	auto_done(libcache) struct libcache cache = {0};
	int rc =
		libcache_read(search->hunt->host, &search->hunt->finder.trust, &cache, search->err);

	if (rc < 0 || cache.data == NULL)
		return rc;
	search->cached = true;
	note_entries(search, &cache.entries);
	rc = try_noted(search);
	vec_each(sought, &search->sought) sought->n_paths = 0;
	return rc;
}

/* ---- directories ---- */

static char *file_of(const struct libsearch *search, const struct lib_entry *entry)
{
	const char *version = (entry->flags & LIB_OWN) == 0 && search->hunt->version != NULL
				      ? search->hunt->version
				      : entry->number;

	return version == NULL ? str_format("%s.so", entry->name)
			       : str_format("%s.so.%s", entry->name, version);
}

static int try_dir(struct libsearch *search, struct sought *sought, const char *dir)
{
	auto_free char *file = file_of(search, sought->entry);
	auto_free char *below =
		sought->entry->dir == NULL ? NULL : path_join(dir, sought->entry->dir);
	int rc;

	if (file == NULL || (below == NULL && sought->entry->dir != NULL))
		return err_nomem(search->err);
	sought->below = false;
	rc = try(search, sought, dir, file, dir);
	sought->below = below != NULL;
	if (rc >= 0 && rc != ROW_FOUND && below != NULL)
		rc = try(search, sought, below, file, below);
	return rc < 0 ? rc : 0;
}

static int look_in(struct libsearch *search, const char *dir, bool is32, bool needed_only)
{
	const struct dircache_entry *entry;
	int rc = dircache_get(&search->hunt->finder.cache, ROOT_DRIVER, dir, strlen(dir), &entry,
			      search->err);

	if (rc < 0 || entry->error != 0)
		return rc;
	search->looked[is32]++;
	vec_each(sought, &search->sought)
	{
		if (sought->found || sought->is32 != is32 ||
		    (needed_only && (sought->entry->flags & LIB_NEEDED) == 0))
			continue;
		rc = try_dir(search, sought, dir);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int look_in_all(struct libsearch *search, const struct strv *dirs, bool is32,
		       bool needed_only)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < dirs->n; i++)
		rc = look_in(search, dirs->items[i], is32, needed_only);
	return rc;
}

/* Is one missing that each driver has? Of 32 bits many machines have none at all, or not all. */
static bool lacks_some(const struct libsearch *search, bool is32)
{
	bool asked = false;

	vec_each(sought, &search->sought)
	{
		if (sought->is32 != is32)
			continue;
		asked = true;
		if (!is32 && !sought->found && (sought->entry->flags & LIB_NEEDED) != 0)
			return true;
		if (is32 && sought->found)
			return false;
	}
	return is32 && asked;
}

/* What the cache lacks: what must be there everywhere, the rest only where the driver is. */
static int use_dirs(struct libsearch *search, bool is32)
{
	auto_done(strv) struct strv usual = {0};
	auto_done(strv) struct strv known = {0};
	int rc = 0;

	if (lacks_some(search, is32)) {
		if (libdirs_usual(search->hunt->machine, is32, search->hunt->version, &usual) < 0)
			return err_nomem(search->err);
		rc = look_in_all(search, &usual, is32, true);
	}
	if (rc == 0 && strv_copy(&known, &search->dirs[is32]) < 0)
		return err_nomem(search->err);
	return rc < 0 ? rc : look_in_all(search, &known, is32, false);
}

/* ---- the whole ---- */

static bool is_needed(const struct sought *sought)
{
	return !sought->is32 && (sought->entry->flags & LIB_NEEDED) != 0;
}

/* Are libraries lacking since they are of a driver whose module is not loaded? Directories were
 * searched for names with the version of the loaded one. */
static int find_other(struct libsearch *search)
{
	auto_done(strv) struct strv dirs = {0};
	struct hunt *hunt = search->hunt;

	vec_each(sought, &search->sought)
	{
		if (sought->found && is_needed(sought))
			return 0; /* an upgrade leaves nothing of what is loaded */
	}
	if (libdirs_usual(hunt->machine, false, hunt->version, &dirs) < 0)
		return err_nomem(search->err);
	vec_each(sought, &search->sought)
	{
		const struct lib_entry *entry = sought->entry;
		auto_free char *soname = NULL;
		int rc;

		if (!is_needed(sought) || entry->number == NULL)
			continue;
		soname = str_format("%s.so.%s", entry->name, entry->number);
		rc = soname == NULL
			     ? err_nomem(search->err)
			     : libother_look(&search->other, hunt, &dirs, soname, search->err);
		if (rc < 0)
			return rc;
	}
	return libother_tell(&search->other, hunt->inv, search->err);
}

static int add_lacks(struct libsearch *search)
{
	const char *cache = search->cached ? "not in the loader's cache nor" : "not";
	int rc = 0;

	vec_each(sought, &search->sought)
	{
		auto_free char *name = NULL;

		if (sought->found || !is_needed(sought))
			continue;
		name = str_format("%s.so", sought->entry->name);
		if (name == NULL)
			return err_nomem(search->err);
		if (sought->fault != NULL)
			rc = hunt_lack(search->hunt, sought->entry->caps, name, search->err, "%s",
				       sought->fault);
		else
			rc = hunt_lack(search->hunt, sought->entry->caps, name, search->err,
				       "%s in %zu directories", cache, search->looked[0]);
		if (rc < 0)
			return rc;
	}
	if (!lacks_some(search, true))
		return 0;
	return hunt_lack(search->hunt, DRIVER_CAP_COMPAT32, "libraries of 32 bits", search->err,
			 "%s in %zu directories", cache, search->looked[1]);
}

static int search_all(struct libsearch *search)
{
	const struct strv *own = &search->hunt->host->settings->library_dirs;
	int rc = look_in_all(search, own, false, false);

	if (rc == 0)
		rc = look_in_all(search, own, true, false);
	if (rc == 0)
		rc = use_cache(search);
	if (rc == 0)
		rc = use_dirs(search, false);
	return rc < 0 ? rc : use_dirs(search, true);
}

int libsearch_run(struct hunt *hunt, struct err *err)
{
	auto_done(libsearch) struct libsearch search = {.hunt = hunt, .err = err};
	bool windows = hunt->inv->driver.wsl;
	int rc = want_all(&search, false);

	if (rc == 0 && !windows && (hunt->caps & DRIVER_CAP_COMPAT32) != 0)
		rc = want_all(&search, true);
	if (rc == 0)
		rc = windows ? look_in(&search, LIBDIRS_WINDOWS, false, false)
			     : search_all(&search);
	if (rc == 0 && strv_copy(&hunt->libdirs, &search.dirs[0]) < 0)
		return err_nomem(err);
	if (rc == 0 && hunt->version != NULL)
		rc = find_other(&search);
	return rc < 0 ? rc : add_lacks(&search);
}
