/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's display controllers on the PCI bus, as the kernel tells of them in /sys. */
#ifndef HOST_PCIDEVS_H
#define HOST_PCIDEVS_H

#include <stdbool.h>

#include "base/strv.h"
#include "host/host.h"

/** Adds the addresses of display controllers of vendor 10de in normal form (procdriver_busid()), in
 *  order; those that a driver of somebody else has (vfio-pci) are left out. 1 = there is a PCI bus,
 *  0 = nothing is told of one. */
int pcidevs_find(const struct host *host, struct strv *ret, struct err *err);

/** True unless /sys tells of a PCI bus without a device of vendor 10de at that address (normal
 *  form). */
bool pcidevs_may_have(const struct host *host, const char *busid);

#endif
