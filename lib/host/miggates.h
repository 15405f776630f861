/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What configuring MIG needs of each GPU: its folder of capabilities, in which those of new MIG
 * devices come up, and the nodes of all that the driver could ever have of it. A node that is not
 * there yet gives a rule for the device cgroup alone.
 */
#ifndef HOST_MIGGATES_H
#define HOST_MIGGATES_H

#include "host/devnodes.h"

#define MIGGATES_MAX_NODES 512u /* of one GPU: drivers up to 580 have 135 */

/** Adds a part PART_MIG_CONFIG for each GPU that has capabilities. */
int miggates_add(struct devnodes *nodes, struct err *err);

#endif
