/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From names below the driver root and the machine root to parts of the driver: each object is
 * looked at in its open directory, the last component never followed, and is what it should be or
 * left out: a node by the numbers that the machine's /proc/devices gives to its driver.
 */
#ifndef HOST_DEVNODES_H
#define HOST_DEVNODES_H

#include <stdbool.h>

#include "host/dircache.h"
#include "host/trust.h"

#define DEVNODES_MAX_TOLD 16u /* warnings; the others are counted */
#define DEVNODES_ANY      -1

/* The class of a node: by name in /proc/devices, but for those of Linux and NVIDIA that are fixed.
 */
enum devnodes_class {
	DEVNODES_NVIDIA, /* 195: GPUs, 255 nvidiactl, 254 nvidia-modeset */
	DEVNODES_MISC,   /* 10 */
	DEVNODES_DRM,    /* 226 */
	DEVNODES_UVM,    /* "nvidia-uvm", and so on */
	DEVNODES_CAPS,
	DEVNODES_CHANNELS,
	DEVNODES_NVSWITCH,
	DEVNODES_GDS,
	DEVNODES_GDRCOPY,
	DEVNODES_VERBS,
};

struct devnodes {
	const struct host *host; /* borrowed */
	struct inventory *inv;   /* borrowed */
	struct dircache cache;
	struct trust trust;
	char *drivers; /* text of /proc/devices, "" = none; owned */
	size_t drivers_len;
	size_t told;
	bool refused; /* the last object: it is there, and left out */
};

int devnodes_open(struct devnodes *nodes, const struct host *host, struct inventory *inv,
		  struct err *err);
/** Says how many objects were left out beyond those that it told of. */
void devnodes_done(struct devnodes *nodes);

/** Major number of a class; false: no driver of the machine has it. */
bool devnodes_major(const struct devnodes *nodes, enum devnodes_class class, unsigned *ret);

/** A part whose items are those that are added from now on. */
struct part devnodes_begin(const struct devnodes *nodes, enum part_kind kind);
/** Gives it to the inventory unless it has no items; name and why are copied. 1 = given. */
int devnodes_end(struct devnodes *nodes, struct part *part, const char *name, const char *why,
		 struct err *err);
/** Takes the items back that were added since devnodes_begin(). */
void devnodes_drop(struct devnodes *nodes, const struct part *part);
/** What is missing, for those who ask for one of the capabilities. */
int devnodes_lack(struct devnodes *nodes, unsigned caps, const char *name, const char *reason,
		  struct err *err);
/** The same of the object that was to be added last. */
int devnodes_lack_last(struct devnodes *nodes, unsigned caps, const char *path, struct err *err);

/* Each of these adds an item: 1 = added, 0 = not there, or left out with a warning. */

/** A node below the driver root, of that class and minor (DEVNODES_ANY = whichever). */
int devnodes_add_node(struct devnodes *nodes, const char *path, enum devnodes_class class,
		      int minor, struct err *err);
/** A node that is not there yet: item.later. 0 = no driver of the machine has the class. */
int devnodes_add_later(struct devnodes *nodes, const char *path, enum devnodes_class class,
		       unsigned minor, struct err *err);
/** A node of major 10 by its name in /proc/misc. */
int devnodes_add_misc(struct devnodes *nodes, const char *path, const char *name, struct err *err);
/** A link below the driver root whose text is that. */
int devnodes_add_link(struct devnodes *nodes, const char *path, const char *text, struct err *err);
/** A file or directory that nobody but root or the caller can write. */
int devnodes_add_object(struct devnodes *nodes, unsigned root, const char *path,
			enum item_kind kind, struct err *err);

#endif
