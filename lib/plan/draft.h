/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan in the making: which objects count, under which path each one appears in the container,
 * who brings it first, and the operation that brings it. Pure.
 */
#ifndef PLAN_DRAFT_H
#define PLAN_DRAFT_H

#include "base/err.h"
#include "model/image.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/request.h"
#include "plan/grants.h"
#include "plan/pathmap.h"
#include "plan/relink.h"

struct draft {
	const struct inventory *inv;
	const struct request *request;
	const struct grants *grants;
	struct plan *plan;                 /* borrowed */
	bool all_lists;                    /* else only base lists count */
	bool *wanted;                      /* one for each item of inv */
	char **paths;                      /* canonical target of each wanted item */
	struct relink targets;             /* links of the plan, in the container ... */
	struct relink sources;             /* ... and on the machine */
	struct pathmap places;             /* first item at each path of the container */
	struct pathmap dirs;               /* those of them that are directories */
	const struct image_compat *compat; /* the image's CUDA libraries, if used; borrowed */
};

/* A file with content of ours, or, with OP_DIR, a directory. */
struct draft_made {
	const char *path;
	const char *content; /* NULL for a directory */
	unsigned flags;      /* besides OP_NOSUID and OP_NODEV */
	mode_t mode;
	const char *why;
};

/** Decides which items count and where they go. grants, and what it refers to, must outlive the
 *  draft, which must be done in any case. */
int draft_init(struct draft *draft, const struct grants *grants, bool all_lists, struct plan *plan,
	       struct err *err);
void draft_done(struct draft *draft);

/** True if the row's list is selected, and lists count at all. */
bool draft_row_selected(const struct draft *draft, const struct row *row);
/** Adds the operations of one row to the plan and gives its verdict. */
int draft_add_row(struct draft *draft, size_t row, struct row_verdict *ret, struct err *err);
/** Adds the operations of one part of the driver: none if it is not wanted, or what it brings is
 *  brought already. */
int draft_add_part(struct draft *draft, size_t part, struct err *err);
/** Adds an item that belongs to no row, unless something is at its place already. */
int draft_add_extra(struct draft *draft, const struct item *item, const char *why, struct err *err);
/** Adds a file or directory made by us, unless the plan has something at its place. */
int draft_add_made(struct draft *draft, const struct draft_made *made, struct err *err);
/** Adds a link that gives way to whatever the image has, unless the plan has something there. */
int draft_add_soft_link(struct draft *draft, const char *path, const char *text, const char *why,
			struct err *err);
/** The directory bind that brings whatever is at path as well, from the same place of the
 *  machine; NULL = none. Links count as brought by any directory above them. */
const struct pathmap_entry *draft_cover(const struct draft *draft, const struct item *item,
					const char *path);

#endif
