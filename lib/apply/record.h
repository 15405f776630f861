/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was made in the writable layer of one container, kept in the state directory so that it can
 * be taken back: ID.state and, for files of the image that were replaced, their bytes in ID.kept0
 * and following. Never says what to mount.
 *
 * The format is lines of words, not JSON: each object is noted by one append before it is made, so
 * that a hook that is killed leaves nothing unknown behind, and reading it needs no library.
 */
#ifndef APPLY_RECORD_H
#define APPLY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/vec.h"

#define RECORD_MAX_BYTES       (8u * 1024 * 1024)
#define RECORD_MAX_ITEMS       65536u
#define RECORD_MAX_KEPT        4u                  /* files of the image */
#define RECORD_MAX_KEPT_BYTES  (64u * 1024 * 1024) /* of one, saved */
#define RECORD_MAX_ADDED       20000u              /* strings added to all of them, */
#define RECORD_MAX_ADDED_BYTES (2u * 1024 * 1024)  /* and their bytes */
#define RECORD_MARK            0x6e766331          /* mtime of the files we make: "nvc1" */

enum record_kind {
	RECORD_FILE, /* empty file that carries a mount */
	RECORD_DIR,
	RECORD_LINK,
	RECORD_CONF, /* file with content: 000-nvc.conf */
};

struct record_item {
	enum record_kind kind;
	uint64_t ino; /* 0 = was about to be made */
	char *path;   /* absolute inside the rootfs; owned */
	char *text;   /* LINK: its text; owned */
};

enum record_kept_state {
	RECORD_ADDED,    /* the image had none: remove ours */
	RECORD_REPLACED, /* put the saved one back */
	RECORD_LEFT,     /* it was ours of an earlier start, whose record is lost: take out added */
};

/* A file of the image with ours in its place. */
struct record_kept {
	char *path;    /* absolute inside the rootfs; owned */
	unsigned slot; /* its bytes are in ID.keptSLOT */
	enum record_kept_state state;
	mode_t mode; /* of the image's own */
	uid_t uid;
	gid_t gid;
	int64_t mtime; /* seconds and nanoseconds */
	uint32_t mtime_nsec;
	uint64_t our_ino; /* of the one we wrote; 0 = was about to be written */
	uint64_t our_size;
	struct strv added; /* what we brought: values of cache entries, or lines; owned */
};

/* Of one folder by many names. An overlay has new numbers with each mount: they tell only while it
 * is mounted. */
struct record_folder {
	uint64_t dev;
	uint64_t ino; /* 0 = not known */
};

struct record {
	char *id;                    /* owned */
	char *bundle;                /* owned; NULL = unknown */
	char *rootfs;                /* owned */
	struct record_folder folder; /* the rootfs */
	pid_t init;                  /* the container's first process; 0 = unknown */
	uint64_t started;            /* its start time, clock ticks since boot */
	struct timespec since;       /* all that was made is younger; 0 = not known */
	VEC(struct record_item) items;
	VEC(struct record_kept) kept;
};

void record_kept_done(struct record_kept *kept);
void record_done(struct record *record);

/** True if time, of a file, is not before the record was begun. */
bool record_is_since(struct timespec since, struct timespec time);

/** True for a positive errno after which another attempt to take back may succeed, so that the
 *  record must stay. Pure. */
bool record_may_pass(int code);

/** The whole record as text; the caller frees. NULL without memory. Pure. */
char *record_format(const struct record *record);
/** One line of it. */
char *record_format_item(const struct record_item *item);
/** Its line; with_added: and a line for each string added. A later line of the same file replaces
 *  all but those. */
char *record_format_kept(const struct record_kept *kept, bool with_added);

/** Reads what record_format() and record_note() wrote. A last line that is cut is ignored.
 *  -EINVAL with the line. Pure. */
int record_parse(const char *text, size_t len, struct record *ret, struct err *err);
/** As record_parse() of a text that may end anywhere, only what is before the first object: id,
 *  rootfs, process and time. Pure. */
int record_parse_head(const char *text, size_t len, struct record *ret, struct err *err);

/** Opens the state directory, made 0700 when missing: dir, or /run/nvc/state where that cannot be
 *  written or is full. -EPERM: others than the caller may write there. */
int record_open_dir(const char *dir, const struct log *log, struct err *err);
/** Opens the one of the two that has a record of id. -ENOENT: neither; -EINVAL: not an id. */
int record_find_dir(const char *dir, const char *id, struct err *err);

/** Writes ID.state anew, all or nothing. */
int record_write(int dirfd, const struct record *record, struct err *err);

/** Opens ID.state for record_note(). */
int record_open_journal(int dirfd, const char *id, struct err *err);
/** Appends one line with an item. */
int record_note_item(int journal, const struct record_item *item, struct err *err);
/** Appends in one write what record_format_kept() gives. */
int record_note_kept(int journal, const struct record_kept *kept, bool with_added, struct err *err);

/** 1 = there, 0 = no such record. -EPERM: not the caller's alone. */
int record_read(int dirfd, const char *id, struct record *ret, struct err *err);
/** As record_read(), of its beginning only: what record_parse_head() gives. */
int record_read_head(int dirfd, const char *id, struct record *ret, struct err *err);
/** Removes the record and the saved files; absent ones are no error. */
int record_delete(int dirfd, const char *id, struct err *err);

/** The saved bytes of a file of the image. record_read_kept(): -ENOENT when there are none. */
int record_save_kept(int dirfd, const char *id, unsigned slot, const char *data, size_t len,
		     struct err *err);
bool record_has_kept(int dirfd, const char *id, unsigned slot);
int record_read_kept(int dirfd, const char *id, unsigned slot, char **ret, size_t *ret_len,
		     struct err *err);

#endif
