/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/keeper.h"
#include "apply/swap.h"
#include "apply/withdraw.h"
#include "base/auto.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/overwrite.h"
#include "sys/rootfs.h"

#define MODULE         "keeper"
#define MAX_TEXT_BYTES (1024u * 1024) /* of a text that the container wrote */

/* One file to be put back. */
struct back {
	int rootfd;
	const struct record_kept *note;
	const char *data; /* the image's bytes; NULL = none, or lost */
	size_t len;
	struct timespec since;
	const struct log *log;
	int journal; /* -1 = none */
	int dir;     /* where it lies */
	char name[NAME_MAX + 1];
};

/* our_ino 0: the hook ended before it knew, and the container never ran. But ids come round again:
 * with another image below, its file is older than the note, or was dated by whoever packed the
 * image. */
static bool is_ours(const struct back *back, const struct stat *st)
{
	const struct record_kept *note = back->note;

	if (!S_ISREG(st->st_mode))
		return false;
	if (note->our_ino == 0)
		return record_is_since(back->since, st->st_ctim) &&
		       (st->st_mtim.tv_sec == RECORD_MARK ||
			record_is_since(back->since, st->st_mtim));
	return st->st_mtim.tv_sec == RECORD_MARK && (uint64_t)st->st_size == note->our_size &&
	       st->st_ino == note->our_ino;
}

/* It may be that nothing was written. */
static bool is_kept(const struct back *back, const struct stat *st)
{
	const struct record_kept *note = back->note;

	return back->data != NULL && S_ISREG(st->st_mode) && st->st_ino != note->our_ino &&
	       st->st_mtim.tv_sec == note->mtime &&
	       (uint32_t)st->st_mtim.tv_nsec == note->mtime_nsec &&
	       (uint64_t)st->st_size == back->len;
}

