/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/revert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/apply.h"
#include "apply/keeper.h"
#include "apply/peers.h"
#include "apply/record.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/mounts.h"
#include "sys/overwrite.h"
#include "sys/rootfs.h"

#define MODULE "revert"
#define IN_USE 1 /* of a directory: there is something in it */

struct revert {
	int state_dir;
	int rootfd;
	uint64_t root_mount; /* that rootfd lies on */
	bool starts;         /* it is done before a start, not at an end */
	const struct record *record;
	const struct record *own;
	struct peers *peers;
	const struct fence *fence;
	const struct log *log;
};

/* One that was about to be made when the hook ended. Ids come round again: with another image
 * below, what lies there is older than the record, or was dated by whoever packed the image. (The
 * second file of a swap may have got the time of the first; its name is no image's.) */
static bool is_young(const struct record *record, const char *name, const struct stat *st)
{
	return record_is_since(record->since, st->st_ctim) &&
	       (st->st_mtim.tv_sec == RECORD_MARK || record_is_since(record->since, st->st_mtim) ||
		str_starts_with(name, IO_TEMPORARY_PREFIX));
}

/* Is what lies there what we made? Negative: that is not known. Inode numbers tell; st_dev does
 * not, an overlay gets a new one with each mount. */
static int is_ours(const struct record *record, const struct record_item *item, int dir,
		   const char *name, const struct stat *st)
{
	auto_free char *text = NULL;
	int r;
	bool same = item->ino == 0 ? is_young(record, name, st) : item->ino == st->st_ino;
	bool marked = st->st_mtim.tv_sec == RECORD_MARK;

	switch (item->kind) {
	case RECORD_FILE: /* not every file system keeps the number */
		return S_ISREG(st->st_mode) && st->st_size == 0 &&
		       (same || (marked && record_is_since(record->since, st->st_ctim)));
	case RECORD_DIR:
		return S_ISDIR(st->st_mode) && same;
	case RECORD_CONF:
		return S_ISREG(st->st_mode) && same && (marked || item->ino == 0);
	case RECORD_LINK:
		if (!S_ISLNK(st->st_mode) || !same)
			return false;
		r = rootfs_readlinkat(dir, name, &text, NULL);
		return r < 0 ? r : str_equal(text, item->text);
	}
	return false;
}

/* 1 = it is to be removed */
static int look_at(const struct revert *revert, const struct record_item *item, int dir,
		   const char *name)
{
	uint64_t mount = 0;
	struct stat st;
	int r;

	if (entry_stat(dir, name, &st) < 0)
		return errno == ENOENT ? 0 : -errno; /* somebody else removed it */
	r = is_ours(revert->record, item, dir, name, &st);
	if (r > 0)
		r = mount_id(dir, &mount, NULL) < 0 ? -EIO : 1;
	if (r < 0)
		return r;
	/* a link of the container's may lead to a mount that the host has below the rootfs */
	if (r == 0 || mount != revert->root_mount) {
		log_debug(revert->log, MODULE, "'%s' is not what was made there: it stays",
			  item->path);
		return 0;
	}
	if (peers_need(revert->peers, item->path)) {
		log_debug(revert->log, MODULE, "'%s' stays for another container", item->path);
		return 0;
	}
	return 1;
}

/* What keeps a directory may be of one whose start was killed before it came to the directories. */
static void leave_dir_to_peers(const struct revert *revert, const struct record_item *dir)
{
	vec_each(peer, &revert->peers->running)
	{
		auto_fd journal = -1;
		bool below = false;
		bool known = false;

		vec_each(item, &peer->items)
		{
			known |= str_equal(item->path, dir->path);
			below |= path_is_below(item->path, dir->path);
		}
		if (known || !below)
			continue;
		journal = record_open_journal(revert->state_dir, peer->id, NULL);
		if (journal >= 0)
			(void)record_note_item(journal, dir, NULL);
	}
}

/* Negative: the machine is in trouble, and the next attempt may do it. 0 = not there any more, or
 * not to be removed. */
static int remove_item(const struct revert *revert, const struct record_item *item)
{
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(revert->rootfd, item->path, name, NULL);
	int r = dir >= 0 ? look_at(revert, item, dir, name) : dir;

	if (r == -ENOENT || r == -ENOTDIR || r == 0)
		return 0;
	if (r > 0) {
		r = item->kind == RECORD_DIR ? entry_remove_dir(dir, name)
					     : entry_remove(dir, name);
		r = r < 0 ? -errno : 0;
		if (r == 0)
			return 0;
		if (item->kind == RECORD_DIR && (r == -ENOTEMPTY || r == -EEXIST)) {
			log_debug(revert->log, MODULE, "'%s' is in use: it stays", item->path);
			return IN_USE;
		}
	}
	log_warn(revert->log, MODULE, "cannot remove '%s': %s", item->path, strerror(-r));
	return record_may_pass(-r) ? r : 0;
}

