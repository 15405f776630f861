/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/swap.h"
#include "base/auto.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define MODULE "keeper"

static const struct timespec mark = {.tv_sec = RECORD_MARK};

static void kept_free(struct kept *kept)
{
	if (kept == NULL)
		return;
	record_kept_done(&kept->note);
	free(kept->data);
	free(kept->theirs);
	free(kept);
}

void keeper_done(struct keeper *keeper)
{
	vec_each(file, &keeper->files) kept_free(file->kept);
	vec_done(&keeper->files);
}

static const struct record_kept *find_note(const struct record *record, const char *path, ino_t ino)
{
	vec_each(note, &record->kept)
	{
		if (note->our_ino == ino && strcmp(note->path, path) == 0)
			return note;
	}
	return NULL;
}

/* The file is ours already. What another container keeps of the image's is the image's for this one
 * too; where nothing of it is left, what we add will be taken out again. */
static int inherit(const struct keeper *keeper, struct kept *kept, const struct stat *st,
		   struct err *err)
{
	const struct peers *peers = keeper->tree->peers;

	for (size_t i = 0; peers != NULL && i < peers->running.n; i++) {
		const struct record *peer = &peers->running.items[i];
		const struct record_kept *note = find_note(peer, kept->note.path, st->st_ino);
		char *data = NULL;
		size_t len = 0;
		int r = 0;

		if (note == NULL)
			continue;
		if (note->state == RECORD_REPLACED)
			r = record_read_kept(keeper->state_dir, peer->id, note->slot, &data, &len,
					     err);
		if (r < 0)
			return r;
		kept->theirs = kept->data;
		kept->theirs_len = kept->len;
		kept->theirs_st = *st;
		kept->data = data;
		kept->len = len;
		kept->note.state = note->state;
		kept->note.mode = note->mode;
		kept->note.uid = note->uid;
		kept->note.gid = note->gid;
		kept->note.mtime = note->mtime;
		kept->note.mtime_nsec = note->mtime_nsec;
		return 0;
	}
	kept->note.state = RECORD_LEFT;
	return 0;
}

static int look(const struct keeper *keeper, const struct place *place, size_t max,
		struct kept *kept, struct err *err)
{
	int dirfd = place_dirfd(keeper->tree, place);
	auto_fd fd = rootfs_open(dirfd, place->name, O_RDONLY | O_NOFOLLOW, err);
	struct record_kept *note = &kept->note;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at the image's '%s'", note->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the image's '%s' is no regular file", note->path);
	r = rootfs_is_on(dirfd, fd, err);
	if (r == 0) /* mounted on the file itself */
		return err_set(err, EROFS, "'%s' is a volume", note->path);
	if (r > 0)
		r = io_read_fd(fd, max, note->path, &kept->data, &kept->len, err);
	if (r < 0)
		return r;
	note->state = RECORD_REPLACED;
	note->mode = st.st_mode & 07777;
	note->uid = st.st_uid;
	note->gid = st.st_gid;
	note->mtime = st.st_mtim.tv_sec;
	note->mtime_nsec = (uint32_t)st.st_mtim.tv_nsec;
	return place_is_owned(keeper->tree, &st) ? inherit(keeper, kept, &st, err) : 0;
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
	return look(keeper, &place, max, kept, err);
}

int keeper_read(struct keeper *keeper, const char *path, size_t max, struct kept **ret,
		struct err *err)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	struct keeper_file *file = NULL;
	int r;

	if (kept != NULL)
		kept->note = (struct record_kept){
			.path = strdup(path), .state = RECORD_ADDED, .mode = 0644};
	if (kept != NULL && kept->note.path != NULL)
		file = vec_add(&keeper->files);
	if (file == NULL) {
		kept_free(kept);
		return err_nomem(err);
	}
	file->kept = kept;
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
		for (size_t i = 0; i < file->kept->note.added.n; i++, n++)
			bytes += strlen(file->kept->note.added.items[i]);
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

	if (kept->note.state == RECORD_REPLACED)
		r = record_save_kept(keeper->state_dir, keeper->id, kept->note.slot, kept->data,
				     kept->len, err);
	if (r == 0 && keeper->journal >= 0)
		r = record_note_kept(keeper->journal, &kept->note, true, err);
	return r;
}

static int choose_slot(struct keeper *keeper, struct kept *kept, struct err *err)
{
	kept->note.slot = 0;
	vec_each(file, &keeper->files) kept->note.slot += file->kept->written;
	if (kept->note.slot >= RECORD_MAX_KEPT)
		return err_set(err, E2BIG, "more than %u files of the image would be replaced",
			       RECORD_MAX_KEPT);
	return 0;
}

int keeper_begin(struct keeper *keeper, struct kept *kept, const struct strv *added,
		 struct err *err)
{
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
	if (keeper->id != NULL) {
		r = keeper->state_dir < 0 ? err_set(err, ENOENT, "there is no record")
					  : save(keeper, kept, err);
		keeper->unsaved = r < 0;
		if (r < 0)
			return err_wrap(err, "save the image's '%s'", kept->note.path);
	}
	kept->written = true;
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

int keeper_write(struct keeper *keeper, struct kept *kept, const char *data, size_t len,
		 const struct strv *added, struct err *err)
{
	struct io_new content = {.data = data,
				 .len = len,
				 .mode = kept->note.mode,
				 .uid = kept->note.uid,
				 .gid = kept->note.gid};
	bool begun = kept->written; /* a program may have written something already */
	struct place place;
	struct swap swap;
	struct stat st;
	int r = keeper_begin(keeper, kept, added, err);

	if (r == 0)
		r = place_open(keeper->tree, kept->note.path, &place, err);
	if (r < 0)
		return r;
	if (kept->data == NULL) {
		content.uid = keeper->become ? keeper->uid : geteuid();
		content.gid = keeper->become ? keeper->gid : getegid();
	}
	swap = (struct swap){place_dirfd(keeper->tree, &place), place.name, place.path,
			     keeper->journal};
	r = swap_write(&swap, &content, mark, &st, err);
	if (r < 0) {
		kept->written = begun;
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

		if (!file->kept->written)
			continue;
		note = vec_add(&record->kept);
		if (note == NULL)
			return err_nomem(err);
		*note = file->kept->note;
		file->kept->note = (struct record_kept){0};
		file->kept->written = false;
	}
	return 0;
}
