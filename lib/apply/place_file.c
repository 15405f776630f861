/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"

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

static int link_fd(const struct place_tree *tree, int fd, int dirfd, const char *name)
{
	char path[64];

	if (linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT && errno != EPERM) /* without CAP_DAC_READ_SEARCH: ENOENT */
		return -1;
	(void)snprintf(path, sizeof(path), "self/fd/%d", fd);
	return linkat(tree->procfd, path, dirfd, name, AT_SYMLINK_FOLLOW);
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
	const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};
	uint64_t mount = tree->dirs.items[place->dir].mount;
	auto_fd fd = openat(place_dirfd(tree, place), place->name,
			    O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY | O_CLOEXEC, 0444);
	struct place_inode *inode;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return place_cannot_make(
			err_sys(err, errno, "make '%s' in the container", place->path), err);
	(void)futimens(fd, mark);
	if (tree->id != NULL) /* recognised by it after a commit; not every filesystem has it */
		(void)fsetxattr(fd, "trusted.nvc", tree->id, strlen(tree->id), 0);
	tree->inodes++;
	inode = find_inode(tree, mount);
	if (inode != NULL) {
		(void)close(inode->fd);
	} else {
		inode = vec_add(&tree->pool);
		if (inode == NULL) {
			(void)unlinkat(place_dirfd(tree, place), place->name, 0);
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
	if (inode == NULL || link_fd(tree, inode->fd, place_dirfd(tree, place), place->name) < 0) {
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

void place_undo(struct place_tree *tree)
{
	while (tree->made.n > 0) {
		struct place_made *made = &tree->made.items[--tree->made.n];
		int dirfd = tree->dirs.items[made->dir].fd;
		int flags = made->item.kind == RECORD_DIR ? AT_REMOVEDIR : 0;
		struct stat st;

		if (made->name != NULL &&
		    fstatat(dirfd, made->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == made->item.ino && unlinkat(dirfd, made->name, flags) < 0)
			log_warn(tree->log, "apply", "cannot remove '%s' again: %s",
				 made->item.path, strerror(errno));
		free(made->name);
		free(made->item.path);
		free(made->item.text);
	}
}
