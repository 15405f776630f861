/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/withdraw.h"
#include "base/auto.h"
#include "base/str.h"
#include "sys/io.h"
#include "sys/mounts.h"
#include "sys/overwrite.h"
#include "sys/rootfs.h"

#define MODULE         "keeper"
#define MAX_TEXT_BYTES (1024u * 1024) /* of a text that the container wrote */

static const struct timespec mark = {.tv_sec = RECORD_MARK};

static void kept_free(struct kept *kept)
{
	if (kept == NULL)
		return;
	record_kept_done(&kept->note);
	free(kept->data);
	free(kept);
}

void keeper_done(struct keeper *keeper)
{
	vec_each(kept, &keeper->files) kept_free(*kept);
	vec_done(&keeper->files);
}

/* ---- at a start ---- */

/* A volume may have been mounted on the file itself. */
static int check_mount(int dirfd, int fd, const char *path, struct err *err)
{
	uint64_t dir_mount;
	uint64_t mount;
	int r = mount_id(dirfd, &dir_mount, err);

	if (r == 0)
		r = mount_id(fd, &mount, err);
	if (r < 0)
		return r;
	return mount == dir_mount ? 0 : err_set(err, EROFS, "'%s' is a volume", path);
}

static int look(int dirfd, const char *name, size_t max, struct kept *kept, struct err *err)
{
	auto_fd fd = rootfs_open(dirfd, name, O_RDONLY | O_NOFOLLOW, err);
	struct record_kept *note = &kept->note;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at the image's '%s'", note->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the image's '%s' is no regular file", note->path);
	r = check_mount(dirfd, fd, note->path, err);
	if (r == 0)
		r = io_read_fd(fd, max, note->path, &kept->data, &kept->len, err);
	if (r < 0)
		return r;
	note->state = RECORD_REPLACED;
	note->mode = st.st_mode & 07777;
	note->uid = st.st_uid;
	note->gid = st.st_gid;
	note->mtime = st.st_mtim.tv_sec;
	note->mtime_nsec = (uint32_t)st.st_mtim.tv_nsec;
	return 0;
}

/* Makes nothing: only when the file is going to be written its directories are made. */
static int find(struct keeper *keeper, size_t max, struct kept *kept, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_fd parent = rootfs_open_parent(keeper->tree->rootfd, kept->note.path, name, err);
	struct place place;
	int r;

	if (parent == -ENOENT)
		return 0;
	if (parent < 0)
		return parent;
	r = place_open(keeper->tree, kept->note.path, &place, err);
	if (r == 0)
		r = place_may_create(keeper->tree, &place, err);
	if (r < 0 || !place.exists)
		return r;
	if (!S_ISREG(place.st.st_mode))
		return err_set(err, EINVAL, "the image's '%s' is no regular file", place.path);
	return look(place_dirfd(keeper->tree, &place), place.name, max, kept, err);
}

int keeper_read(struct keeper *keeper, const char *path, size_t max, struct kept **ret,
		struct err *err)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	struct kept **item = NULL;
	int r;

	if (kept != NULL)
		kept->note = (struct record_kept){
			.path = strdup(path), .state = RECORD_ADDED, .mode = 0644};
	if (kept != NULL && kept->note.path != NULL)
		item = vec_add(&keeper->files);
	if (item == NULL) {
		kept_free(kept);
		return err_nomem(err);
	}
	*item = kept;
	r = find(keeper, max > RECORD_MAX_KEPT_BYTES ? RECORD_MAX_KEPT_BYTES : max, kept, err);
	if (r < 0)
		return r;
	*ret = kept;
	return 0;
}

/* The record has its bounds: what is not in it stays in a file that the container writes. */
static int note_added(struct keeper *keeper, struct kept *kept, const struct strv *added,
		      struct err *err)
{
	size_t n = 0;
	size_t bytes = 0;

	vec_each(file, &keeper->files)
	{
		for (size_t i = 0; i < (*file)->note.added.n; i++, n++)
			bytes += strlen((*file)->note.added.items[i]);
	}
	for (size_t i = 0; i < added->n; i++) {
		bytes += strlen(added->items[i]);
		if (++n > RECORD_MAX_ADDED || bytes > RECORD_MAX_ADDED_BYTES) {
			log_info(keeper->log, MODULE,
				 "%zu of %zu additions to '%s' are not recorded: too many",
				 added->n - i, added->n, kept->note.path);
			break;
		}
		if (strv_add(&kept->note.added, added->items[i]) < 0)
			return err_nomem(err);
	}
	return 0;
}

static int save(struct keeper *keeper, struct kept *kept, struct err *err)
{
	int r = 0;

	if (kept->data != NULL)
		r = record_save_kept(keeper->state_dir, keeper->id, kept->note.slot, kept->data,
				     kept->len, err);
	if (r == 0 && keeper->journal >= 0)
		r = record_note_kept(keeper->journal, &kept->note, true, err);
	return r;
}

