/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as /proc/driver/nvidia has it: host_read_driver() for those who want the discrete GPUs
 * alone. */
#ifndef HOST_PROCDRIVER_H
#define HOST_PROCDRIVER_H

#include "host/host.h"

#define PROCDRIVER_DIR "/proc/driver/nvidia"

/** As host_read_driver(), of an inventory without platform and lists: all GPUs that the driver has,
 *  their numbers in order. Nothing else is told of a machine without the driver. */
int procdriver_read(const struct host *host, struct inventory *inv, struct err *err);

#endif
