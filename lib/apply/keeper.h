/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the image that are replaced by ours while the container runs: /etc/ld.so.cache, and
 * where needed /etc/ld.so.conf or /etc/ld-musl-ARCH.path. Bytes, mode, owner and time are kept
 * before and put back after; where the container wrote the file since, only what we added is taken
 * out.
 */
#ifndef APPLY_KEEPER_H
#define APPLY_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "apply/peers.h"
#include "apply/place.h"
#include "apply/record.h"
#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/vec.h"

#define KEEPER_CACHE "/etc/ld.so.cache"
#define KEEPER_CONF  "/etc/ld.so.conf"

struct kept {
	struct record_kept note; /* path, state, mode, owner, time */
	char *data;              /* the image's bytes; owned; NULL = there was no file */
	size_t len;
	char *theirs; /* what a running container of the same rootfs had written; owned; NULL = the
		       * file was the image's */
	size_t theirs_len;
	struct stat theirs_st;
	bool written; /* or about to be */
};

struct keeper_file {
	struct kept *kept; /* stays where it is; owned */
};

struct keeper {
	struct place_tree *tree; /* borrowed, as the next four */
	const struct log *log;
	const char *id; /* NULL = nothing is recorded */
	int state_dir;  /* -1 = nothing is recorded */
	int journal;
	bool become; /* new files belong to uid and gid: the container's root; else the caller */
	uid_t uid;
	gid_t gid;
	bool unsaved; /* a file was not written, since the image's could not be saved */
	VEC(struct keeper_file) files;
};

void keeper_done(struct keeper *keeper);

/** Looks at path in the rootfs and reads it, at most max bytes. *ret is the keeper's.
 *  -EINVAL: it is no regular file. -EFBIG. -EROFS: it lies in a volume: nothing may be written. */
int keeper_read(struct keeper *keeper, const char *path, size_t max, struct kept **ret,
		struct err *err);

/** Saves the image's bytes, notes them in the record, and replaces the file by data, all or
 * nothing, with the image's mode and owner (0644 and the container's root where it had none) and
 * the mark as its time. Where the bytes cannot be saved nothing is written, and unsaved is set:
 * the image's would be lost. added: what we brought, which poststop takes out of a file that the
 * container has written since: values of cache entries, or lines. */
int keeper_write(struct keeper *keeper, struct kept *kept, const char *data, size_t len,
		 const struct strv *added, struct err *err);

/** The first half of keeper_write(), before a program writes the file: saves and notes, making the
 *  file's directories. */
int keeper_begin(struct keeper *keeper, struct kept *kept, const struct strv *added,
		 struct err *err);

/** Gives the notes of what was written to the record. */
int keeper_hand_over(struct keeper *keeper, struct record *record, struct err *err);

/** Puts everything back, the image's or what another container needs that still runs: on an error
 *  of this start. False: not everything. */
bool keeper_undo(struct keeper *keeper);

/** At poststop, and before the next start, with a record that was read, when placeholders are gone
 *  already. What a container of peers needs stays,
 *  and peers knows it then. Does all it can; the error is the first one. */
int keeper_take_back(int rootfd, int state_dir, const struct record *record, struct peers *peers,
		     const struct log *log, struct err *err);

#endif
