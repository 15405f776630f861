/* SPDX-License-Identifier: Apache-2.0 */
#include "host/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "host/libfacts.h"
#include "host/places.h"
#include "sys/entry.h"
#include "sys/rootfs.h"

/* One object in its directory, as the last look-up left it in the cache. */
struct finder_object {
	unsigned root;
	const struct dircache_entry *dir; /* borrowed, good until the next look-up */
	const char *name;
	struct stat st;
};

void finder_init(struct finder *finder, const struct host *host, const struct inventory *inv)
{
	*finder = (struct finder){.host = host, .inv = inv};
	dircache_init(&finder->cache, host);
	trust_again(&finder->trust, &host->trust);
	nodes_init(&finder->nodes, host);
}

static void finder_drop(struct finder *finder, size_t keep)
{
	while (finder->items.n > keep)
		item_done(&finder->items.items[--finder->items.n]);
}

void finder_forget(struct finder *finder)
{
	finder_drop(finder, 0);
}

void finder_done(struct finder *finder)
{
	finder_drop(finder, 0);
	vec_done(&finder->items);
	dircache_done(&finder->cache);
	nodes_done(&finder->nodes);
	nameindex_done(&finder->files);
	free(finder->reason);
	finder->reason = NULL;
}

int finder_say(struct finder *finder, enum row_state state, struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	free(finder->reason);
	finder->reason = strdup(text);
	return finder->reason == NULL ? err_nomem(err) : (int)state;
}

static bool finder_is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* 1 = there, 0 = not there, *ret_error says why; negative = no way to go on. */
static int finder_look_in(struct finder *finder, unsigned root, const char *path,
			  struct finder_object *ret, int *ret_error, struct err *err)
{
	const char *name = path_basename(path);
	const struct dircache_entry *dir = NULL;
	int rc = dircache_get(&finder->cache, root, path, (size_t)(name - path) - 1, &dir, err);

	if (rc < 0)
		return rc;
	*ret_error = dir->error;
	if (dir->error != 0)
		return 0;
	if ((*name == '\0' ? fstat(dir->fd, &ret->st) : entry_stat(dir->fd, name, &ret->st)) < 0) {
		*ret_error = errno;
		return err_is_trouble(errno) ? err_sys(err, errno, "look at '%s'", path) : 0;
	}
	ret->root = root;
	ret->dir = dir;
	ret->name = name;
	return 1;
}

/* In all roots in turn; as finder_look_in(). */
static int finder_look(struct finder *finder, const char *path, struct finder_object *ret,
		       int *ret_error, struct err *err)
{
	int first_error = 0;

	if (finder->machine || finder->driver)
		return finder_look_in(finder, finder->machine ? ROOT_MACHINE : ROOT_DRIVER, path,
				      ret, ret_error, err);
	for (size_t i = ROOT_ALT; i <= finder->host->n; i++) {
		/* the driver root comes last */
		unsigned root = i < finder->host->n ? (unsigned)i : ROOT_DRIVER;
		int error = 0;
		int rc;

		if (finder->host->fds[root] < 0)
			continue;
		rc = finder_look_in(finder, root, path, ret, &error, err);
		if (rc != 0)
			return rc;
		if (!finder_is_absence(error))
			first_error = error;
	}
	*ret_error = first_error == 0 ? ENOENT : first_error;
	return 0;
}

int finder_exists(struct finder *finder, const char *path, struct err *err)
{
	struct finder_object object;
	int error = 0;

	return finder_look(finder, path, &object, &error, err);
}

/* Is path (reached from listed, or listed itself) at an allowed place, by name and in truth? */
static int finder_check_place(struct finder *finder, const char *listed, const char *path,
			      const struct finder_object *object, struct err *err)
{
	const struct settings *settings = finder->host->settings;
	auto_free char *real = NULL;

	if (finder->machine || finder->driver)
		return ROW_FOUND;
	if (!places_allow(settings, path)) {
		if (strcmp(listed, path) == 0)
			return finder_say(finder, ROW_REFUSED, err,
					  "'%s' is outside the allowed prefixes", path);
		return finder_say(finder, ROW_REFUSED, err,
				  "'%s' leads to '%s', outside the allowed prefixes", listed, path);
	}
	if (object == NULL)
		return ROW_FOUND;
	real = path_join(object->dir->real, object->name);
	if (real == NULL)
		return err_nomem(err);
	if (!places_allow(settings, real))
		return finder_say(finder, ROW_REFUSED, err,
				  "'%s' leads to '%s', outside the allowed prefixes", path, real);
	return ROW_FOUND;
}