static int choose_slot(struct keeper *keeper, struct kept *kept, struct err *err)
{
	kept->note.slot = 0;
	vec_each(file, &keeper->files) kept->note.slot += (*file)->written;
	if (kept->note.slot >= RECORD_MAX_KEPT)
		return err_set(err, E2BIG, "more than %u files of the image would be replaced",
			       RECORD_MAX_KEPT);
	return 0;
}

int keeper_begin(struct keeper *keeper, struct kept *kept, const struct strv *added,
		 struct err *err)
{
	struct err unsaved = {0};
	struct place place;
	int r = place_open(keeper->tree, kept->note.path, &place, err);

	if (r == 0)
		r = place_may_create(keeper->tree, &place, err);
	if (r < 0)
		return r;
	r = kept->written ? 0 : choose_slot(keeper, kept, err);
	if (r == 0 && added != NULL)
		r = note_added(keeper, kept, added, err);
	if (r < 0)
		return r;
	kept->written = true;
	if (keeper->state_dir >= 0 && keeper->id != NULL && save(keeper, kept, &unsaved) < 0)
		log_warn(keeper->log, MODULE, "%s; the image's '%s' will not be put back",
			 unsaved.msg, kept->note.path);
	return 0;
}

/* What is there now is ours, as st says. */
static void note_ours(struct keeper *keeper, struct kept *kept, const struct stat *st)
{
	struct err err = {0};

	kept->note.our_ino = st->st_ino;
	kept->note.our_size = (uint64_t)st->st_size;
	if (keeper->journal >= 0 && record_note_kept(keeper->journal, &kept->note, false, &err) < 0)
		log_warn(keeper->log, MODULE, "%s", err.msg);
}

