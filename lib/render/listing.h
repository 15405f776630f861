/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of thing an operation brings, in the order in which lists show them: NVIDIA's. Pure. */
#ifndef RENDER_LISTING_H
#define RENDER_LISTING_H

#include <stdbool.h>

#include "model/inventory.h"
#include "model/plan.h"

enum listing_class {
	LISTING_CONTROL, /* /dev/nvidiactl */
	LISTING_UVM,
	LISTING_MODESET,
	LISTING_GPU,  /* and nodes of mount lists */
	LISTING_GATE, /* NVSwitch, GDS, ... */
	LISTING_MIG,
	LISTING_CHANNEL,
	LISTING_MIG_CONFIG,
	LISTING_MIG_MONITOR,
	LISTING_BINARY,
	LISTING_LIBRARY,
	LISTING_LIBRARY32,
	LISTING_IPC,
	LISTING_FIRMWARE,
	LISTING_OTHER,
	LISTING_LINK,
	LISTING_CLASSES,
};

/* What can be selected: enum nvc_listed. */
enum listing_select {
	LISTING_DEVICES = 1 << 0,
	LISTING_LIBRARIES = 1 << 1,
	LISTING_BINARIES = 1 << 2,
	LISTING_IPCS = 1 << 3,
	LISTING_FIRMWARES = 1 << 4,
	LISTING_COMPAT32 = 1 << 5,
	LISTING_MIGS = 1 << 6,
};

/** LISTING_CLASSES: shown in no list. */
enum listing_class listing_class_of(const struct inventory *inv, const struct op *op);

/** True if the class is shown when that was selected; 0 = everything. What only a request of its
 *  own brings is always shown. */
bool listing_is_selected(enum listing_class class, unsigned select);

#endif
