/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of operations: directories of our own first, in which others may put things, links,
 * since nothing may be mounted where a link has to go, then the host's directories from the outside
 * in, files, our own files, devices, and the loader's cache when all libraries are there. Pure.
 */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "base/err.h"
#include "model/plan.h"

/** Sorts plan->ops; operations of equal rank keep their order. */
int order_ops(struct plan *plan, struct err *err);

#endif