static int remove_files(const struct revert *revert)
{
	int ret = 0;

	for (size_t i = revert->record->items.n; i-- > 0;) {
		const struct record_item *item = &revert->record->items.items[i];
		int r = item->kind == RECORD_DIR ? 0 : remove_item(revert, item);

		ret = ret == 0 ? r : ret;
	}
	return ret;
}

/* Those that a peer left to us come last in the record, whatever is in them. */
static int remove_dirs(const struct revert *revert)
{
	unsigned before = 0;
	unsigned in_use = UINT_MAX;
	int ret;

	do {
		before = in_use;
		in_use = 0;
		ret = 0;
		for (size_t i = revert->record->items.n; i-- > 0;) {
			const struct record_item *item = &revert->record->items.items[i];
			int r = item->kind == RECORD_DIR ? remove_item(revert, item) : 0;

			in_use += r == IN_USE;
			ret = ret == 0 && r < 0 ? r : ret;
		}
	} while (in_use > 0 && in_use < before);
	if (in_use == 0)
		return ret;
	vec_each(item, &revert->record->items)
	{
		if (item->kind == RECORD_DIR)
			leave_dir_to_peers(revert, item);
	}
	return ret;
}

/* Last made first, and directories last of all: what is in one goes before it. The keeper asks
 * whether files are gone. Negative: the file system is too full for it, or something else is wrong
 * with the machine, and the record must stay. */
static int take_back(const struct revert *revert, struct err *err)
{
	struct err failed = {0};
	int files = remove_files(revert);
	int r = keeper_take_back(revert->rootfd, revert->state_dir, revert->record, revert->peers,
				 revert->log, &failed);
	int dirs = remove_dirs(revert);

	if (r >= 0 && (files < 0 || dirs < 0))
		return err_sys(err, files < 0 ? -files : -dirs,
			       "take back what was made in the image");
	if (r >= 0)
		return 0;
	(void)err_wrap(&failed, "put the image's files back");
	if (!overwrite_is_full(r) && !record_may_pass(-r)) {
		log_warn(revert->log, MODULE, "%s", failed.msg);
		return 0;
	}
	if (err != NULL)
		*err = failed;
	if (!overwrite_is_full(r))
		return r;
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

static struct record_folder folder_of(const char *rootfs)
{
	auto_fd fd = open_rootfs(rootfs, NULL);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return (struct record_folder){0};
	return (struct record_folder){.dev = st.st_dev, .ino = st.st_ino};
}

/* An engine mounts the rootfs while the container runs. Where it was killed together with all that
 * it had started, the end may be run when only the directory below that mount is left. */
static bool is_unmounted(int rootfd)
{
	auto_dir dir = entry_list(rootfd);
	const struct dirent *entry;

	if (dir == NULL)
		return false;
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, ".."))
			return false;
	}
	return errno == 0;
}

/* 1 = read, 0 = none, or one that is of no use: it must not stop the container for ever */
static int read_own(int state_dir, const char *id, const struct log *log, struct record *ret,
		    struct err *err)
{
	struct err broken = {0};
	int r = record_read(state_dir, id, ret, &broken);

	if (r >= 0)
		return r;
	if (record_may_pass(-r)) { /* it may be a good one */
		if (err != NULL)
			*err = broken;
		return r;
	}
	log_warn(log, MODULE, "%s: nothing is taken back", broken.msg);
	return record_delete(state_dir, id, err);
}

/* The container's own, and what others left there whose end nobody was told of. */
static int take_back_all(void *arg, struct err *err)
{
	struct revert *revert = arg;
	const struct record *own = revert->own;
	int r = 0;

	if (own->id != NULL) {
		revert->record = own;
		r = take_back(revert, err);
	}
	vec_each(gone, &revert->peers->gone)
	{
		log_debug(revert->log, MODULE, "container '%s' ended on the same rootfs", gone->id);
		revert->record = gone;
		revert->peers->taken++;
		if (take_back(revert, NULL) == 0)
			(void)record_delete(revert->state_dir, gone->id, NULL);
	}
	if (r < 0)
		return r;
	return own->id == NULL ? 0 : record_delete(revert->state_dir, own->id, err);
}

