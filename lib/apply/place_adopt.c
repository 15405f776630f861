/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apply/ldconf.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "sys/entry.h"
#include "sys/mounts.h"
#include "sys/rootfs.h"

#define ATTRIBUTE "trusted.nvc" /* only root of the machine can set it */

void place_sign(const struct place_tree *tree, int fd)
{
	/* not every file system has it */
	if (tree->id != NULL)
		(void)fsetxattr(fd, ATTRIBUTE, tree->id, strlen(tree->id), 0);
}

static void sign_entry(const struct place_tree *tree, int dirfd, const char *name, int flags)
{
	/* another container may have put a node in its place, and opening one does something */
	auto_fd fd = rootfs_open(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY | flags, NULL);

	if (fd >= 0)
		place_sign(tree, fd);
}

void place_sign_dir(const struct place_tree *tree, int dirfd, const char *name)
{
	sign_entry(tree, dirfd, name, O_DIRECTORY);
}

void place_sign_made(const struct place_tree *tree, size_t n)
{
	for (; n < tree->made.n; n++) {
		const struct place_made *made = &tree->made.items[n];

		if (made->recorded && made->item.kind == RECORD_DIR)
			place_sign_dir(tree, tree->dirs.items[made->dir].fd, made->name);
		if (made->recorded && made->item.kind == RECORD_CONF)
			sign_entry(tree, tree->dirs.items[made->dir].fd, made->name, 0);
	}
}

/* Signed for this container, or for another one that runs on this rootfs? */
static bool is_signed(const struct place_tree *tree, int fd)
{
	char id[NAME_MAX + 1];
	ssize_t n = fgetxattr(fd, ATTRIBUTE, id, sizeof(id) - 1);

	if (n <= 0 || tree->id == NULL)
		return false;
	id[n] = '\0';
	return strcmp(id, tree->id) == 0 || (tree->peers != NULL && peers_have(tree->peers, id));
}

/* Or is it in the record of one that runs here? It may be signed for one that has ended since. */
static bool is_shared(const struct place_tree *tree, int fd, const char *path)
{
	return is_signed(tree, fd) || (tree->peers != NULL && peers_need(tree->peers, path));
}

static bool is_marked(const struct stat *st)
{
	return st->st_mtim.tv_sec == RECORD_MARK;
}

static bool is_on_root(const struct place_tree *tree, size_t dir)
{
	return tree->dirs.items[dir].mount == tree->root_mount;
}

/* One inode carries all names: asked once. */
static bool is_owned_file(struct place_tree *tree, const struct place *place)
{
	auto_fd fd = -1;

	if (!is_marked(&place->st) || !is_on_root(tree, place->dir))
		return false;
	if (place->st.st_ino == tree->met_ino && place->st.st_dev == tree->met_dev)
		return tree->met_owned;
	fd = rootfs_open(place_dirfd(tree, place), place->name, O_RDONLY | O_NOFOLLOW, NULL);
	tree->met_owned = fd >= 0 && is_shared(tree, fd, place->path);
	tree->met_ino = place->st.st_ino;
	tree->met_dev = place->st.st_dev;
	return tree->met_owned;
}

void place_leftover(struct place_tree *tree, const char *path)
{
	tree->leftovers++;
	if (tree->leftover == NULL)
		tree->leftover = strdup(path);
}

void place_report(const struct place_tree *tree)
{
	if (tree->leftovers > 0)
		log_info(tree->log, "apply",
			 "the image has %u leftovers of an earlier GPU set-up (empty files, links "
			 "that lead nowhere), '%s' and others: they are covered",
			 tree->leftovers, tree->leftover == NULL ? "?" : tree->leftover);
}

static bool is_in_proc(const struct place_tree *tree, const struct place *place)
{
	struct statfs fs;

	return !is_on_root(tree, place->dir) && fstatfs(place_dirfd(tree, place), &fs) == 0 &&
	       fs.f_type == PROC_SUPER_MAGIC;
}

int place_meet(struct place_tree *tree, struct place *place, struct err *err)
{
	struct record_item item = {.kind = RECORD_FILE};
	auto_free char *path = NULL;

	/* files of procfs say that they are empty */
	if (!place->exists || !S_ISREG(place->st.st_mode) || place->st.st_size != 0 ||
	    is_in_proc(tree, place))
		return 0;
	if (!is_owned_file(tree, place)) {
		place_leftover(tree, place->path);
		return 0;
	}
	path = strdup(place->path);
	if (path == NULL)
		return err_nomem(err);
	item.path = path;
	tree->owned = true;
	return place_take(tree, place, &item, err);
}

void place_meet_conf(struct place_tree *tree, const char *path)
{
	auto_fd fd =
		tree->owned ? -1 : rootfs_open(tree->rootfd, path, O_RDONLY | O_NOFOLLOW, NULL);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_marked(&st) &&
	    rootfs_is_on(tree->rootfd, fd, NULL) > 0)
		tree->owned = is_signed(tree, fd);
}

/* The directory itself: "." is no entry of it. */
static bool is_shared_place(const struct place_tree *tree, int dirfd, const char *path)
{
	auto_fd fd = rootfs_open(dirfd, "/", O_RDONLY | O_DIRECTORY, NULL);

	return fd >= 0 && is_shared(tree, fd, path);
}

static bool is_shared_dir(const struct place_tree *tree, int dirfd, const char *name,
			  const char *path)
{
	auto_fd fd = entry_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);

	return fd >= 0 && is_shared(tree, fd, path);
}

