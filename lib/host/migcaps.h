/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MIG devices and the driver's capabilities: files of /proc that grant something to who can open
 * them, and, for a driver that has the device class nvidia-caps, a node each that does instead.
 */
#ifndef HOST_MIGCAPS_H
#define HOST_MIGCAPS_H

#include <sys/types.h>

#include "format/procdriver.h"
#include "host/host.h"

#define MIGCAPS_MINORS "/proc/driver/nvidia-caps/mig-minors"
#define MIGCAPS_NODES  "/dev/nvidia-caps/nvidia-cap" /* the minor follows */

/** MIG devices of each GPU with a minor: inv->driver.migs, and gpu->mig and mig_capable. In order
 *  of GPU, GPU instance and compute instance. */
int migcaps_find(const struct host *host, struct inventory *inv, struct err *err);

struct migcaps_node {
	unsigned minor; /* of /dev/nvidia-caps/nvidia-capMINOR */
	mode_t mode;    /* that the driver wants for it */
	bool modify;    /* the driver wants it to be made and kept like that */
};

/** The node of a capability: by its file, else by the list mig-minors. cap->minor does not matter.
 *  1 = found, 0 = not. */
int migcaps_node(const struct host *host, const struct procdriver_cap *cap,
		 struct migcaps_node *ret, struct err *err);

#endif