static int revert_in(struct revert *revert, const char *path, struct err *err)
{
	const struct record *own = revert->own;
	struct err broken = {0};
	auto_fd rootfd = -1;
	int r;

	if (own->id == NULL && revert->peers->gone.n == 0)
		return 0;
	rootfd = open_rootfs(path, &broken);
	if (rootfd < 0 && rootfd != -ENOENT && rootfd != -ENOTDIR) {
		if (err != NULL)
			*err = broken;
		return rootfd;
	}
	if (rootfd < 0) {
		log_info(revert->log, MODULE, "the rootfs '%s' is gone: nothing to take back in it",
			 path);
		return own->id == NULL ? 0 : record_delete(revert->state_dir, own->id, err);
	}
	if (is_unmounted(rootfd)) {
		log_info(revert->log, MODULE,
			 "the rootfs '%s' is not mounted: what was made in it is taken back when "
			 "the container is started again",
			 path);
		return 0;
	}
	revert->rootfd = rootfd;
	r = mount_id(rootfd, &revert->root_mount, err);
	return r < 0 ? r
		     : fence_files(revert->fence, (const int[]){rootfd, revert->state_dir}, 2,
				   take_back_all, revert, err);
}

/* What the rootfs is known by: as it was noted at the start, which a start that comes now looks up.
 * *path stays NULL where there is nothing. */
static int known_by(int state_dir, const struct apply_target *target, bool starts, char **path,
		    struct record_folder *folder, struct err *err)
{
	auto_done(record) struct record head = {0};
	const char *rootfs = target->rootfs;
	struct err failed = {0};
	int r = record_read_head(state_dir, target->id, &head, &failed);

	if (r < 0 && record_may_pass(-r)) {
		if (err != NULL)
			*err = failed;
		return r;
	}
	*folder = head.folder;
	if (starts)
		*folder = folder_of(rootfs);
	if (r > 0 && head.rootfs != NULL)
		rootfs = head.rootfs;
	*path = rootfs == NULL ? NULL : strdup(rootfs);
	return rootfs != NULL && *path == NULL ? err_nomem(err) : 0;
}

/* place->rootfs NULL: there is no record, or one that is broken and goes */
static int revert_alone(struct revert *revert, const struct apply_target *target,
			const struct peers_place *place, struct err *err)
{
	const char *known = place->rootfs;
	auto_done(record) struct record own = {0};
	const char *rootfs = target->rootfs;
	struct err failed = {0};
	int r = read_own(revert->state_dir, target->id, revert->log, &own, err);

	/* a hook may have ended before the record had its name */
	if (r == 0 && !revert->starts)
		(void)record_delete(revert->state_dir, target->id, NULL);
	if (r < 0 || known == NULL)
		return r;
	r = peers_find(place, target->id, revert->log, revert->peers, err);
	if (r < 0 || revert->peers->doubt) /* then the records stay */
		return r;
	revert->own = &own;
	r = revert_in(revert, rootfs == NULL ? known : rootfs, &failed);
	revert->own = NULL;
	if (r == -EACCES && revert->starts) { /* for good, perhaps: a start must not wait for it */
		log_warn(revert->log, MODULE, "%s", failed.msg);
		return 0;
	}
	if (r < 0 && err != NULL)
		*err = failed;
	return r;
}

int revert_container(const struct apply_target *target, const struct settings *settings,
		     const struct fence *fence, struct revert_start *ret, struct err *err)
{
	auto_done(peers) struct peers peers = {0};
	auto_done(turn) struct turn turn = TURN_NONE;
	auto_free char *known = NULL;
	auto_fd dir = record_find_dir(settings->state_dir, target->id, NULL);
	struct peers_place place = {0};
	struct revert revert = {
		.starts = ret != NULL, .peers = &peers, .fence = fence, .log = fence->log};
	int r;

	if (dir < 0 && dir != -ENOMEM)
		dir = record_open_dir(settings->state_dir, fence->log, NULL);
	if (dir == -ENOMEM)
		return err_nomem(err);
	revert.state_dir = dir;
	if (dir < 0) {
		log_debug(fence->log, MODULE, "there is no state directory: nothing to take back");
		return 0;
	}
	place.state_dir = dir;
	r = known_by(dir, target, revert.starts, &known, &place.folder, err);
	if (r < 0)
		return r;
	place.rootfs = known;
	if (known != NULL)
		turn_take(&turn, dir, known, fence->log);
	r = revert_alone(&revert, target, &place, err);
	if (ret == NULL)
		return r;
	ret->folder = place.folder;
	ret->turn = turn;
	turn = TURN_NONE;
	if (r == 0) {
		ret->peers = peers;
		peers = (struct peers){0};
	}
	return r;
}

int apply_revert(const struct apply_target *target, const struct settings *settings,
		 const struct log *log, struct err *err)
{
	const struct fence fence = {
		.on = target->confined,
		.child = target->asks_driver,
		.cgroups = !settings->no_cgroups,
		.log = log,
	};
	struct apply_target own = *target;
	auto_free char *id = NULL;
	int r = peers_choose_id(settings->state_dir, target->id, target->bundle, 0, &id, err);

	own.id = id;
	return r < 0 ? r : revert_container(&own, settings, &fence, NULL, err);
}
