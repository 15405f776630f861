/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes that a mount list must not hand out, whatever it says: by their numbers, and by the
 * driver that has those numbers on this machine.
 */
#ifndef HOST_NODES_H
#define HOST_NODES_H

#include <sys/types.h>

#include "host/host.h"

#define NODES_MAX_BYTES (1024u * 1024) /* of /proc/devices */

struct nodes {
	const struct host *host; /* borrowed */
	char *drivers;           /* text of the machine root's /proc/devices, "" = none; owned */
	size_t drivers_len;
	char reason[160];
};

void nodes_init(struct nodes *nodes, const struct host *host);
void nodes_done(struct nodes *nodes);

/** *ret_fault = why the node at path (absolute, as listed) may not be handed out, good until the
 *  next call; NULL = it may. Unless the setting allowed-device-majors names majors, all are allowed
 *  but those of memory, consoles, raw disks and flash. A /dev/nvidia* whose major another driver
 *  has is refused; one that no driver has is a node without a device. -ENOMEM. Numbers: Linux,
 *  Documentation/admin-guide/devices.txt. */
int nodes_fault(struct nodes *nodes, const char *path, dev_t rdev, const char **ret_fault,
		struct err *err);

#endif
