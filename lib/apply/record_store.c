/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define SECOND       ".new"
#define FALLBACK_DIR "/run/nvc/state"
#define ROOM_BYTES   (1024u * 1024) /* a record, twice, and an image's saved files */
#define ROOM_FILES   16u
#define HEAD_BYTES   (16u * 1024) /* holds id, rootfs, process and time */

static int check_dir(int fd, const char *dir, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "open the state directory '%s'", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return err_set(err, EPERM, "others than the caller may write to '%s'", dir);
	if (!entry_may_make(fd))
		return err_sys(err, errno, "write to the state directory '%s'", dir);
	return 0;
}

static int open_dir(const char *dir, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_fd slash = rootfs_open_slash(err);
	auto_fd parent = -1;
	auto_fd fd = -1;
	int r;

	if (slash < 0)
		return slash;
	parent = rootfs_make_parent(slash, dir, NULL, NULL, name, err);
	if (parent < 0)
		return parent;
	if (entry_make_dir(parent, name, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make the state directory '%s'", dir);
	fd = entry_open(parent, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_sys(err, errno, "open the state directory '%s'", dir);
	r = check_dir(fd, dir, err);
	return r < 0 ? r : take_fd(&fd);
}

/* A record that ends half-way would leave in the image what it could not name. */
static bool has_room(int fd)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0)
		return true; /* not known; a tmpfs without a limit */
	if (fs.f_files != 0 && fs.f_favail < ROOM_FILES)
		return false;
	return fs.f_bavail >= ROOM_BYTES / fs.f_frsize;
}

int record_open_dir(const char *dir, const struct log *log, struct err *err)
{
	struct err first = {0};
	auto_fd fd = open_dir(dir, &first);
	auto_fd other = -1;

	if (fd >= 0 && has_room(fd))
		return take_fd(&fd);
	if (fd == -ENOMEM) /* it may well be there, and the records of others in it */
		return err_nomem(err);
	log_debug(log, "record", "%s; using " FALLBACK_DIR,
		  fd >= 0 ? "the state directory is on a file system that is full" : first.msg);
	other = open_dir(FALLBACK_DIR, NULL);
	if (other >= 0 && (fd < 0 || has_room(other)))
		return take_fd(&other);
	if (fd >= 0)
		return take_fd(&fd);
	if (err != NULL)
		*err = first;
	return -first.code;
}

/* ret: NAME_MAX + 1 bytes */
static int file_name(const char *id, const char *suffix, char *ret, struct err *err)
{
	int n = snprintf(ret, NAME_MAX + 1, "%s%s", id, suffix);

	if (!path_is_name(id) || n < 0 || n > NAME_MAX)
		return err_set(err, EINVAL, "'%.80s' cannot be the id of a container", id);
	return 0;
}

int record_find_dir(const char *dir, const char *id, struct err *err)
{
	const char *const dirs[] = {dir, FALLBACK_DIR};
	char name[NAME_MAX + 1];
	auto_fd slash = rootfs_open_slash(err);
	int r = slash < 0 ? slash : file_name(id, ".state", name, err);

	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		auto_fd fd = rootfs_open(slash, dirs[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW, NULL);
		struct stat st;

		if (fd >= 0 && entry_stat(fd, name, &st) == 0 && check_dir(fd, dirs[i], NULL) == 0)
			return take_fd(&fd);
	}
	return r < 0 ? r : err_set(err, ENOENT, "there is no record of '%s'", id);
}

/* By a second file, too, but of a name that the next hook for this container knows. */
static int replace(int dirfd, const char *id, const char *name, const char *data, size_t len,
		   struct err *err)
{
	const struct timespec as_written = {.tv_nsec = UTIME_OMIT};
	const struct io_new content = {
		.data = data, .len = len, .mode = 0600, .uid = geteuid(), .gid = getegid()};
	char second[NAME_MAX + 1];
	struct stat st;
	int r = file_name(id, SECOND, second, err);

	if (r < 0)
		return r;
	if (entry_remove(dirfd, second) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove the unfinished record '%s'", second);
	r = io_make_at(dirfd, second, &content, as_written, &st, err);
	if (r == 0 && entry_rename(dirfd, second, name) < 0) {
		r = err_sys(err, errno, "write the record '%s'", name);
		(void)entry_remove(dirfd, second);
	}
	return r;
}

int record_write(int dirfd, const struct record *record, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_free char *text = NULL;
	int r = file_name(record->id, ".state", name, err);

	if (r < 0)
		return r;
	text = record_format(record);
	if (text == NULL)
		return err_nomem(err);
	return replace(dirfd, record->id, name, text, strlen(text), err);
}

int record_open_journal(int dirfd, const char *id, struct err *err)
{
	char name[NAME_MAX + 1];
	int r = file_name(id, ".state", name, err);
	int fd;

	if (r < 0)
		return r;
	fd = entry_open(dirfd, name, O_WRONLY | O_APPEND, 0);
	return fd < 0 ? err_sys(err, errno, "open the record '%s'", name) : fd;
}

static int note(int journal, char *text, struct err *err)
{
	auto_free char *line = text;

	if (line == NULL)
		return err_nomem(err);
	return io_write_all(journal, line, strlen(line), "record", err);
}

int record_note_item(int journal, const struct record_item *item, struct err *err)
{
	return note(journal, record_format_item(item), err);
}

int record_note_kept(int journal, const struct record_kept *kept, bool with_added, struct err *err)
{
	return note(journal, record_format_kept(kept, with_added), err);
}

/* 1 = opened and the caller's alone, 0 = absent */
static int open_own(int dirfd, const char *name, int *ret, struct err *err)
{
	auto_fd fd = entry_open(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "open the record '%s'", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return err_set(err, EPERM, "the record '%s' is not the caller's alone", name);
	*ret = take_fd(&fd);
	return 1;
}

int record_read(int dirfd, const char *id, struct record *ret, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_free char *text = NULL;
	auto_fd fd = -1;
	struct stat st;
	size_t len;
	int r = file_name(id, ".state", name, err);

	if (r == 0)
		r = open_own(dirfd, name, &fd, err);
	if (r <= 0)
		return r;
	r = io_read_fd(fd, RECORD_MAX_BYTES, name, &text, &len, err);
	if (r == 0)
		r = record_parse(text, len, ret, err);
	if (r < 0)
		return r;
	if (!str_equal(ret->id, id)) {
		record_done(ret);
		return err_set(err, EINVAL, "the record '%s' is of another container", name);
	}
	if (ret->since.tv_sec == 0 && fstat(fd, &st) == 0)
		ret->since = st.st_mtim;
	return 1;
}

int record_read_head(int dirfd, const char *id, struct record *ret, struct err *err)
{
	char name[NAME_MAX + 1];
	char text[HEAD_BYTES];
	auto_fd fd = -1;
	ssize_t n;
	int r = file_name(id, ".state", name, err);

	if (r == 0)
		r = open_own(dirfd, name, &fd, err);
	if (r <= 0)
		return r;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return err_sys(err, errno, "read the record '%s'", name);
	r = record_parse_head(text, (size_t)n, ret, err);
	return r < 0 ? r : 1;
}

/* The record itself goes last. ".cache" is an older hook's */
static const char *const suffixes[] = {".kept0", ".kept1", ".kept2", ".kept3",
				       ".cache", SECOND,   ".state"};
_Static_assert(sizeof(suffixes) / sizeof(suffixes[0]) == RECORD_MAX_KEPT + 3, "a suffix each");

int record_delete(int dirfd, const char *id, struct err *err)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[NAME_MAX + 1];
		int r = file_name(id, suffixes[i], name, err);

		if (r < 0)
			return r;
		if (entry_remove(dirfd, name) < 0 && errno != ENOENT)
			return err_sys(err, errno, "remove the record '%s'", name);
	}
	return 0;
}

int record_save_kept(int dirfd, const char *id, unsigned slot, const char *data, size_t len,
		     struct err *err)
{
	char name[NAME_MAX + 1];
	int r = slot >= RECORD_MAX_KEPT
			? err_set(err, E2BIG, "more than %u files of an image are replaced",
				  RECORD_MAX_KEPT)
			: file_name(id, suffixes[slot], name, err);

	return r < 0 ? r : replace(dirfd, id, name, data, len, err);
}

static bool has_saved(int dirfd, const char *id, const char *suffix)
{
	char name[NAME_MAX + 1];
	struct stat st;

	return file_name(id, suffix, name, NULL) == 0 && entry_stat(dirfd, name, &st) == 0;
}

bool record_has_kept(int dirfd, const char *id, unsigned slot)
{
	if (slot >= RECORD_MAX_KEPT)
		return false;
	return has_saved(dirfd, id, suffixes[slot]) ||
	       (slot == 0 && has_saved(dirfd, id, ".cache"));
}

static int read_saved(int dirfd, const char *id, const char *suffix, char **ret, size_t *ret_len,
		      struct err *err)
{
	char name[NAME_MAX + 1];
	auto_fd fd = -1;
	int r = file_name(id, suffix, name, err);

	if (r == 0)
		r = open_own(dirfd, name, &fd, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ENOENT, "there is no saved file '%s'", name);
	return io_read_fd(fd, RECORD_MAX_KEPT_BYTES, name, ret, ret_len, err);
}

int record_read_kept(int dirfd, const char *id, unsigned slot, char **ret, size_t *ret_len,
		     struct err *err)
{
	bool old;

	if (slot >= RECORD_MAX_KEPT)
		return err_set(err, EINVAL, "there is no saved file %u", slot);
	old = slot == 0 && !has_saved(dirfd, id, suffixes[0]) && has_saved(dirfd, id, ".cache");
	return read_saved(dirfd, id, old ? ".cache" : suffixes[slot], ret, ret_len, err);
}
