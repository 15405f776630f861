/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look-up of the driver's files: what every part of it shares. A name of our tables in one of the
 * driver's places becomes a part with its items, or a reason why not.
 *
 * Places are trusted by construction: they are those of our tables, of the settings, and those that
 * the loader's cache names, if none but root can write it. What is found there must be of the right
 * type, and written by none but root and the caller, links on the way are followed in the driver
 * root, and a library is one for the driver's machine.
 */
#ifndef HOST_HUNT_H
#define HOST_HUNT_H

#include "host/finder.h"
#include "host/libtable.h"

struct hunt {
	const struct host *host;           /* borrowed */
	struct inventory *inv;             /* borrowed: parts, items and lacks go there */
	unsigned caps;                     /* asked for */
	const char *version;               /* of the driver; borrowed; NULL = not known: any does */
	const struct lib_machine *machine; /* borrowed */
	struct finder finder;
	char *dir;           /* true directory in which the last look-up was; owned */
	struct strv libdirs; /* where libraries of the driver's machine were found */
	size_t first_item;   /* of the part that is being made */
};

/* What is the same for all parts of one kind. */
struct hunt_part {
	enum part_kind kind;
	unsigned caps;
	unsigned service;
	bool compat32;
	const char *name;
	const char *why;
};

void hunt_init(struct hunt *hunt, const struct host *host, unsigned caps, struct inventory *inv);
void hunt_done(struct hunt *hunt);

/** True if one of caps was asked for; 0 always is. */
bool hunt_wants(const struct hunt *hunt, unsigned caps);

/** Looks up dir/name and adds its items to hunt->finder, as finder_find(); hunt->dir is set unless
 *  ROW_MISSING. Logs what is refused. A thing other than a file at the end is refused. */
int hunt_find(struct hunt *hunt, const char *dir, const char *name, struct err *err);

/** Judges what hunt_find() has found as a library: ROW_FOUND, or ROW_REFUSED, logged, with nothing
 *  kept. */
int hunt_check_library(struct hunt *hunt, uint16_t machine, struct err *err);

/** Marks what hunt_find() has found as a module, unless it only leads to a library elsewhere. */
void hunt_mark_module(struct hunt *hunt);

/** Gives the items that were found to the part that is being made. */
int hunt_give(struct hunt *hunt, struct err *err);

/** Only the object at the end of a chain is kept, to be put at target. */
int hunt_keep_end(struct hunt *hunt, const char *target, struct err *err);

/** Gives what is left, and makes a part of all since the last one. */
int hunt_add_part(struct hunt *hunt, const struct hunt_part *part, struct err *err);

/** Notes what was asked for and is not there; nothing if it was not asked for. */
int hunt_lack(struct hunt *hunt, unsigned caps, const char *name, struct err *err, const char *fmt,
	      ...) __attribute__((format(printf, 5, 6)));

#endif