static struct item *finder_add(struct finder *finder, enum item_kind kind, const char *path,
			       const struct finder_object *object)
{
	struct item *item = vec_add(&finder->items);

	if (item == NULL)
		return NULL;
	*item = (struct item){
		.kind = kind,
		.root = object->root,
		.source = strdup(path),
		.target = places_target(finder->host->settings, path),
		.rdev = kind == ITEM_DEVICE ? object->st.st_rdev : 0,
		.dev = object->st.st_dev,
		.ino = object->st.st_ino,
		.mode = object->st.st_mode,
		.uid = object->st.st_uid,
		.gid = object->st.st_gid,
	};
	return item->source == NULL || item->target == NULL ? NULL : item;
}

/* Adds the link at path and gives the path that it names, absolute in the container. */
static int finder_follow(struct finder *finder, const char *path,
			 const struct finder_object *object, char **ret_next, struct err *err)
{
	auto_free char *text = NULL;
	auto_free char *next = NULL;
	auto_free char *next_target = NULL;
	struct item *item;
	int rc = rootfs_readlinkat(object->dir->fd, object->name, &text, NULL);

	if (err_is_trouble(-rc))
		return err_sys(err, -rc, "read link '%s'", path);
	finder->doubtful = rc < 0;
	if (rc < 0)
		return finder_say(finder, ROW_MISSING, err, "read link '%s': %s", path,
				  strerror(-rc));
	/* from the true directory: ".." of a directory reached by a link goes up from there */
	next = path_join(object->dir->real, text);
	next_target = next == NULL ? NULL : places_target(finder->host->settings, next);
	item = next_target == NULL ? NULL : finder_add(finder, ITEM_LINK, path, object);
	if (item == NULL)
		return err_nomem(err);
	item->link = places_link_text(item->target, next_target, text);
	if (item->link == NULL)
		return err_nomem(err);
	*ret_next = take_ptr(&next);
	return ROW_FOUND;
}

static int finder_add_elf(struct finder *finder, struct item *item,
			  const struct finder_object *object)
{
	size_t known;

	if (!libfacts_wanted(object->name))
		return 0;
	if (nameindex_get(&finder->files, item->source, &known)) {
		const struct item *same = &finder->inv->items.items[known];

		if (same->root == item->root && same->dev == item->dev && same->ino == item->ino)
			return libfacts_copy(&item->elf, &same->elf);
	}
	return libfacts_read(object->dir->fd, object->name, &object->st, &item->elf);
}

static int finder_check_node(struct finder *finder, const char *path, dev_t rdev, struct err *err)
{
	const char *fault;
	int rc;

	if (!path_is_below(path, "/dev"))
		return finder_say(finder, ROW_REFUSED, err, "'%s' is a device outside /dev", path);
	rc = nodes_fault(&finder->nodes, path, rdev, &fault, err);
	if (rc < 0)
		return rc;
	return fault == NULL ? ROW_FOUND
			     : finder_say(finder, ROW_REFUSED, err, "'%s' %s", path, fault);
}

