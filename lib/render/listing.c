/* SPDX-License-Identifier: Apache-2.0 */
#include "render/listing.h"

#include <string.h>

#include "base/path.h"
#include "render/opwords.h"

static bool is_in_bin(const char *path)
{
	const char *name = path_basename(path);
	size_t len = (size_t)(name - path);

	return len >= 5 && (memcmp(name - 5, "/bin/", 5) == 0 ||
			    (len >= 6 && memcmp(name - 6, "/sbin/", 6) == 0));
}

static enum listing_class class_of_path(const char *path)
{
	if (strstr(path_basename(path), ".so") != NULL)
		return LISTING_LIBRARY;
	if (is_in_bin(path))
		return LISTING_BINARY;
	if (strstr(path, "/firmware/") != NULL)
		return LISTING_FIRMWARE;
	return LISTING_OTHER;
}

static enum listing_class class_of_node(enum part_kind kind)
{
	switch (kind) {
	case PART_CONTROL:
		return LISTING_CONTROL;
	case PART_UVM:
		return LISTING_UVM;
	case PART_MODESET:
		return LISTING_MODESET;
	case PART_NVSWITCH:
	case PART_GDS:
	case PART_MOFED:
	case PART_GDRCOPY:
		return LISTING_GATE;
	default:
		return LISTING_GPU;
	}
}

static enum listing_class class_of_part(const struct part *part, const struct op *op)
{
	switch (part->kind) {
	case PART_MIG:
		return LISTING_MIG;
	case PART_MIG_CONFIG:
		return LISTING_MIG_CONFIG;
	case PART_MIG_MONITOR:
		return LISTING_MIG_MONITOR;
	case PART_CHANNEL:
		return LISTING_CHANNEL;
	case PART_IPC:
		return LISTING_IPC;
	default:
		break;
	}
	if (op->kind == OP_DEVICE)
		return class_of_node(part->kind);
	if (part->kind != PART_FILE)
		return LISTING_OTHER;
	return part->compat32 ? LISTING_LIBRARY32 : class_of_path(op->target);
}

enum listing_class listing_class_of(const struct inventory *inv, const struct op *op)
{
	const struct part *part = opwords_part(inv, op);

	if (op->kind == OP_LDCACHE || op->target == NULL || (op->flags & OP_LATER) != 0)
		return LISTING_CLASSES;
	if (op->kind == OP_LINK)
		return LISTING_LINK;
	if (part != NULL)
		return class_of_part(part, op);
	if (op->kind == OP_DEVICE)
		return LISTING_GPU;
	return op->row == NO_ROW ? LISTING_OTHER : class_of_path(op->target);
}

bool listing_is_selected(enum listing_class class, unsigned select)
{
	static const unsigned needs[LISTING_CLASSES] = {
		[LISTING_CONTROL] = LISTING_DEVICES,    [LISTING_UVM] = LISTING_DEVICES,
		[LISTING_MODESET] = LISTING_DEVICES,    [LISTING_GPU] = LISTING_DEVICES,
		[LISTING_GATE] = LISTING_DEVICES,       [LISTING_MIG] = LISTING_DEVICES,
		[LISTING_BINARY] = LISTING_BINARIES,    [LISTING_LIBRARY] = LISTING_LIBRARIES,
		[LISTING_LIBRARY32] = LISTING_COMPAT32, [LISTING_IPC] = LISTING_IPCS,
		[LISTING_FIRMWARE] = LISTING_FIRMWARES,
	};

	if (select == 0 || class == LISTING_CHANNEL || class == LISTING_MIG_CONFIG ||
	    class == LISTING_MIG_MONITOR)
		return true;
	return (needs[class] & select) != 0;
}
