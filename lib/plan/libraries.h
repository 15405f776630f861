/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libraries need besides themselves: the names the loader and dlopen(3) callers ask for. Pure.
 */
#ifndef PLAN_LIBRARIES_H
#define PLAN_LIBRARIES_H

#include "plan/draft.h"

/** Adds links for names of libraries that the plan lacks: SONAME, and the few that programs open
 *  by another name. */
int libraries_add_links(struct draft *draft, struct err *err);
/** EM_* of the libraries that the plan brings: wanted if there is one for it, else that of the
 *  first; 0 = none known. */
uint16_t libraries_machine(const struct draft *draft, uint16_t wanted);

/** Another name that programs open a library of that SONAME by; NULL = none. */
const char *libraries_alias(const char *soname);

/* Called for each library that the container gets, bound by itself or inside a directory, under its
 * path in the container. Other than 0 stops. */
typedef int (*library_fn)(struct draft *draft, const struct item *item, const char *path, void *arg,
			  struct err *err);
/** with_covered: those inside of directories, too. Returns what fn returned last. */
int libraries_each(struct draft *draft, bool with_covered, library_fn fn, void *arg,
		   struct err *err);

#endif
