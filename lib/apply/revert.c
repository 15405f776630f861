/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/apply.h"
#include "apply/keeper.h"
#include "apply/record.h"
#include "base/auto.h"
#include "base/str.h"
#include "sys/overwrite.h"
#include "sys/rootfs.h"

#define MODULE "revert"

/* Is what lies there what we made? Inode numbers tell; st_dev does not, an overlay gets a new one
 * with each mount. An inode of 0 is one that was about to be made when the hook ended. */
static bool is_ours(const struct record_item *item, int dir, const char *name,
		    const struct stat *st)
{
	auto_free char *text = NULL;
	bool same = item->ino == 0 || item->ino == st->st_ino;
	bool marked = st->st_mtim.tv_sec == RECORD_MARK;

	switch (item->kind) {
	case RECORD_FILE:
		return S_ISREG(st->st_mode) && st->st_size == 0 && (same || marked);
	case RECORD_DIR:
		return S_ISDIR(st->st_mode) && same;
	case RECORD_CONF:
		return S_ISREG(st->st_mode) && same && (marked || item->ino == 0);
	case RECORD_LINK:
		return S_ISLNK(st->st_mode) && same &&
		       rootfs_readlinkat(dir, name, &text, NULL) == 0 &&
		       str_equal(text, item->text);
	}
	return false;
}

static void remove_item(int rootfd, const struct record_item *item, const struct log *log)
{
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(rootfd, item->path, name, NULL);
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* somebody else removed it */
	if (!is_ours(item, dir, name, &st)) {
		log_debug(log, MODULE, "'%s' is not what was made there: it stays", item->path);
		return;
	}
	if (unlinkat(dir, name, item->kind == RECORD_DIR ? AT_REMOVEDIR : 0) < 0) {
		if (item->kind == RECORD_DIR && (errno == ENOTEMPTY || errno == EEXIST))
			log_debug(log, MODULE, "'%s' is in use: it stays", item->path);
		else
			log_warn(log, MODULE, "cannot remove '%s': %s", item->path,
				 strerror(errno));
	}
}

/* Last made first, and directories last of all: what is in one goes before it. The keeper asks
 * whether files are gone. Negative: the file system is too full for it, and the record must stay.
 */
static int take_back(int state_dir, int rootfd, const struct record *record, const struct log *log,
		     struct err *err)
{
	struct err failed = {0};
	int r;

	for (size_t i = record->items.n; i-- > 0;) {
		if (record->items.items[i].kind != RECORD_DIR)
			remove_item(rootfd, &record->items.items[i], log);
	}
	r = keeper_take_back(rootfd, state_dir, record, log, &failed);
	for (size_t i = record->items.n; i-- > 0;) {
		if (record->items.items[i].kind == RECORD_DIR)
			remove_item(rootfd, &record->items.items[i], log);
	}
	if (r >= 0)
		return 0;
	(void)err_wrap(&failed, "put the image's files back");
	if (!overwrite_is_full(r)) {
		log_warn(log, MODULE, "%s", failed.msg);
		return 0;
	}
	if (err != NULL)
		*err = failed;
	return err_hint(err, "make room where the container's layers are kept: it is done when the "
			     "container is started again");
}

/* -ENOENT: gone with all that was made in it. "/" is never a container's. */
static int open_rootfs(const char *path, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	auto_fd fd = -1;
	struct stat a;
	struct stat b;

	if (slash < 0)
		return slash;
	fd = rootfs_open(slash, path, O_PATH | O_DIRECTORY, err);
	if (fd < 0)
		return fd;
	if (fstat(slash, &a) < 0 || fstat(fd, &b) < 0)
		return err_sys(err, errno, "look at the rootfs '%s'", path);
	if (a.st_ino == b.st_ino && a.st_dev == b.st_dev)
		return err_set(err, EINVAL, "the rootfs '%s' is '/'", path);
	return take_fd(&fd);
}

int apply_revert(const char *id, const char *rootfs, const struct settings *settings,
		 const struct log *log, struct err *err)
{
	auto_done(record) struct record record = {0};
	struct err broken = {0};
	auto_fd rootfd = -1;
	auto_fd dir = record_find_dir(settings->state_dir, id, &broken);
	int r;

	if (dir < 0 && dir != -EINVAL) {
		log_debug(log, MODULE, "%s: nothing to take back", broken.msg);
		return 0;
	}
	if (dir < 0) { /* not an id */
		if (err != NULL)
			*err = broken;
		return dir;
	}
	r = record_read(dir, id, &record, &broken);
	if (r == 0)
		return 0;
	if (r < 0) {
		/* it must not stop the container for ever */
		log_warn(log, MODULE, "%s: nothing is taken back", broken.msg);
		return record_delete(dir, id, err);
	}
	rootfd = open_rootfs(rootfs == NULL ? record.rootfs : rootfs, &broken);
	if (rootfd < 0 && rootfd != -ENOENT && rootfd != -ENOTDIR) {
		if (err != NULL)
			*err = broken;
		return rootfd;
	}
	if (rootfd < 0)
		log_info(log, MODULE, "the rootfs '%s' is gone: nothing to take back in it",
			 rootfs == NULL ? record.rootfs : rootfs);
	else
		r = take_back(dir, rootfd, &record, log, err);
	return r < 0 ? r : record_delete(dir, id, err);
}
