/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and links of our own making on a tmpfs, as sources of mounts. Two ways:
 * detached, fsopen(2) and fsmount(2): nobody ever sees the tmpfs; a file can be cloned out of it
 * since Linux 6.15 only (before, the kernel wants the clone's origin in the caller's namespace);
 * staged: the tmpfs lies over an existing empty-handed directory (/mnt, /srv, ...) of the current
 * mount namespace for the moment in which the file is bound to its place, and is taken away again.
 * The staging directory must not lie on a shared mount, so that no other namespace sees it.
 * Only mounts.c may use it.
 */
#ifndef SYS_MOUNTSTAGE_H
#define SYS_MOUNTSTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct mountstage_object {
	char *data; /* owned: content, or text of the link */
	size_t len;
	bool is_link;
	mode_t mode; /* of a file */
	uid_t uid;
	gid_t gid;
};

/** A copy of *object with its data; NULL without memory. */
struct mountstage_object *mountstage_object_dup(const struct mountstage_object *object);
void mountstage_object_free(struct mountstage_object *object);

struct mountstage {
	int top; /* O_PATH fd of the root of the attached tmpfs; owned */
};

/** Makes the object on a detached tmpfs: O_PATH fd of it. -ENOSYS: no fsopen(2). */
int mountstage_detached(const struct mountstage_object *object, struct err *err);

/** Makes the object on a staged tmpfs: O_PATH fd of it. Bind it before mountstage_done(). */
int mountstage_attached(struct mountstage *ret, const struct mountstage_object *object,
			struct err *err);
/** Takes the staged tmpfs away; what was bound from it stays. */
void mountstage_done(struct mountstage *stage);

#endif
