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

	bool pivoted;                 /* the rootfs is "/" there: the container may be running */
	struct mount_stage stage;     /* for old kernels; in the container's mount namespace */
	struct mount_source *sources; /* one for each operation; those of BIND and DEVICE taken */
	VEC(int) attached;            /* roots of the mounts made, for undoing; owned */
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
/** Attaches source on what is at place. */
int job_attach(struct job *job, struct mount_source *source, const struct place *place,
	       struct err *err);
/** Attaches what is no directory: a directory of the image's in its place is an error (-EISDIR,
 * kind says what should go there: "file", "node"), nothing there a placeholder first. What else the
 *  image has there, a link too, is not followed and not removed: it is covered. */
int job_attach_object(struct job *job, struct mount_source *source, struct place *place,
		      const char *kind, struct err *err);

#endif
