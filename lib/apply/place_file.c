/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/rootfs.h"

static const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};

/* A mount point is a directory entry, not an inode: one empty inode carries all placeholders of a
 * mount as hard links, which cost a tenth of a new inode on an overlay. */
static struct place_inode *find_inode(struct place_tree *tree, uint64_t mount)
{
	vec_each(inode, &tree->pool)
	{
		if (inode->mount == mount)
			return inode;
	}
	return NULL;
}

/* Errors after which a new inode may still do: another filesystem below one mount, too many links,
 * a filesystem without hard links, protected_hardlinks. */
static bool wants_new_inode(int code)
{
	return code == EXDEV || code == EMLINK || code == EPERM || code == EOPNOTSUPP ||
	       code == ENOENT || code == ENOSYS;
}

static int new_inode(struct place_tree *tree, struct place *place, struct err *err)
{
	uint64_t mount = tree->dirs.items[place->dir].mount;
	auto_fd fd = entry_open(place_dirfd(tree, place), place->name, O_CREAT | O_EXCL | O_RDONLY,
				0444);
	struct place_inode *inode;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = err_sys(err, errno, "make '%s' in the container", place->path);

		if (fd >= 0)
			(void)entry_remove(place_dirfd(tree, place), place->name);
		return place_cannot_make(r, err);
	}
	(void)futimens(fd, mark);
	place_sign(tree, fd);
	tree->inodes++;
	inode = find_inode(tree, mount);
	if (inode != NULL) {
		(void)close(inode->fd);
	} else {
		inode = vec_add(&tree->pool);
		if (inode == NULL) {
			(void)entry_remove(place_dirfd(tree, place), place->name);
			return err_nomem(err);
		}
		inode->mount = mount;
	}
	inode->fd = take_fd(&fd);
	inode->st = st;
	place->st = st;
	place->exists = true;
	return 0;
}

int place_make_file(struct place_tree *tree, struct place *place, struct err *err)
{
	auto_free char *path = strdup(place->path);
	struct record_item item = {.kind = RECORD_FILE, .path = path};
	const struct place_inode *inode;
	int r;

	if (path == NULL)
		return err_nomem(err);
	r = place_begin(tree, place, &item, err);
	if (r < 0)
		return r;
	inode = find_inode(tree, tree->dirs.items[place->dir].mount);
	if (inode == NULL ||
	    entry_link_fd(tree->procfd, inode->fd, place_dirfd(tree, place), place->name) < 0) {
		if (inode != NULL && !wants_new_inode(errno))
			return place_cannot_make(
				err_sys(err, errno, "make '%s' in the container", place->path),
				err);
		r = new_inode(tree, place, err);
		if (r < 0)
			return r;
	} else {
		place->st = inode->st; /* whatever its name leads to meanwhile */
		place->exists = true;
	}
	tree->placeholders++;
	return place_finish(tree, place, &item, err);
}

int place_make_link(struct place_tree *tree, struct place *place, const char *text, struct err *err)
{
	auto_free char *path = strdup(place->path);
	auto_free char *copy = strdup(text);
	struct record_item item = {.kind = RECORD_LINK, .path = path, .text = copy};
	int r;

	if (path == NULL || copy == NULL)
		return err_nomem(err);
	r = place_begin(tree, place, &item, err);
	if (r < 0)
		return r;
	if (entry_make_link(text, place_dirfd(tree, place), place->name) < 0)
		return place_cannot_make(err_sys(err, errno, "make the link '%s'", place->path),
					 err);
	/* by it a later start knows the link; not every file system has it (EPERM, EOPNOTSUPP) */
	if (entry_set_times(place_dirfd(tree, place), place->name, mark) < 0 &&
	    (errno == EACCES || err_is_trouble(errno)))
		log_warn(tree->log, "apply", "mark the link '%s': %s", place->path,
			 strerror(errno));
	tree->inodes++;
	return place_finish(tree, place, &item, err);
}

static bool has_content(const struct place_tree *tree, const struct place *place, const char *text)
{
	auto_free char *there = NULL;
	size_t len;

	return rootfs_read(place_dirfd(tree, place), place->name, strlen(text), &there, &len,
			   NULL) == 0 &&
	       strcmp(there, text) == 0;
}

/* One of an earlier start: 1 = it will do, 0 = removed */
static int reuse_conf(const struct place_tree *tree, struct place *place, const char *text,
		      struct err *err)
{
	if (!place_is_owned(tree, &place->st))
		return err_set(err, EEXIST, "the image has a '%s' of its own", place->path);
	if (has_content(tree, place, text))
		return 1;
	if (tree->peers != NULL && peers_need(tree->peers, place->path))
		return err_set(err, EEXIST, "'%s' is of another container on this rootfs",
			       place->path);
	if (entry_remove(place_dirfd(tree, place), place->name) < 0)
		return err_sys(err, errno, "replace '%s'", place->path);
	place->exists = false;
	return 0;
}

int place_make_conf(struct place_tree *tree, struct place *place, const char *text, struct err *err)
{
	auto_free char *path = strdup(place->path);
	struct record_item item = {.kind = RECORD_CONF, .path = path};
	auto_fd fd = -1;
	int r = place->exists ? reuse_conf(tree, place, text, err) : 0;

	if (r < 0)
		return r;
	if (path == NULL)
		return err_nomem(err);
	if (place->exists)
		return place_take(tree, place, &item, err);
	r = place_begin(tree, place, &item, err);
	if (r < 0)
		return r;
	fd = entry_open(place_dirfd(tree, place), place->name, O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0)
		return place_cannot_make(err_sys(err, errno, "make '%s'", place->path), err);
	r = io_write_all(fd, text, strlen(text), place->path, err);
	if (r == 0 && futimens(fd, mark) < 0)
		r = err_sys(err, errno, "mark '%s'", place->path);
	if (r < 0) {
		(void)entry_remove(place_dirfd(tree, place), place->name);
		return place_cannot_make(r, err);
	}
	tree->inodes++;
	return place_finish(tree, place, &item, err);
}

struct place_mark place_mark(const struct place_tree *tree)
{
	return (struct place_mark){tree->made.n, tree->placeholders, tree->inodes};
}

static void forget_last(struct place_tree *tree)
{
	struct place_made *made = &tree->made.items[--tree->made.n];

	free(made->name);
	free(made->item.path);
	free(made->item.text);
}

void place_forget(struct place_tree *tree, const struct place_mark *since)
{
	while (tree->made.n > since->made)
		forget_last(tree);
	tree->placeholders = since->placeholders;
	tree->inodes = since->inodes;
}

/* True when it is not there any more, or something else is. */
static bool undo_one(const struct place_tree *tree, const struct place_made *made)
{
	int dirfd = tree->dirs.items[made->dir].fd;
	bool is_dir = made->item.kind == RECORD_DIR;
	struct stat st;
	int r;

	if (made->name == NULL || (made->met && peers_may_run(tree->peers)))
		return true;
	r = entry_stat(dirfd, made->name, &st);
	if (r == 0 && st.st_ino != made->item.ino)
		return true;
	if (r == 0)
		r = is_dir ? entry_remove_dir(dirfd, made->name) : entry_remove(dirfd, made->name);
	if (r == 0 || errno == ENOENT)
		return true;
	log_warn(tree->log, "apply", "cannot remove '%s' again: %s", made->item.path,
		 strerror(errno));
	return false;
}

bool place_undo(struct place_tree *tree)
{
	bool whole = true;

	while (tree->made.n > 0) {
		whole &= undo_one(tree, &tree->made.items[tree->made.n - 1]);
		forget_last(tree);
	}
	return whole;
}
