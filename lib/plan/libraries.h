/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libraries need besides themselves: the names the loader and dlopen(3) callers ask for, and
 * the loader's cache. Pure.
 */
#ifndef PLAN_LIBRARIES_H
#define PLAN_LIBRARIES_H

#include "plan/draft.h"

/** Adds links for names of libraries that the plan lacks: SONAME, and the few that programs open
 *  by another name. */
int libraries_add_links(struct draft *draft, struct err *err);
/** Adds the operation that makes the loader find the libraries; none without libraries. */
int libraries_add_cache(struct draft *draft, struct err *err);
/** EM_* of the first library that the plan brings, 0 = none known. */
uint16_t libraries_machine(const struct draft *draft);

#endif
