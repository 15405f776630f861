/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other containers on the same rootfs folder (bundles of runc's, podman --rootfs), as their records
 * tell. What one of them made carries the mounts of the others too: a name that is removed takes
 * away what is mounted on it in any mount namespace. The last one takes it back.
 */
#ifndef APPLY_PEERS_H
#define APPLY_PEERS_H

#include <stdbool.h>

#include "apply/record.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"

#define PEERS_MAX_RECORDS 16384u /* looked at */
#define PEERS_KEEP_DAYS   7      /* records of containers whose bundles are gone */

struct peers {
	VEC(struct record) running; /* whole records */
	VEC(struct record) gone;    /* their first process has ended */
	bool doubt;                 /* there may be more that run */
	size_t taken;               /* how many of gone have been taken back, or are just being */
};

void peers_done(struct peers *peers);

/* Where containers meet */
struct peers_place {
	int state_dir;
	const char *rootfs; /* the path as recorded */
	struct record_folder folder;
};

/** Looks through the records for others of this rootfs: of that path, and, of those that run, of
 * that folder by another path (a bind mount, a link). Those of containers that are gone, folders
 * and all, are deleted. Doubt gets one warning. */
int peers_find(const struct peers_place *place, const char *id, const struct log *log,
	       struct peers *ret, struct err *err);

/** For the undoing of a start: forgets those whose records are gone since, and gives their number.
 *  They took back what they could, and left the rest to the record of this start. */
size_t peers_drop_ended(struct peers *peers, int state_dir);

/** True if one runs, or in doubt. peers may be NULL. */
bool peers_may_run(const struct peers *peers);

/** Engines do not know of each other's ids. The id under which this container's record goes, for
 * the caller to free: its own one, or, while another process than pid runs with a record of that,
 * one with the bundle in it, until that record is gone. state_dir: as configured. pid 0 = it has
 *  stopped. -ENOMEM. */
int peers_choose_id(const char *state_dir, const char *id, const char *bundle, pid_t pid,
		    char **ret, struct err *err);

/** True if one that runs has it in its record. */
bool peers_need(const struct peers *peers, const char *path);

/** True if what carries that id in the rootfs was made for a container that runs there. */
bool peers_have(const struct peers *peers, const char *id);

#endif
