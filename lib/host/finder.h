/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path of a mount list to the objects it stands for: looked up in the alternate roots and
 * then in the driver root, each step of a chain of links again. Decides what may be handed out by
 * place, type and writers; what a row becomes is decided by the object's type alone.
 */
#ifndef HOST_FINDER_H
#define HOST_FINDER_H

#include "host/dircache.h"
#include "host/nameindex.h"
#include "host/nodes.h"
#include "host/trust.h"

struct finder {
	const struct host *host;     /* borrowed */
	const struct inventory *inv; /* borrowed: where finder_give() put things */
	struct dircache cache;
	struct trust trust;
	struct nodes nodes;
	struct nameindex files; /* source -> inv->items, so that a library is read once */
	bool machine;           /* look in the machine root only, and believe it: extras */
	bool driver;            /* in the driver root only, for names of our own tables, in its
				 * loader's cache and its library directories: these are believed,
				 * so that the allowed prefixes, a rule for lists, do not count.
				 * What is missing is not told */
	size_t known_from; /* driver: a chain that comes to one of inv->items from here on ... */
	bool known;        /* ... ended there, and that one was not added once more */
	VEC(struct item) items; /* found and not given yet; owned */
	char *reason;           /* of the last path that was not found; owned */
	bool doubtful;          /* that one may be there: it could not be looked at */
};

void finder_init(struct finder *finder, const struct host *host, const struct inventory *inv);
void finder_done(struct finder *finder);

/** Finds one path (absolute, normal form) and appends its items: a link for each step of a chain,
 *  then the object at its end; all of them or none. Gives an enum row_state; unless ROW_FOUND,
 *  finder->reason says why. -ENOMEM, -EMFILE, -ENFILE. */
int finder_find(struct finder *finder, const char *path, enum row_type type, struct err *err);

/** 1 if something, a dangling link too, lies at path in one of the roots; 0 if not. */
int finder_exists(struct finder *finder, const char *path, struct err *err);

/** Drops what was found and not given. */
void finder_forget(struct finder *finder);

/** Moves what was found to the end of inv->items. -ENOMEM. */
int finder_give(struct finder *finder, struct inventory *inv, struct err *err);

/** Sets finder->reason and returns state; -ENOMEM. */
int finder_say(struct finder *finder, enum row_state state, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
