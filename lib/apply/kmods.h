/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the driver needs and a machine may not have done yet: kernel modules loaded, by the
 * machine's own modprobe, and nodes made below the driver root. Nothing of an image or a container
 * is looked at.
 */
#ifndef APPLY_KMODS_H
#define APPLY_KMODS_H

#include <stdbool.h>

#include "host/host.h"

#define KMODS_DEADLINE 10000u /* ms for one module */

/** False where the driver and the nodes that come last are there and no GPU is divided, at the cost
 *  of a few calls, and where there is no card: then kmods_load() has nothing to do. */
bool kmods_are_missing(const struct host *host);

/** Loads and makes what is missing; channel: also the node of IMEX channel 0. Does nothing without
 *  being root of the machine, or in a user namespace, or without a display controller of NVIDIA's.
 *  What cannot be done is told in the log: the container may not need it. -ENOMEM and other trouble
 *  of the machine. */
int kmods_load(const struct host *host, bool channel, struct err *err);

#endif
