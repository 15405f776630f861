/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tmpfs of our own, for what must not be seen at its place before it is ready.
 * Files and links of our making as sources of mounts. Two ways:
 * detached, fsopen(2) and fsmount(2): nobody ever sees the tmpfs; a file can be cloned out of it
 * since Linux 6.15 only (before, the kernel wants the clone's origin in the caller's namespace);
 * staged: the tmpfs lies over an existing empty-handed directory (/mnt, /srv, ...) of the current
 * mount namespace for the moment in which the file is bound to its place, and is taken away again.
 * Mounts of the host's files on kernels without mount_setattr(2): they are attached on a stage,
 * which may stay for many of them, and leave it with their flags.
 * The staging directory must not lie on a shared mount, so that no other namespace sees it.
 * Only mount*.c may use it.
 */
#ifndef SYS_MOUNTSTAGE_H
#define SYS_MOUNTSTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "sys/mounts.h"

struct mountstage_object {
	char *data; /* owned: content, or text of the link */
	size_t len;
	bool is_link;
	bool is_dir; /* an empty one */
	mode_t mode; /* of a file or a directory */
	uid_t uid;
	gid_t gid;
};

/** A copy of *object with its data; NULL without memory. */
struct mountstage_object *mountstage_object_dup(const struct mountstage_object *object);
void mountstage_object_free(struct mountstage_object *object);

/** Makes the object on a detached tmpfs: O_PATH fd of it. *ret_root: the tmpfs, which goes when
 * this is closed; nothing can be cloned out of it then. -ENOSYS: no fsopen(2). */
int mountstage_detached(const struct mountstage_object *object, int *ret_root, struct err *err);

/** Makes the object on a staged tmpfs: O_PATH fd of it. Bind it before mount_stage_done(). */
int mountstage_attached(struct mount_stage *stage, const struct mountstage_object *object,
			struct err *err);

/** Makes the stage, with a file and a directory to mount on, if it is not there. */
int mountstage_ready(struct mount_stage *stage, struct err *err);
/** O_PATH fd of what was mounted last on its file or its directory; -errno. */
int mountstage_seen(const struct mount_stage *stage, bool folder);
/** The stage itself is private and has the source's flags: what is bound or cloned out of it has
 *  them too. */
int mountstage_flag(const struct mount_stage *stage, const struct mount_source *source,
		    struct err *err);

#endif
