/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts by fd. The source is taken before a foreign mount namespace is joined and carries its
 * flags before it is attached: open_tree(2), mount_setattr(2), move_mount(2), Linux 5.2 and 5.12.
 * Second implementations: flags by remount in a mount namespace of our own, and a clone of that
 * (5.2 to 5.11, mountroom.c); bind mounts by names below an own, checked procfs, with the source
 * opened again and compared, made and given flags on a stage and moved from there (4.9,
 * mountbound.c).
 */
#ifndef SYS_MOUNTS_H
#define SYS_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "sys/io.h"

enum mount_flag {
	MOUNT_RDONLY = 1 << 0,
	MOUNT_NOSUID = 1 << 1,
	MOUNT_NODEV = 1 << 2,
	MOUNT_NOEXEC = 1 << 3,
};

struct mountstage_object;

/* Where mounts get their flags before they come to their place, on kernels without
 * mount_setattr(2): a tmpfs on a mount that no other namespace shares, made when it is needed. */
struct mount_stage {
	int top;           /* O_PATH fd of its root; owned, above 0, or the stage is not there */
	int file;          /* a file on it, to mount files on; owned */
	int folder;        /* and a directory; owned */
	const char *place; /* the directory that it lies over */
	bool passing; /* the namespace's own mounts will not stay: one of them may be taken out of
		       * its peer group where all are shared */
};

/* Of stat(2), what tells an object from another; a stat for each of hundreds of mounts is large. */
struct mount_object {
	dev_t dev, rdev;
	ino_t ino;
	mode_t mode; /* with the type */
};

/* What is going to be attached, once. Made in the caller's own mount namespace. */
struct mount_source {
	int fd; /* detached mount, or (old kernels) O_PATH fd of the object; owned, above 0 */
	bool detached;  /* fd is a detached mount */
	bool flags_set; /* and carries its flags already */
	unsigned flags; /* enum mount_flag */
	struct mount_object object;
	const char *name;               /* for people; borrowed, or NULL */
	char *path;                     /* for old kernels: host path to open again; owned */
	struct mountstage_object *made; /* content not laid on a tmpfs yet; owned, or NULL */
	struct mount_stage *stage; /* for old kernels: one that lasts; borrowed, or NULL = one just
				    * for this source */
};

/** Takes the object that fd (O_PATH) stands for as a source; st: of it; name: for people, must
 *  outlive the source. Locked flags of the mount it lies on are kept. To be called in the host's
 *  mount namespace: where a mount cannot be cloned the kernel is asked for the object's path. */
int mount_source_take(struct mount_source *ret, int fd, const struct stat *st, const char *name,
		      unsigned flags, struct err *err);
/** A file with that content on a private tmpfs that is attached nowhere else. On kernels that
 * cannot clone out of such a tmpfs (before 6.15) it is made by mount_attach(): see mountstage.h. */
int mount_source_file(struct mount_source *ret, const struct io_new *content, unsigned flags,
		      struct err *err);
/** As mount_source_file(), a symbolic link with that text: it can be attached on a file. */
int mount_source_link(struct mount_source *ret, const char *text, uid_t uid, gid_t gid,
		      unsigned flags, struct err *err);
/** As mount_source_file(), an empty directory with that mode; the tmpfs is its own, so that the
 *  names in it are nobody else's. */
int mount_source_dir(struct mount_source *ret, mode_t mode, uid_t uid, gid_t gid, unsigned flags,
		     struct err *err);
void mount_source_done(struct mount_source *source);

/** Gives those clones among n sources their flags that could not get them when they were taken
 * (before Linux 5.12), all in one mount namespace in which nobody else is; mount_attach() does it
 *  for one alone. */
int mount_sources_flag(struct mount_source *sources, size_t n, struct err *err);

/** Takes the stage away, if it is there: to be called before its mount namespace is left. */
void mount_stage_done(struct mount_stage *stage);

/** Attaches source on the object that target (O_PATH fd, in the current mount namespace) stands
 * for, private, with its flags, and checks by fstat of dirfd/name that the object seen there is the
 *  source's. *ret_fd (may be NULL): O_PATH fd of the new mount's root, for undoing.
 *  -ESTALE: another object is seen at dirfd/name (nothing stays attached), or, on old kernels, the
 *  source is not to be found again as it was. The source is used up. */
int mount_attach(struct mount_source *source, int target, int dirfd, const char *name, int *ret_fd,
		 struct err *err);

/** Adds flags to the attached mount that fd (its root) stands for. */
int mount_add_flags(int fd, unsigned flags, struct err *err);

/** Takes the mount away that fd (its root) stands for: umount2(MNT_DETACH) by fd. */
int mount_detach(int fd, struct err *err);

/** What is mounted below the mount that fd (its root) stands for is seen in no other mount
 * namespace from now on; what happens in others still arrives (MS_SLAVE). */
int mount_make_slave(int fd, struct err *err);

/** Id of the mount that fd lies on: statx(2) STATX_MNT_ID (5.8), else fdinfo. */
int mount_id(int fd, uint64_t *ret, struct err *err);

/** An O_PATH fd of the real procfs, checked by its magic, that stays usable after setns(2). */
int mount_open_proc(struct err *err);

#endif
