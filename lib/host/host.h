/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine, read through root fds: driver root (driver files and nodes), machine root (lists,
 * /proc, /sys, /etc) and alternate roots. A board in a folder is a host like any other. Nothing
 * here writes, but for answers of the driver's library in the folder for them (drivercache.h), and
 * no path of the machine is opened but through one of these fds.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "host/trust.h"
#include "model/inventory.h"
#include "settings/settings.h"

struct host {
	int fds[ROOT_MAX];               /* O_PATH directories by ROOT_*; -1 = unused. Owned */
	char *paths[ROOT_MAX];           /* for people; owned */
	size_t n;                        /* ROOT_ALT + number of alternate roots */
	struct trust trust;              /* whose files are believed: the caller's when opened */
	const struct settings *settings; /* borrowed */
	const struct log *log;           /* borrowed */
};

/** Opens the roots that settings name: root, host_root, and alt_roots inside the driver root. An
 *  alternate root that is missing, or that others than root and the caller can write, is a warning
 *  and stays unused; any other missing root is an error (-ENOENT). settings and log must outlive
 * the host. */
int host_open(struct host *host, const struct settings *settings, const struct log *log,
	      struct err *err);
/** Idempotent; accepts a zeroed struct. */
void host_close(struct host *host);

/** Fills inv->platform (facts with evidence, and every place looked at) and inv->roots. A machine
 *  that is no Tegra is not an error: kind is PLATFORM_NONE. */
int host_read_platform(const struct host *host, struct inventory *inv, struct err *err);

enum host_lists { HOST_LISTS_BASE, HOST_LISTS_ALL };

/** Reads the mount lists and finds what their rows name: files, rows, items, extras.
 *  BASE: rows of files that are not base lists are read but not looked up on the board (state
 * FOUND, no items): they are not selected anyway. A missing list folder is not an error
 * (list_dir_found). -EACCES and the like when the folder is there and cannot be read; a single list
 * that cannot be read, or that others than root and the caller may write, is kept with its error
 * and a warning. */
int host_read_lists(const struct host *host, enum host_lists which, struct inventory *inv,
		    struct err *err);

/** What the kernel tells of NVIDIA's driver, without asking it: inv->driver.loaded, version, the
 * texts for containers, wsl, and its GPUs with what /proc/driver/nvidia and /sys say of them; MIG
 *  devices by their numbers. A Tegra's integrated GPU is one of them, first, if there is a list
 *  folder or it is a Tegra. No driver is not an error. Reads ROOT_MACHINE. After
 *  host_read_platform() and host_read_lists(). */
int host_read_driver(const struct host *host, struct inventory *inv, struct err *err);

/** Nodes, /proc files and links below /dev/dri of each GPU, MIG device, channel and gate: parts and
 *  items. A node of the wrong type or major is left out with a warning. After host_read_driver().
 */
int host_find_driver_nodes(const struct host *host, struct inventory *inv, struct err *err);

/* What an image opens by a variable of its own, NVIDIA_GDS=enabled and so on. */
enum host_gate {
	HOST_GATE_GDS = 1 << 0,
	HOST_GATE_MOFED = 1 << 1,
	HOST_GATE_NVSWITCH = 1 << 2,
	HOST_GATE_GDRCOPY = 1 << 3,
	HOST_GATE_EVERY = (1 << 4) - 1,
	HOST_GATE_MIG = 1 << 4, /* to configure MIG. It is no node of its own, and they are many */
};

/** Parts and items of the gates (enum host_gate) asked for, also where NVIDIA's driver is not
 * loaded. As host_find_driver_nodes() otherwise. */
int host_find_gates(const struct host *host, unsigned gates, struct inventory *inv,
		    struct err *err);

/** The driver's own files, for the capabilities asked for: parts, items and lacks. Nothing is
 * looked for unless the driver is loaded (or wsl): its version is that of the names. */
int host_find_driver_files(const struct host *host, unsigned caps, struct inventory *inv,
			   struct err *err);

/** True if host_ask_driver() can come to start a child: the driver is loaded on the machine, or it
 * is WSL, and the library is not built without NVC_NVML. One look, before host_open(). */
bool host_may_ask(const struct settings *settings);

/** Asks the driver's library by a child, or reads the answer it gave before: CUDA version, and what
 *  is not known yet of each GPU and MIG device; sets inv->driver.asked. 0 too where it could not be
 *  asked for want of the library or built without (asked stays false, one line in the log).
 *  -ETIMEDOUT: not within settings->driver_timeout, names the call; -EPROTO: killed, or an answer
 *  that is none. Nothing keeps running. */
int host_ask_driver(const struct host *host, struct inventory *inv, struct err *err);

#endif
