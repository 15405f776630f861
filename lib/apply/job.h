/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of apply_plan(): what it was given, what is open, what was done so far. The operations
 * (op_*.c) work on it; apply.c makes it, walks it and undoes it.
 */
#ifndef APPLY_JOB_H
#define APPLY_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "apply/apply.h"
#include "apply/cgroup.h"
#include "apply/fence.h"
#include "apply/keeper.h"
#include "apply/ldcache_update.h"
#include "apply/place.h"
#include "apply/record.h"
#include "apply/revert.h"
#include "sys/mounts.h"
#include "sys/ns.h"

/* A directory of ours (OP_FILE with OP_DIR). */
struct job_folder {
	const char *target; /* borrowed from the plan */
	bool left_out;      /* and all that lies below it */
	size_t mount;       /* index into job.attached; NO_MOUNT = was there already */
	unsigned flags;     /* enum mount_flag, which it gets when all is in it */
};

#define NO_MOUNT ((size_t)-1)

struct job {
	const struct plan *plan; /* borrowed, as all that was given */
	const struct host *host;
	const struct settings *settings;
	const struct apply_target *target;
	const struct log *log;

	struct fence fence;
	struct ns_process process;
	int own_mount;   /* the caller's mount namespace */
	int procfd;      /* a procfs that stays usable in the container's mount namespace */
	int state_dir;   /* -1 = nothing is recorded */
	int journal;     /* -1 = nothing is recorded */
	int rootfd;      /* opened in the container's mount namespace */
	int host_rootfs; /* what the caller sees at the rootfs' path; -1 = nothing */
	char *mounts;    /* mountinfo of the caller; owned */
	char *container; /* mountinfo of the container; owned */
	bool other_user; /* the container has a user namespace of its own */
	uid_t uid;       /* of the container's root, as the caller sees it */
	gid_t gid;

	bool pivoted;                   /* the rootfs is "/" there: the container may be running */
	struct mount_stage stage;       /* for old kernels; in the container's mount namespace */
	struct mount_source *sources;   /* one for each operation; those of BIND and DEVICE taken */
	VEC(int) attached;              /* roots of the mounts made, for undoing; owned */
	VEC(struct job_folder) folders; /* directories of ours, there for others of the plan */
	struct place_tree tree;
	struct ldcache_update ldcache;
	struct keeper keeper;      /* files of the image with ours in their place */
	struct strv foreign_links; /* targets of links that the image has and keeps, with another
				    * text; owned */
	struct cgroup cgroup;
	VEC(dev_t) devices; /* to be allowed in the cgroup */
	struct record record;
	bool left;                 /* undoing left something: the record must stay */
	struct revert_start alone; /* with the rootfs; others that run on it */
	struct apply_stats stats;
};

/** What every operation offers: prepare in the caller's mount namespace, where the sources are; run
 *  in the container's. */
int op_bind_prepare(struct job *job, size_t index, struct err *err);
int op_bind_run(struct job *job, size_t index, struct err *err);
int op_device_prepare(struct job *job, size_t index, struct err *err);
int op_device_run(struct job *job, size_t index, struct err *err);
int op_link_run(struct job *job, size_t index, struct err *err);
int op_file_run(struct job *job, size_t index, struct err *err);
int op_folder_run(struct job *job, size_t index, struct err *err);
int op_ldcache_run(struct job *job, size_t index, struct err *err);

/** Opens the source of an operation, which must be of type (S_IFREG, S_IFDIR, S_IFCHR) and the
 *  object that the inventory saw, and takes it into job->sources. */
int job_take_source(struct job *job, size_t index, mode_t type, struct err *err);
/** The path inside the rootfs of an object below it, links resolved; ret: PATH_MAX bytes. */
int job_path_in_root(const struct job *job, int fd, char *ret, struct err *err);
/** Flags of a mount (enum mount_flag) for those of an operation (enum op_flag). */
unsigned job_mount_flags(unsigned flags);
/** True if a path leads, inside the root, to something that is not an empty file. */
bool job_leads_somewhere(const struct job *job, const char *path);
/** The directory of ours that a path lies in; NULL = none. */
const struct job_folder *job_folder_of(const struct job *job, const char *path);
/** The magic of the file system that a directory of the container lies on, statfs(2); 0: it is not
 *  there, or no directory, or a link. */
int job_dir_type(const struct job *job, const char *path, long *ret, struct err *err);
/** One line in the log, and 0. */
int job_leave_out(const struct job *job, const struct op *op, const char *why);
/** For OP_IN_PROC, but for directories of ours: 1 = the target and its directory are there, and
 * that is of a procfs; 0 = they are not, and the log has why nothing is done. */
int job_is_in_proc(const struct job *job, const struct op *op, struct err *err);
/** When everything is in the directories of ours: they get their flags. */
int job_close_folders(const struct job *job, struct err *err);
/** Where the image has a link to a directory, what it leads to inside the root becomes the place.
 *  ret_path: PATH_MAX bytes, which have to live as long as the place. */
int job_follow_dir(struct job *job, struct place *place, char *ret_path, struct err *err);
/** Attaches source, a directory, at the place, which is made if need be. */
int job_attach_dir(struct job *job, struct mount_source *source, struct place *place,
		   struct err *err);
/** Attaches source on what is at place. */
int job_attach(struct job *job, struct mount_source *source, const struct place *place,
	       struct err *err);
/** Attaches what is no directory: a directory of the image's in its place is an error (-EISDIR,
 * kind says what should go there: "file", "node"), nothing there a placeholder first. What else the
 *  image has there, a link too, is not followed and not removed: it is covered. */
int job_attach_object(struct job *job, struct mount_source *source, struct place *place,
		      const char *kind, struct err *err);

#endif