int keeper_finish(struct keeper *keeper, struct kept *kept, struct err *err)
{
	const struct timespec times[2] = {mark, mark};
	auto_fd fd = -1;
	struct place place;
	struct stat st;
	int r = place_open(keeper->tree, kept->note.path, &place, err);

	if (r < 0)
		return r;
	fd = rootfs_open(place_dirfd(keeper->tree, &place), place.name, O_RDONLY | O_NOFOLLOW, err);
	if (fd < 0)
		return err_wrap(err, "the new '%s'", place.path);
	if (futimens(fd, times) < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "mark the new '%s'", place.path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the new '%s' is no regular file", place.path);
	note_ours(keeper, kept, &st);
	return 0;
}

int keeper_write(struct keeper *keeper, struct kept *kept, const char *data, size_t len,
		 const struct strv *added, struct err *err)
{
	struct io_new content = {data, len, kept->note.mode, kept->note.uid, kept->note.gid};
	struct place place;
	struct stat st;
	int r = keeper_begin(keeper, kept, added, err);

	if (r == 0)
		r = place_open(keeper->tree, kept->note.path, &place, err);
	if (r < 0)
		return r;
	if (kept->note.state == RECORD_ADDED) {
		content.uid = keeper->become ? keeper->uid : geteuid();
		content.gid = keeper->become ? keeper->gid : getegid();
	}
	r = io_replace_timed(place_dirfd(keeper->tree, &place), place.name, &content, mark, &st,
			     err);
	if (r < 0) {
		kept->written = false; /* the image's own is there, or none */
		return err_wrap(err, "'%s'", place.path);
	}
	note_ours(keeper, kept, &st);
	return 0;
}

int keeper_hand_over(struct keeper *keeper, struct record *record, struct err *err)
{
	vec_each(file, &keeper->files)
	{
		struct record_kept *note;

		if (!(*file)->written)
			continue;
		note = vec_add(&record->kept);
		if (note == NULL)
			return err_nomem(err);
		*note = (*file)->note;
		(*file)->note = (struct record_kept){0};
		(*file)->written = false;
	}
	return 0;
}

/* ---- taking it back ---- */

/* One file to be put back. */
struct back {
	int rootfd;
	const struct record_kept *note;
	const char *data; /* the image's bytes; NULL = none, or lost */
	size_t len;
	struct timespec since;
	const struct log *log;
	int dir; /* where it lies */
	const char *name;
};

static bool is_earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* our_ino 0: the hook ended before it knew, and the container never ran. But ids come round again:
 * with another image below, its file is older than the note. */
static bool is_ours(const struct back *back, const struct stat *st)
{
	const struct record_kept *note = back->note;

	if (!S_ISREG(st->st_mode))
		return false;
	if (note->our_ino == 0)
		return !is_earlier(st->st_ctim, back->since);
	return st->st_mtim.tv_sec == RECORD_MARK && (uint64_t)st->st_size == note->our_size &&
	       st->st_ino == note->our_ino;
}

/* It may be that nothing was written. */
static bool is_kept(const struct back *back, const struct stat *st)
{
	const struct record_kept *note = back->note;

	return note->state == RECORD_REPLACED && S_ISREG(st->st_mode) &&
	       st->st_mtim.tv_sec == note->mtime && st->st_mtim.tv_nsec == note->mtime_nsec &&
	       back->data != NULL && (size_t)st->st_size == back->len;
}

static int remove_file(const struct back *back, struct err *err)
{
	if (unlinkat(back->dir, back->name, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", back->note->path);
	return 0;
}

/* Where there is no room for a second file, and nobody runs who could read half of one: in place.
 */
static int write_back(const struct back *back, const struct io_new *content, struct timespec mtime,
		      struct err *err)
{
	const struct timespec times[2] = {mtime, mtime};
	int r = io_replace_timed(back->dir, back->name, content, mtime, NULL, err);

	if (!overwrite_is_full(r))
		return r;
	r = overwrite_at(back->dir, back->name, content, err);
	if (r == 0 && utimensat(back->dir, back->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(err, errno, "set the time of '%s'", back->note->path);
	return r;
}

static int put_back(const struct back *back, struct err *err)
{
	const struct record_kept *note = back->note;
	const struct io_new content = {back->data, back->len, note->mode, note->uid, note->gid};
	const struct timespec mtime = {.tv_sec = note->mtime, .tv_nsec = note->mtime_nsec};

	return write_back(back, &content, mtime, err);
}

static int withdraw(const struct back *back, const char *data, size_t len, struct withdrawal *ret,
		    struct err *err)
{
	const struct record_kept *note = back->note;

	if (str_equal(note->path, KEEPER_CACHE))
		return 0;
	return withdraw_items(data, len, str_ends_with(note->path, ".path") ? "\n:" : "\n",
			      &note->added, ret, err);
}

/* The container wrote it since: only what we brought goes. */
static int filter(const struct back *back, struct err *err)
{
	const struct record_kept *note = back->note;
	bool cache = str_equal(note->path, KEEPER_CACHE);
	auto_fd fd = rootfs_open(back->dir, back->name, O_RDONLY | O_NOFOLLOW, err);
	auto_done(withdrawal) struct withdrawal left = {0};
	auto_free char *data = NULL;
	size_t len = 0;
	struct stat st;
	int r;

	if (fd < 0 || note->added.n == 0)
		return fd < 0 ? fd : 0;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", note->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "'%s' is no regular file", note->path);
	r = io_read_fd(fd, cache ? RECORD_MAX_KEPT_BYTES : MAX_TEXT_BYTES, note->path, &data, &len,
		       err);
	if (r == 0)
		r = withdraw(back, data, len, &left, err);
	if (r < 0 || left.taken == 0)
		return r;
	log_debug(back->log, MODULE, "%zu additions are taken out of '%s'", left.taken, note->path);
	if (left.data == NULL && note->state == RECORD_ADDED)
		return remove_file(back, err);
	return write_back(
		back,
		&(struct io_new){left.data, left.len, st.st_mode & 07777, st.st_uid, st.st_gid},
		st.st_mtim, err);
}

static int restore(struct back *back, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(back->rootfd, back->note->path, name, err);
	struct err why = {0};
	struct stat st;

	if (dir == -ENOENT || dir == -ENOTDIR)
		return 0; /* gone with its directory */
	if (dir < 0)
		return dir;
	back->dir = dir;
	back->name = name;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_sys(err, errno, "look at '%s'", back->note->path);
		if (back->note->our_ino != 0)
			return 0; /* removed by the container */
	} else if (is_kept(back, &st)) {
		return 0;
	} else if (!is_ours(back, &st) ||
		   (back->note->state == RECORD_REPLACED && back->data == NULL)) {
		log_info(back->log, MODULE,
			 "'%s' was written by the container since: the rest of it stays",
			 back->note->path);
		if (filter(back, &why) < 0)
			log_info(back->log, MODULE, "%s: it stays as it is", why.msg);
		return 0;
	}
	if (back->note->state == RECORD_ADDED)
		return remove_file(back, err);
	return back->data == NULL ? 0 : put_back(back, err);
}

void keeper_undo(struct keeper *keeper)
{
	for (size_t i = keeper->files.n; i-- > 0;) {
		struct kept *kept = keeper->files.items[i];
		struct back back = {
			.rootfd = keeper->tree->rootfd,
			.note = &kept->note,
			.data = kept->data,
			.len = kept->len,
			.log = keeper->log,
		};
		struct err err = {0};

		if (kept->written && restore(&back, &err) < 0)
			log_warn(keeper->log, MODULE, "put the image's '%s' back: %s",
				 kept->note.path, err.msg);
		kept->written = false;
	}
}

int keeper_take_back(int rootfd, int state_dir, const struct record *record, const struct log *log,
		     struct err *err)
{
	int ret = 0;

	for (size_t i = record->kept.n; i-- > 0;) {
		const struct record_kept *note = &record->kept.items[i];
		auto_free char *data = NULL;
		struct back back = {
			.rootfd = rootfd, .note = note, .since = record->since, .log = log};
		struct err failed = {0};
		int r = 0;

		if (note->state == RECORD_REPLACED)
			r = record_read_kept(state_dir, record->id, note->slot, &data, &back.len,
					     &failed);
		if (r < 0)
			log_warn(log, MODULE, "%s: the image's '%s' is not put back", failed.msg,
				 note->path);
		back.data = data;
		r = restore(&back, &failed);
		if (r < 0 && ret == 0) {
			ret = r;
			if (err != NULL)
				*err = failed;
		}
	}
	return ret;
}
