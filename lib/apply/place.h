/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets in a rootfs: where each one lies, as a directory fd and one name, and what had to be made
 * there so that something can be mounted on it. Knows everything it made and takes it back. Never
 * writes to a volume, which is a directory of the host's.
 */
#ifndef APPLY_PLACE_H
#define APPLY_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "apply/peers.h"
#include "apply/record.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"

/* A directory that holds targets; kept open, each once. */
struct place_dir {
	int fd; /* owned */
	dev_t dev;
	ino_t ino;
	uint64_t mount;
};

/* Something made by us. */
struct place_made {
	size_t dir; /* index into dirs */
	char *name; /* owned */
	struct record_item item;
	bool recorded; /* lies on the rootfs itself */
	bool met;      /* was there before: of an earlier start, or of a peer */
};

/* Something that is there already and may be of an earlier start. */
struct place_found {
	size_t dir;
	char *name; /* owned, as what item owns */
	struct record_item item;
};

/* The empty inode that carries all placeholders of one mount. */
struct place_inode {
	uint64_t mount;
	int fd;         /* as O_CREAT gave it: its names get covered by mounts; owned */
	struct stat st; /* of it */
};

struct place_tree {
	int rootfd;              /* borrowed */
	int procfd;              /* as mount_open_proc(); borrowed */
	uint64_t root_mount;     /* the mount that rootfd lies on */
	bool read_only;          /* nothing can be made in it, or not be taken back */
	const char *host_mounts; /* mountinfo of the host, NUL-terminated; borrowed */
	const char *mounts;      /* and of the container before anything was done; borrowed */
	const char *id;          /* borrowed; NULL = none */
	struct peers *peers;     /* other containers on this rootfs; NULL = none; borrowed */
	int journal;             /* record_open_journal(); -1 = none; borrowed */
	const struct log *log;
	unsigned placeholders; /* names made */
	unsigned inodes;       /* inodes made, directories and links too */
	VEC(struct place_dir) dirs;
	VEC(struct place_made) made;
	VEC(struct place_inode) pool;
	VEC(struct place_found) found;
	bool owned;        /* something of an earlier start of this container was there */
	size_t owned_dirs; /* first ones in made: directories of it */
	dev_t met_dev;     /* the empty file whose owner was asked for last */
	ino_t met_ino;
	bool met_owned;
	unsigned leftovers;  /* empty files and stale links of others, at places of ours */
	char *leftover;      /* path of the first one; owned */
	char near[PATH_MAX]; /* path of the directory found last, as it was asked for; "" = none */
	size_t near_dir;     /* its index */
};

/* One target. */
struct place {
	const char *path; /* borrowed */
	size_t dir;
	char name[NAME_MAX + 1];
	bool exists;
	struct stat st; /* of what is there, not followed */
};

/** Starts with a rootfs; the other members are the caller's, who may have set read_only before. */
int place_tree_open(struct place_tree *tree, int rootfd, struct err *err);
void place_tree_done(struct place_tree *tree);

/** Finds the target path, making its missing parent directories.
 *  -EROFS: they would have to be made in a volume. */
int place_open(struct place_tree *tree, const char *path, struct place *ret, struct err *err);
/** To be told when something else than a file was mounted at a place: paths may lead elsewhere now.
 */
void place_moved(struct place_tree *tree);
/** Opens the directory of path, if there is one, as place_open() does: for a time when no mount can
 *  be kept from other namespaces any more. */
void place_seclude(struct place_tree *tree, const char *path);
/** Directory fd of the place; borrowed. */
int place_dirfd(const struct place_tree *tree, const struct place *place);
/** O_PATH fd of what is there, not followed. */
int place_open_object(const struct place_tree *tree, const struct place *place, struct err *err);

/** -EROFS: the place lies in a volume, a directory of the host's. */
int place_may_create(const struct place_tree *tree, const struct place *place, struct err *err);

/** Each makes what is absent and sets exists and st; -EROFS in a volume. */
int place_make_file(struct place_tree *tree, struct place *place, struct err *err);
int place_make_dir(struct place_tree *tree, struct place *place, struct err *err);
int place_make_link(struct place_tree *tree, struct place *place, const char *text,
		    struct err *err);
/** A file with content and the mark as its mtime; one of an earlier start is made anew. */
int place_make_conf(struct place_tree *tree, struct place *place, const char *text,
		    struct err *err);

/** To be told of what is at a place before it is mounted over. An empty file that an earlier start
 *  of this container made, whose record is lost, becomes ours again; another one is counted as a
 *  leftover. */
int place_meet(struct place_tree *tree, struct place *place, struct err *err);
/** As place_meet(), of the file with content that place_make_conf() would make. */
void place_meet_conf(struct place_tree *tree, const char *path);
/** To be told of what is at a place and is used as it is: a link with that text, a directory
 *  (text NULL). */
int place_use(struct place_tree *tree, const struct place *place, const char *text,
	      struct err *err);
/** A stale link that was covered. */
void place_leftover(struct place_tree *tree, const char *path);
/* What was made so far. */
struct place_mark {
	size_t made;
	unsigned placeholders, inodes;
};

struct place_mark place_mark(const struct place_tree *tree);
/** What was made since lies on a mount of ours and goes with it: it is neither counted nor taken
 *  back. */
void place_forget(struct place_tree *tree, const struct place_mark *since);
/** Logs how many leftovers there were. */
void place_report(const struct place_tree *tree);
/** When everything is in its place: of what place_use() was told of, and of the directories on the
 *  way, what an earlier start made becomes ours again. */
int place_adopt(struct place_tree *tree, struct err *err);
/** True if a file with content that carries the mark is of an earlier start, or of another
 *  container on this rootfs that runs. Known when the placeholders were met. */
bool place_is_owned(const struct place_tree *tree, const struct stat *st);
/** Writes the container's id to something that was made. */
void place_sign(const struct place_tree *tree, int fd);
/** The same for the directory name in dirfd. Directories have no time of ours: it changes with what
 *  is in them. */
void place_sign_dir(const struct place_tree *tree, int dirfd, const char *name);
/** The same for directories, and files with content, made since there were n things made, by who
 *  could not. */
void place_sign_made(const struct place_tree *tree, size_t n);

/** Removes everything made, last first, by the same directory fds and only where the inode is still
 *  ours. What was met stays while others run on this rootfs. What cannot be removed goes to the
 * log, and makes it false. */
bool place_undo(struct place_tree *tree);

/** Adds what to do to the error of a making that met a full or a read-only file system; gives code.
 */
int place_cannot_make(int code, struct err *err);

/** For the makers above: before something is made, whether it may be (-EROFS) and the note that it
 *  will be; and after it, the keeping of what is there now as ours. A maker that knows what it made
 *  sets exists and st itself. */
int place_begin(struct place_tree *tree, const struct place *place, struct record_item *item,
		struct err *err);
int place_finish(struct place_tree *tree, struct place *place, struct record_item *item,
		 struct err *err);
/** What is there, and was not made by this start, becomes ours as well; item gets its inode. */
int place_take(struct place_tree *tree, const struct place *place, struct record_item *item,
	       struct err *err);

/** True if a mountinfo text has a mount of that device. Pure. */
bool place_mounts_have(const char *mountinfo, dev_t dev);

/** Leaves of each line what place_mounts_have() looks at: a machine with hundreds of containers has
 * a long table. Gives the shorter text, in the place of the given one. */
char *place_mounts_shorten(char *mountinfo);

#endif