int place_use(struct place_tree *tree, const struct place *place, const char *text, struct err *err)
{
	struct place_found *found;

	if (tree->id == NULL || !is_on_root(tree, place->dir))
		return 0;
	if (text != NULL ? !is_marked(&place->st)
			 : !is_shared_dir(tree, place_dirfd(tree, place), place->name, place->path))
		return 0;
	found = vec_add(&tree->found);
	if (found == NULL)
		return err_nomem(err);
	tree->owned |= text == NULL;
	*found = (struct place_found){
		.dir = place->dir,
		.name = strdup(place->name),
		.item = {.kind = text == NULL ? RECORD_DIR : RECORD_LINK,
			 .ino = place->st.st_ino,
			 .path = strdup(place->path),
			 .text = text == NULL ? NULL : strdup(text)},
	};
	if (found->name == NULL || found->item.path == NULL ||
	    (text != NULL && found->item.text == NULL))
		return err_nomem(err);
	return 0;
}

/* What is in it was made before: the directory goes to the front, to be removed after that. */
static void move_to_front(struct place_tree *tree)
{
	struct place_made last = tree->made.items[tree->made.n - 1];

	memmove(&tree->made.items[tree->owned_dirs + 1], &tree->made.items[tree->owned_dirs],
		(tree->made.n - 1 - tree->owned_dirs) * sizeof(last));
	tree->made.items[tree->owned_dirs++] = last;
}

static bool is_made(const struct place_tree *tree, const char *path)
{
	vec_each(made, &tree->made)
	{
		if (strcmp(made->item.path, path) == 0)
			return true;
	}
	return false;
}

static int adopt_dir(struct place_tree *tree, const char *path, struct err *err)
{
	struct record_item item = {.kind = RECORD_DIR, .path = (char *)(uintptr_t)path};
	struct place place;
	int r = place_open(tree, path, &place, err);

	if (r < 0)
		return r;
	if (!place.exists || !S_ISDIR(place.st.st_mode) || !is_on_root(tree, place.dir) ||
	    is_made(tree, path))
		return 0;
	if (!is_shared_dir(tree, place_dirfd(tree, &place), place.name, path))
		return 0;
	r = place_take(tree, &place, &item, err);
	if (r == 0)
		move_to_front(tree);
	return r;
}

/* The upper ones first. */
static int adopt_dirs_of(struct place_tree *tree, const char *path, struct strv *seen,
			 struct err *err)
{
	auto_done(strv) struct strv chain = {0};
	auto_free char *at = path_dirname(path);

	while (at != NULL && strcmp(at, "/") != 0 && !strv_contains(seen, at)) {
		char *up = path_dirname(at);

		if (strv_add(&chain, at) < 0 || strv_add(seen, at) < 0) {
			free(up);
			return err_nomem(err);
		}
		free(at);
		at = up;
	}
	if (at == NULL)
		return err_nomem(err);
	for (size_t i = chain.n; i-- > 0;) {
		int r = adopt_dir(tree, chain.items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int adopt_dirs(struct place_tree *tree, struct err *err)
{
	auto_done(strv) struct strv paths = {0};
	auto_done(strv) struct strv seen = {0};
	int r = 0;

	/* a list of their own: adopting moves what is in made */
	vec_each(made, &tree->made) r |= strv_add(&paths, made->item.path);
	vec_each(found, &tree->found) r |= strv_add(&paths, found->item.path);
	if (r < 0)
		return err_nomem(err);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		r = adopt_dirs_of(tree, paths.items[i], &seen, err);
	return r;
}

/* A directory is covered by now: it was looked at before. */
static int adopt_found(struct place_tree *tree, struct place_found *found, struct err *err)
{
	struct place place = {.path = found->item.path, .dir = found->dir, .exists = true};
	bool is_dir = found->item.kind == RECORD_DIR;
	int r;

	memcpy(place.name, found->name, strlen(found->name) + 1);
	place.st.st_ino = found->item.ino;
	if (is_made(tree, place.path) ||
	    (!is_dir && (entry_stat(place_dirfd(tree, &place), place.name, &place.st) < 0 ||
			 place.st.st_ino != found->item.ino)))
		return 0;
	r = place_take(tree, &place, &found->item, err);
	if (r == 0 && is_dir)
		move_to_front(tree);
	return r;
}

static int adopt_all_found(struct place_tree *tree, enum record_kind kind, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < tree->found.n && r == 0; i++) {
		if (tree->found.items[i].item.kind == kind)
			r = adopt_found(tree, &tree->found.items[i], err);
	}
	return r;
}

/* Its folder is there if it is. */
static int adopt_conf(struct place_tree *tree, const char *path, struct err *err)
{
	struct record_item item = {.kind = RECORD_CONF, .path = (char *)(uintptr_t)path};
	struct place place;
	struct stat st;
	int r;

	if (rootfs_lstat(tree->rootfd, path, &st, NULL) <= 0 || !place_is_owned(tree, &st) ||
	    is_made(tree, path))
		return 0;
	r = place_open(tree, path, &place, err);
	if (r < 0 || !place.exists || !is_on_root(tree, place.dir))
		return r;
	return place_take(tree, &place, &item, err);
}

int place_adopt(struct place_tree *tree, struct err *err)
{
	int r;

	vec_each(found, &tree->found)
	{
		if (!tree->owned)
			tree->owned = is_shared_place(tree, tree->dirs.items[found->dir].fd,
						      found->item.path);
	}
	if (!tree->owned)
		return 0;
	r = adopt_all_found(tree, RECORD_LINK, err);
	if (r == 0)
		r = adopt_conf(tree, LDCONF_OURS, err);
	if (r == 0)
		r = adopt_dirs(tree, err);
	return r < 0 ? r : adopt_all_found(tree, RECORD_DIR, err);
}

bool place_is_owned(const struct place_tree *tree, const struct stat *st)
{
	return tree->owned && S_ISREG(st->st_mode) && is_marked(st);
}