static int remove_file(const struct back *back, struct err *err)
{
	if (entry_remove(back->dir, back->name) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", back->note->path);
	return 0;
}

/* Where a second file cannot be made, and nobody runs who could read half of one: in place. There
 * is no room, or the mount maps ids (EOVERFLOW): then only ids of the container can own files
 * there. */
static int write_back(const struct back *back, const struct io_new *content, struct timespec mtime,
		      struct err *err)
{
	const struct timespec times[2] = {mtime, mtime};
	const struct swap swap = {back->dir, back->name, back->note->path, back->journal};
	const struct swap unnoted = {back->dir, back->name, back->note->path, -1};
	int r = swap_write(&swap, content, mtime, NULL, err);

	if (r == -ENOMEM) /* rather than leave ours there: nothing else needs memory */
		r = swap_write(&unnoted, content, mtime, NULL, err);
	if (!overwrite_is_full(r) && r != -EOVERFLOW)
		return r;
	r = overwrite_at(back->dir, back->name, content, err);
	if (r == 0 && entry_set_times(back->dir, back->name, times) < 0)
		r = err_sys(err, errno, "set the time of '%s'", back->note->path);
	return r;
}

static int put_back(const struct back *back, struct err *err)
{
	const struct record_kept *note = back->note;
	const struct io_new content = {.data = back->data,
				       .len = back->len,
				       .mode = note->mode,
				       .uid = note->uid,
				       .gid = note->gid};
	const struct timespec mtime = {.tv_sec = note->mtime, .tv_nsec = (long)note->mtime_nsec};

	return write_back(back, &content, mtime, err);
}

static int withdraw(const struct back *back, const char *data, size_t len, struct withdrawal *ret,
		    struct err *err)
{
	const struct record_kept *note = back->note;

	if (str_equal(note->path, KEEPER_CACHE))
		return withdraw_entries(back->rootfd, data, len, &note->added, ret, err);
	return withdraw_items(data, len, str_ends_with(note->path, ".path") ? "\n:" : "\n",
			      &note->added, ret, err);
}

static int read_there(const struct back *back, char **ret, size_t *ret_len, struct stat *ret_st,
		      struct err *err)
{
	const char *path = back->note->path;
	auto_fd fd = rootfs_open(back->dir, back->name, O_RDONLY | O_NOFOLLOW, err);

	if (fd < 0)
		return fd;
	if (fstat(fd, ret_st) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	if (!S_ISREG(ret_st->st_mode))
		return err_set(err, EINVAL, "'%s' is no regular file", path);
	return io_read_fd(fd,
			  str_equal(path, KEEPER_CACHE) ? RECORD_MAX_KEPT_BYTES : MAX_TEXT_BYTES,
			  path, ret, ret_len, err);
}

/* Only what we brought goes: the container wrote the file since, or the image's bytes are lost. */
static int filter(const struct back *back, struct err *err)
{
	const struct record_kept *note = back->note;
	auto_done(withdrawal) struct withdrawal left = {0};
	auto_free char *data = NULL;
	struct io_new content;
	size_t len = 0;
	struct stat st;
	int r;

	if (note->added.n == 0)
		return 0;
	r = read_there(back, &data, &len, &st, err);
	if (r == 0)
		r = withdraw(back, data, len, &left, err);
	if (r < 0 || left.taken == 0)
		return r;
	log_debug(back->log, MODULE, "%zu additions are taken out of '%s'", left.taken, note->path);
	if (left.data == NULL && note->state != RECORD_REPLACED)
		return remove_file(back, err);
	if (left.data == NULL && str_equal(note->path, KEEPER_CACHE))
		return 0; /* names what is not there, and nothing else: no harm */
	content = (struct io_new){.data = left.data,
				  .len = left.len,
				  .mode = st.st_mode & 07777,
				  .uid = st.st_uid,
				  .gid = st.st_gid};
	if (st.st_mtim.tv_sec == RECORD_MARK) /* it is ours no more */
		st.st_mtim = (struct timespec){.tv_nsec = UTIME_NOW};
	return write_back(back, &content, st.st_mtim, err);
}

static int filter_and_tell(const struct back *back, bool ours, struct err *ret_err)
{
	struct err err = {0};
	int r;

	if (!ours)
		log_info(back->log, MODULE,
			 "'%s' was written by the container since: the rest of it stays",
			 back->note->path);
	r = filter(back, &err);
	if (r == -ENOMEM)
		return err_nomem(ret_err);
	if (r < 0)
		log_info(back->log, MODULE, "%s: it stays as it is", err.msg);
	return 0;
}

static int restore(struct back *back, struct err *err)
{
	auto_fd dir = rootfs_open_parent(back->rootfd, back->note->path, back->name, err);
	struct stat st;
	int r;

	if (dir == -ENOENT || dir == -ENOTDIR)
		return 0; /* gone with its directory */
	if (dir < 0)
		return dir;
	r = rootfs_is_on(back->rootfd, dir, err);
	if (r < 0)
		return r;
	if (r == 0) {
		log_info(back->log, MODULE, "'%s' lies in a volume now: it stays as it is",
			 back->note->path);
		return 0;
	}
	back->dir = dir;
	if (entry_stat(dir, back->name, &st) < 0) {
		if (errno != ENOENT)
			return err_sys(err, errno, "look at '%s'", back->note->path);
		if (back->note->our_ino != 0)
			return 0; /* removed by the container */
	} else if (is_kept(back, &st)) {
		return 0;
	} else if (!is_ours(back, &st)) {
		return filter_and_tell(back, false, err);
	} else if (back->note->state != RECORD_ADDED && back->data == NULL) {
		return filter_and_tell(back, true, err);
	}
	if (back->note->state == RECORD_ADDED)
		return remove_file(back, err);
	return back->data == NULL ? 0 : put_back(back, err);
}

/* A hook that was killed while it deleted its record was done with the file. */
static bool can_put_back(int state_dir, const struct record *peer, const struct record_kept *note)
{
	return note->state != RECORD_REPLACED || record_has_kept(state_dir, peer->id, note->slot);
}

static struct record_kept *note_of(const struct record *record, const char *path)
{
	vec_each(note, &record->kept)
	{
		if (strcmp(note->path, path) == 0)
			return note;
	}
	return NULL;
}

/* Another container runs with this file: it will put the image's back. If ours is the one that is
 * there, it has to know it. */
static bool leave_to_peer(const struct back *back, int state_dir, struct record *peer, bool gone)
{
	struct record_kept *note = note_of(peer, back->note->path);
	auto_fd journal = -1;
	struct stat st;

	if (note == NULL || (gone && !can_put_back(state_dir, peer, note)))
		return false;
	if (rootfs_lstat(back->rootfd, note->path, &st, NULL) == 1 && is_ours(back, &st)) {
		note->our_ino = st.st_ino;
		note->our_size = (uint64_t)st.st_size;
		journal = record_open_journal(state_dir, peer->id, NULL);
		if (journal >= 0)
			(void)record_note_kept(journal, note, false, NULL);
	}
	return true;
}

static bool is_theirs(const struct kept *kept, const struct stat *st)
{
	return st->st_ino == kept->theirs_st.st_ino && st->st_size == kept->theirs_st.st_size &&
	       st->st_mtim.tv_sec == RECORD_MARK;
}

/* Only who knows the file puts the image's back. */
static bool is_known_to_peer(const struct keeper *keeper, const struct kept *kept)
{
	vec_each(peer, &keeper->tree->peers->running)
	{
		if (note_of(peer, kept->note.path) != NULL)
			return true;
	}
	return false;
}

/* A peer that runs needs what it had written, and then puts the image's back itself. */
static int restore_theirs(struct back *back, const struct keeper *keeper, struct kept *kept,
			  struct err *err)
{
	const struct stat *theirs = &kept->theirs_st;
	const struct io_new content = {.data = kept->theirs,
				       .len = kept->theirs_len,
				       .mode = theirs->st_mode & 07777,
				       .uid = theirs->st_uid,
				       .gid = theirs->st_gid};
	auto_fd dir = rootfs_open_parent(back->rootfd, kept->note.path, back->name, err);
	struct stat st;
	int r;

	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR ? 0 : dir;
	back->dir = dir;
	if (entry_stat(dir, back->name, &st) < 0)
		return errno == ENOENT ? 0 /* removed by a container */
				       : err_sys(err, errno, "look at '%s'", kept->note.path);
	if (is_theirs(kept, &st) || !is_ours(back, &st)) /* not written, or again by a container */
		return 0;
	/* whoever is killed here: what is young is ours */
	kept->note.our_ino = 0;
	if (back->journal >= 0)
		(void)record_note_kept(back->journal, &kept->note, false, NULL);
	r = write_back(back, &content, theirs->st_mtim, err);
	if (r == 0 && entry_stat(dir, back->name, &st) < 0)
		r = err_sys(err, errno, "look at '%s'", kept->note.path);
	if (r < 0)
		return r;
	kept->note.our_ino = st.st_ino;
	kept->note.our_size = (uint64_t)st.st_size;
	vec_each(peer, &keeper->tree->peers->running)(void)
		leave_to_peer(back, keeper->state_dir, peer, false);
	return 0;
}

bool keeper_undo(struct keeper *keeper)
{
	bool whole = true;

	for (size_t i = keeper->files.n; i-- > 0;) {
		struct kept *kept = keeper->files.items[i].kept;
		struct back back = {
			.rootfd = keeper->tree->rootfd,
			.note = &kept->note,
			.data = kept->data,
			.len = kept->len,
			.log = keeper->log,
			.journal = keeper->journal,
		};
		struct err err = {0};

		if (!kept->written)
			continue;
		kept->written = (kept->theirs != NULL && is_known_to_peer(keeper, kept)
					 ? restore_theirs(&back, keeper, kept, &err)
					 : restore(&back, &err)) < 0;
		if (!kept->written)
			continue;
		log_warn(keeper->log, MODULE, "put the image's '%s' back: %s", kept->note.path,
			 err.msg);
		whole = false;
	}
	return whole;
}

static bool is_left(const struct back *back, int state_dir, struct peers *peers)
{
	bool left = false;

	vec_each(peer, &peers->running) left |= leave_to_peer(back, state_dir, peer, false);
	/* those that are taken back next, too: ours may be theirs by now */
	for (size_t i = peers->taken; i < peers->gone.n; i++)
		left |= leave_to_peer(back, state_dir, &peers->gone.items[i], true);
	if (left)
		log_debug(back->log, MODULE, "'%s' stays for another container", back->note->path);
	return left;
}

static int take_back(struct back *back, int state_dir, const struct record *record, struct err *err)
{
	auto_free char *data = NULL;
	struct err lost = {0};
	int r;

	if (back->note->state == RECORD_REPLACED &&
	    record_read_kept(state_dir, record->id, back->note->slot, &data, &back->len, &lost) <
		    0 &&
	    record_may_pass(lost.code)) {
		if (err != NULL)
			*err = lost;
		return -lost.code;
	}
	if (lost.code != 0)
		log_warn(back->log, MODULE, "%s: the image's '%s' is not put back", lost.msg,
			 back->note->path);
	back->data = data;
	r = restore(back, err);
	back->data = NULL;
	return r;
}

int keeper_take_back(int rootfd, int state_dir, const struct record *record, struct peers *peers,
		     const struct log *log, struct err *err)
{
	auto_fd journal = record_open_journal(state_dir, record->id, NULL);
	int ret = 0;

	for (size_t i = record->kept.n; i-- > 0;) {
		struct back back = {.rootfd = rootfd,
				    .note = &record->kept.items[i],
				    .since = record->since,
				    .log = log,
				    .journal = journal};
		struct err failed = {0};
		int r = is_left(&back, state_dir, peers)
				? 0
				: take_back(&back, state_dir, record, &failed);

		if (r < 0 && ret == 0) {
			ret = r;
			if (err != NULL)
				*err = failed;
		}
	}
	return ret;
}
