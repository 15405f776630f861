/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the driver child, as facts of the inventory. */
#ifndef HOST_DRIVERMERGE_H
#define HOST_DRIVERMERGE_H

#include "base/err.h"
#include "base/log.h"
#include "driver_proto.h"
#include "model/inventory.h"

/** Completes inv->driver: a GPU that /proc gave already (by bus id, minor or UUID) gets what it
 *  lacks, others are added; MIG devices likewise, by GPU and instances. GPUs are counted anew, as
 *  nvidia-smi does. Sets asked. What the library lacked or refused goes to the log at debug level.
 *  -E2BIG: more than an inventory holds. */
int drivermerge(const proto_answer *answer, struct inventory *inv, const struct log *log,
		struct err *err);

#endif
