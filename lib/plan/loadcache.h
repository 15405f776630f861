/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries the loader's cache needs for the libraries of a plan: what ldconfig would note if
 * it saw the directories as they will be in the container, and nothing else in them. Pure.
 */
#ifndef PLAN_LOADCACHE_H
#define PLAN_LOADCACHE_H

#include "plan/draft.h"

/** Adds the operation that makes the loader find the libraries; none without libraries. All links
 *  must have been added before. */
int loadcache_add(struct draft *draft, struct err *err);

#endif
