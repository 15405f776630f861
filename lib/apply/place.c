/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "apply/seclude.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/mounts.h"
#include "sys/rootfs.h"

int place_tree_open(struct place_tree *tree, int rootfd, struct err *err)
{
	struct statvfs fs;

	tree->rootfd = rootfd;
	if (fstatvfs(rootfd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0)
		tree->read_only = true;
	return mount_id(rootfd, &tree->root_mount, err);
}

static void made_done(struct place_made *made)
{
	free(made->name);
	free(made->item.path);
	free(made->item.text);
}

void place_tree_done(struct place_tree *tree)
{
	vec_each(dir, &tree->dirs)(void) close(dir->fd);
	vec_each(inode, &tree->pool)(void) close(inode->fd);
	vec_each(made, &tree->made) made_done(made);
	vec_each(found, &tree->found)
	{
		free(found->name);
		free(found->item.path);
		free(found->item.text);
	}
	free(tree->leftover);
	vec_done(&tree->found);
	vec_done(&tree->dirs);
	vec_done(&tree->pool);
	vec_done(&tree->made);
}

int place_dirfd(const struct place_tree *tree, const struct place *place)
{
	return tree->dirs.items[place->dir].fd;
}

bool place_mounts_have(const char *mountinfo, dev_t dev)
{
	char word[32];
	int n = snprintf(word, sizeof(word), " %u:%u ", major(dev), minor(dev));

	/* "ID PARENT MAJOR:MINOR ROOT POINT ...": blanks in paths are escaped there */
	for (const char *line = mountinfo; line != NULL && *line != '\0';) {
		const char *third = strchr(line, ' ');

		third = third == NULL ? NULL : strchr(third + 1, ' ');
		if (third == NULL)
			return false;
		if (strncmp(third, word, (size_t)n) == 0)
			return true;
		line = strchr(third, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return false;
}

char *place_mounts_shorten(char *mountinfo)
{
	char *to = mountinfo;
	char *shorter;

	for (const char *line = mountinfo; *line != '\0';) {
		const char *end = line;

		for (unsigned blanks = 0; *end != '\0' && *end != '\n' && blanks < 3; end++)
			blanks += *end == ' ';
		memmove(to, line, (size_t)(end - line));
		to += end - line;
		line = end + strcspn(end, "\n");
		if (*line == '\n')
			*to++ = *line++;
	}
	*to++ = '\0';
	shorter = realloc(mountinfo, (size_t)(to - mountinfo));
	return shorter == NULL ? mountinfo : shorter;
}

/* What is made on the rootfs stays in it; on a tmpfs of the container's own it goes with it. Any
 * other mount is a volume: what is made there would be made on the host. A tmpfs that the host has
 * mounted too (its /dev handed over with -v) is a volume as well. */
static int is_no_volume(const struct place_tree *tree, int dirfd, uint64_t mount, const char *path,
			struct err *err)
{
	struct statfs fs;
	struct stat st;

	if (mount == tree->root_mount)
		return 0;
	if (fstatfs(dirfd, &fs) < 0 || fstat(dirfd, &st) < 0)
		return err_sys(err, errno, "look at the directory of '%s'", path);
	if ((unsigned long)fs.f_type == TMPFS_MAGIC &&
	    (tree->host_mounts == NULL || !place_mounts_have(tree->host_mounts, st.st_dev)))
		return 0;
	(void)err_set(err, EROFS, "'%s' would have to be created in a volume", path);
	return err_hint(err, "mount the volume elsewhere, or create the file in it");
}

static int may_create(const struct place_tree *tree, int dirfd, uint64_t mount, const char *path,
		      struct err *err)
{
	if (mount == tree->root_mount && tree->read_only)
		return place_cannot_make(err_sys(err, EROFS, "make '%s' in the container", path),
					 err);
	return is_no_volume(tree, dirfd, mount, path, err);
}

/* Mounts of ours were not there when the text was read: not found in it, and private anyway. */
static int seclude(const struct place_tree *tree, int fd, uint64_t mount, const char *path,
		   struct err *err)
{
	if (tree->mounts == NULL)
		return 0;
	for (size_t i = 0; i < tree->dirs.n; i++) {
		if (tree->dirs.items[i].mount == mount)
			return 0;
	}
	return seclude_mount(tree->mounts, mount, is_no_volume(tree, fd, mount, path, NULL) == 0,
			     path, err);
}

/* Index of the directory that fd stands for; takes the fd over. path is for messages. */
static int keep_dir(struct place_tree *tree, int taken, const char *path, size_t *ret,
		    struct err *err)
{
	auto_fd fd = taken;
	struct place_dir *dir;
	struct stat st;
	uint64_t mount;
	int r = mount_id(fd, &mount, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at a directory of the container");
	for (size_t i = tree->dirs.n; i-- > 0;) {
		dir = &tree->dirs.items[i];
		if (dir->ino == st.st_ino && dir->dev == st.st_dev && dir->mount == mount) {
			*ret = i;
			return 0;
		}
	}
	r = seclude(tree, fd, mount, path, err);
	if (r < 0)
		return r;
	dir = vec_add(&tree->dirs);
	if (dir == NULL)
		return err_nomem(err);
	*dir = (struct place_dir){.dev = st.st_dev, .ino = st.st_ino, .mount = mount};
	dir->fd = take_fd(&fd);
	*ret = tree->dirs.n - 1;
	return 0;
}

/* Notes in the record what is going to be made (ino 0) or what was made. A record that cannot be
 * written must not stop a container: then this container's leftovers are only undone on errors. */
static void note(struct place_tree *tree, const struct record_item *item)
{
	struct err err = {0};

	if (tree->journal >= 0 && record_note_item(tree->journal, item, &err) < 0) {
		log_warn(tree->log, "apply", "%s; what is made now is not recorded", err.msg);
		tree->journal = -1;
	}
}

static int add_made(struct place_tree *tree, size_t dir, const char *name,
		    const struct record_item *item, struct err *err)
{
	struct place_made *made = vec_add(&tree->made);

	if (made == NULL)
		return err_nomem(err);
	*made = (struct place_made){
		.dir = dir,
		.name = strdup(name),
		.item = {.kind = item->kind,
			 .ino = item->ino,
			 .path = strdup(item->path),
			 .text = item->text == NULL ? NULL : strdup(item->text)},
		.recorded = tree->dirs.items[dir].mount == tree->root_mount,
	};
	if (made->name != NULL && made->item.path != NULL &&
	    (item->text == NULL || made->item.text != NULL))
		return 0;
	made_done(&tree->made.items[--tree->made.n]);
	return err_nomem(err);
}

int place_cannot_make(int code, struct err *err)
{
	if (err == NULL || err->hint != NULL) /* a volume: said already */
		return code;
	if (code == -EROFS)
		return err_hint(err, "a root file system that cannot be written must have every "
				     "place already, as an empty file, directory or link; or let "
				     "the runtime make it read-only (docker run --read-only)");
	if (code == -ENOSPC || code == -EDQUOT)
		return err_hint(err, "make room for blocks and inodes where the container's "
				     "layers are kept");
	return code;
}

struct parent_making {
	struct place_tree *tree;
	struct err *err;
};

static int keep_parent(struct place_tree *tree, int dirfd, const char *name,
		       struct record_item *item, size_t *ret, struct err *err)
{
	auto_fd fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	struct stat st;
	int r;

	if (item->path == NULL)
		return err_nomem(err);
	if (fd < 0 || entry_stat(dirfd, name, &st) < 0)
		return err_sys(err, errno, "look at the new directory '%s'", item->path);
	item->ino = st.st_ino;
	r = keep_dir(tree, take_fd(&fd), item->path, ret, err);
	return r < 0 ? r : add_made(tree, *ret, name, item, err);
}

/* rootfs_made_fn: the directory was made just now. */
static int parent_made(void *arg, int dirfd, const char *name, const char *path)
{
	struct parent_making *making = arg;
	struct place_tree *tree = making->tree;
	auto_free char *copy = path_normal(path);
	struct record_item item = {.kind = RECORD_DIR, .path = copy};
	size_t dir = 0;
	int r = keep_parent(tree, dirfd, name, &item, &dir, making->err);

	if (r < 0) {
		(void)entry_remove_dir(dirfd, name);
		return r;
	}
	tree->inodes++;
	if (tree->dirs.items[dir].mount == tree->root_mount) {
		note(tree, &item);
		place_sign_dir(tree, dirfd, name);
	}
	/* again, now by fd: a directory may have been exchanged since check_ancestor() */
	return may_create(tree, dirfd, tree->dirs.items[dir].mount, path, making->err);
}

/* Notes the directories that are going to be made, the upper ones first: a hook that is killed
 * between mkdir and the note of the inode leaves nothing unknown. */
static void note_missing(struct place_tree *tree, const struct strv *missing)
{
	for (size_t i = missing->n; i-- > 0;) {
		const struct record_item item = {.kind = RECORD_DIR, .path = missing->items[i]};

		note(tree, &item);
	}
}

/* May directories be made below the deepest one that there is? */
static int check_ancestor(struct place_tree *tree, const char *path, struct err *err)
{
	auto_done(strv) struct strv missing = {0};
	auto_free char *at = path_dirname(path);

	while (at != NULL) {
		auto_fd fd = rootfs_open(tree->rootfd, at, O_PATH | O_DIRECTORY | O_CLOEXEC, NULL);
		char *up;

		if (fd >= 0) {
			uint64_t mount;
			int r = mount_id(fd, &mount, err);

			if (r == 0)
				r = may_create(tree, fd, mount, path, err);
			if (r == 0 && mount == tree->root_mount)
				note_missing(tree, &missing);
			return r;
		}
		if (fd != -ENOENT || strcmp(at, "/") == 0)
			return 0; /* making it says why not */
		if (strv_add(&missing, at) < 0)
			break;
		up = path_dirname(at);
		free(at);
		at = up;
	}
	return err_nomem(err);
}

static int open_or_make_parent(struct place_tree *tree, const char *path, char *ret_name,
			       struct err *err)
{
	struct err found = {0};
	struct parent_making making = {.tree = tree, .err = err};
	int fd = rootfs_open_parent(tree->rootfd, path, ret_name, &found);
	int r;

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT) {
		if (err != NULL)
			*err = found;
		return fd;
	}
	r = check_ancestor(tree, path, err);
	if (r < 0)
		return r;
	fd = rootfs_make_parent(tree->rootfd, path, parent_made, &making, ret_name, err);
	return fd < 0 ? place_cannot_make(fd, err) : fd;
}

/* Neighbours in a plan mostly share their directory: its fd is held, and what the path leads to was
 * found out in root when it was opened. True with name and dir of *place set. */
static bool is_near(const struct place_tree *tree, const char *path, struct place *place)
{
	const char *name = strrchr(path, '/');
	size_t len = name == NULL ? 0 : (size_t)(name - path);

	if (len == 0 || strlen(tree->near) != len || memcmp(tree->near, path, len) != 0)
		return false;
	name++;
	if (!path_is_name(name) || strlen(name) > NAME_MAX)
		return false;
	memcpy(place->name, name, strlen(name) + 1);
	place->dir = tree->near_dir;
	return true;
}

static void come_near(struct place_tree *tree, const char *path, size_t dir)
{
	const char *name = strrchr(path, '/');
	size_t len = name == NULL ? 0 : (size_t)(name - path);

	if (len >= sizeof(tree->near))
		len = 0;
	memcpy(tree->near, path, len);
	tree->near[len] = '\0';
	tree->near_dir = dir;
}

void place_moved(struct place_tree *tree)
{
	tree->near[0] = '\0';
}

static int find_dir(struct place_tree *tree, const char *path, struct place *place, struct err *err)
{
	int fd = open_or_make_parent(tree, path, place->name, err);
	int r = fd < 0 ? fd : keep_dir(tree, fd, path, &place->dir, err);

	if (r == 0)
		come_near(tree, path, place->dir);
	return r;
}

void place_seclude(struct place_tree *tree, const char *path)
{
	char name[NAME_MAX + 1];
	int fd = rootfs_open_parent(tree->rootfd, path, name, NULL);
	size_t dir;

	if (fd >= 0)
		(void)keep_dir(tree, fd, path, &dir, NULL);
}

int place_open(struct place_tree *tree, const char *path, struct place *ret, struct err *err)
{
	struct place place = {.path = path};
	int r = is_near(tree, path, &place) ? 0 : find_dir(tree, path, &place, err);

	if (r < 0)
		return r;
	if (entry_stat(place_dirfd(tree, &place), place.name, &place.st) == 0)
		place.exists = true;
	else if (errno != ENOENT)
		return err_sys(err, errno, "look at '%s' in the container", path);
	*ret = place;
	return 0;
}

int place_open_object(const struct place_tree *tree, const struct place *place, struct err *err)
{
	auto_fd fd = entry_open(place_dirfd(tree, place), place->name, O_PATH, 0);
	uint64_t mount;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "open '%s' in the container", place->path);
	r = mount_id(fd, &mount, err);
	/* a volume may begin right here: what is mounted on it belongs to it, not to the directory
	 */
	if (r == 0 && mount != tree->dirs.items[place->dir].mount)
		r = seclude(tree, fd, mount, place->path, err);
	return r < 0 ? r : take_fd(&fd);
}

/* Before something is made: may it be, and the note that it will be. */
int place_may_create(const struct place_tree *tree, const struct place *place, struct err *err)
{
	const struct place_dir *dir = &tree->dirs.items[place->dir];

	return may_create(tree, dir->fd, dir->mount, place->path, err);
}

int place_begin(struct place_tree *tree, const struct place *place, struct record_item *item,
		struct err *err)
{
	const struct place_dir *dir = &tree->dirs.items[place->dir];
	int r = may_create(tree, dir->fd, dir->mount, place->path, err);

	if (r == 0 && dir->mount == tree->root_mount)
		note(tree, item);
	return r;
}

/* After it: what is there now is ours. */
int place_finish(struct place_tree *tree, struct place *place, struct record_item *item,
		 struct err *err)
{
	int dirfd = place_dirfd(tree, place);
	int r;

	if (!place->exists && entry_stat(dirfd, place->name, &place->st) < 0) {
		r = err_sys(err, errno, "look at the new '%s'", place->path);
	} else {
		place->exists = true;
		item->ino = place->st.st_ino;
		r = add_made(tree, place->dir, place->name, item, err);
	}
	if (r < 0)
		(void)(item->kind == RECORD_DIR ? entry_remove_dir(dirfd, place->name)
						: entry_remove(dirfd, place->name));
	return r;
}

int place_take(struct place_tree *tree, const struct place *place, struct record_item *item,
	       struct err *err)
{
	int r;

	item->ino = place->st.st_ino; /* in the first note: a hook that is killed knows it */
	r = place_begin(tree, place, item, err);
	if (r == 0)
		r = add_made(tree, place->dir, place->name, item, err);
	if (r == 0)
		tree->made.items[tree->made.n - 1].met = true;
	return r;
}

int place_make_dir(struct place_tree *tree, struct place *place, struct err *err)
{
	auto_free char *path = strdup(place->path);
	struct record_item item = {.kind = RECORD_DIR, .path = path};
	int r;

	if (path == NULL)
		return err_nomem(err);
	r = place_begin(tree, place, &item, err);
	if (r < 0)
		return r;
	if (entry_make_dir(place_dirfd(tree, place), place->name, 0755) < 0)
		return place_cannot_make(
			err_sys(err, errno, "make the directory '%s'", place->path), err);
	place_sign_dir(tree, place_dirfd(tree, place), place->name);
	tree->inodes++;
	tree->placeholders++;
	return place_finish(tree, place, &item, err);
}