static int finder_check_object(struct finder *finder, const char *path, enum row_type type,
			       const struct stat *st, struct err *err)
{
	const char *fault = trust_fault(&finder->trust, st);

	if (S_ISCHR(st->st_mode))
		return finder_check_node(finder, path, st->st_rdev, err);
	if (type == ROW_DEV || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return finder_say(finder, ROW_REFUSED, err, "'%s' is a %s, not a %s", path,
				  entry_type_name(st->st_mode),
				  type == ROW_DEV ? "character device" : "file or directory");
	if (S_ISDIR(st->st_mode) && strchr(path + 1, '/') == NULL)
		return finder_say(finder, ROW_REFUSED, err,
				  "'%s' as a whole would hide the container's own", path);
	if (fault != NULL)
		return finder_say(finder, ROW_REFUSED, err, "'%s' %s", path, fault);
	return ROW_FOUND;
}

/* Adds what lies at the end of a chain. */
static int finder_add_end(struct finder *finder, const char *path, enum row_type type,
			  const struct finder_object *object, struct err *err)
{
	enum item_kind kind = S_ISREG(object->st.st_mode)   ? ITEM_FILE
			      : S_ISDIR(object->st.st_mode) ? ITEM_DIR
							    : ITEM_DEVICE;
	struct item *item;
	int rc = finder_check_object(finder, path, type, &object->st, err);

	if (rc != ROW_FOUND)
		return rc;
	item = finder_add(finder, kind, path, object);
	if (item == NULL)
		return err_nomem(err);
	rc = kind == ITEM_FILE ? finder_add_elf(finder, item, object) : 0;
	if (rc == -EACCES || rc == -EPERM) {
		log_warn(finder->host->log, "host",
			 "'%s' cannot be read (%s): no loader cache will name it", path,
			 strerror(-rc));
		rc = 0;
	}
	return rc < 0 ? err_sys(err, -rc, "read '%s'", path) : ROW_FOUND;
}

static int finder_say_missing(struct finder *finder, const char *listed, const char *path,
			      int error, struct err *err)
{
	finder->doubtful = !finder_is_absence(error);
	if (finder->driver) /* which looks for much that is nowhere */
		return ROW_MISSING;
	if (strcmp(listed, path) != 0)
		return finder_say(finder, ROW_MISSING, err, "'%s' leads to '%s': %s", listed, path,
				  finder_is_absence(error) ? "not there" : strerror(error));
	if (finder_is_absence(error))
		return finder_say(finder, ROW_MISSING, err, "not there");
	return finder_say(finder, ROW_MISSING, err, "look at '%s': %s", path, strerror(error));
}

/* One step of a chain; *ret_next stays NULL at its end. */
static int finder_step(struct finder *finder, const char *listed, const char *path,
		       enum row_type type, char **ret_next, struct err *err)
{
	struct finder_object object;
	int error = 0;
	int rc = finder_check_place(finder, listed, path, NULL, err);

	if (rc != ROW_FOUND)
		return rc;
	rc = finder_look(finder, path, &object, &error, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return finder_say_missing(finder, listed, path, error, err);
	rc = finder_check_place(finder, listed, path, &object, err);
	if (rc != ROW_FOUND)
		return rc;
	if (S_ISLNK(object.st.st_mode))
		return finder_follow(finder, path, &object, ret_next, err);
	return finder_add_end(finder, path, type, &object, err);
}

static bool finder_is_known(const struct finder *finder, const char *path)
{
	if (!finder->driver)
		return false;
	for (size_t i = finder->known_from; i < finder->inv->items.n; i++)
		if (strcmp(finder->inv->items.items[i].source, path) == 0)
			return true;
	return false;
}

int finder_find(struct finder *finder, const char *path, enum row_type type, struct err *err)
{
	size_t before = finder->items.n;
	auto_free char *at = strdup(path);
	int rc = ROW_FOUND;

	if (at == NULL)
		return err_nomem(err);
	finder->doubtful = false;
	finder->known = false;
	for (unsigned links = 0; rc == ROW_FOUND && at != NULL; links++) {
		auto_free char *next = NULL;

		if (links > ROOTFS_MAX_LINKS) {
			rc = finder_say(finder, ROW_MISSING, err,
					"more than %d symbolic links in a row", ROOTFS_MAX_LINKS);
			break;
		}
		finder->known = finder_is_known(finder, at);
		if (finder->known)
			break;
		rc = finder_step(finder, path, at, type, &next, err);
		free(at);
		at = take_ptr(&next);
	}
	if (rc != ROW_FOUND)
		finder_drop(finder, before);
	return rc;
}

int finder_give(struct finder *finder, struct inventory *inv, struct err *err)
{
	vec_each(item, &finder->items)
	{
		struct item *given = vec_add(&inv->items);

		if (given == NULL)
			return err_nomem(err);
		*given = *item;
		*item = (struct item){0};
		if (given->kind == ITEM_FILE && given->elf.class != ELF_CLASS_NONE &&
		    nameindex_put(&finder->files, given->source, inv->items.n - 1) < 0)
			return err_nomem(err);
	}
	finder->items.n = 0;
	return 0;
}
