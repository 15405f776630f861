/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's own driver has on this machine: its GPUs, and parts, each a reason for a container
 * to get some items of the inventory, as rows are for those of mount lists. host/ fills it from
 * /proc, /sys, the loader's cache, directories and nodes, and, where only the driver's library
 * knows, from its answer. A machine of mount lists alone has one GPU here and no parts.
 */
#ifndef MODEL_DRIVER_H
#define MODEL_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"
#include "model/drivercaps.h"
#include "model/fact.h"

#define DRIVER_MAX_GPUS     128u
#define DRIVER_MAX_MIGS     1024u    /* of all GPUs */
#define DRIVER_MAX_CHANNELS 1048576u /* numbers of IMEX channels are below; Linux minors are */

enum gpu_kind { GPU_INTEGRATED, GPU_DISCRETE };

/* Strings are owned; NULL = not known (yet). */
struct gpu {
	enum gpu_kind kind;
	unsigned index; /* as nvidia-smi counts: by PCI bus id; the integrated one of a Tegra first
			 */
	int minor;      /* of its node /dev/nvidiaMINOR; -1 = not known, or has none */
	char *uuid;     /* "GPU-00000000-1111-2222-3333-444444444444"; Orin has it without "GPU-" */
	char *busid;    /* "00000000:01:00.0", lower case; NULL for one that is on no PCI bus */
	char *model;    /* "NVIDIA H200" */
	char *brand;    /* "Nvidia", "Tesla", ...: words of nvidia-smi without blanks */
	char *compute;  /* compute capability, "9.0" */
	bool mig_capable;
	bool mig;     /* MIG mode is on: its instances can be used, it alone cannot */
	char *source; /* where most of it is from: "/proc/driver/nvidia/gpus", "NVML", ... */
};

/* A MIG device: a compute instance of a GPU instance. */
struct mig {
	size_t gpu; /* index into driver.gpus */
	int index;  /* "0:INDEX", as nvidia-smi counts; -1 = not known (yet) */
	unsigned gi, ci;
	char *uuid; /* "MIG-..."; NULL = not known (yet) */
};

enum part_kind {
	PART_FILE,        /* library, program, configuration, firmware: by caps */
	PART_IPC,         /* socket or directory of a service: by caps, and unless left out */
	PART_CONTROL,     /* /dev/nvidiactl, and whatever every container with a GPU gets */
	PART_UVM,         /* /dev/nvidia-uvm, -uvm-tools: compute and video */
	PART_MODESET,     /* /dev/nvidia-modeset: display */
	PART_GPU,         /* nodes of one GPU, with those below /dev/dri: part.gpu */
	PART_GPU_PROC,    /* /proc/driver/nvidia/gpus/BUSID: part.gpu */
	PART_MIG,         /* nodes and files that grant one MIG device: part.mig */
	PART_MIG_CONFIG,  /* those that let it configure MIG; part.gpu: of that GPU */
	PART_MIG_MONITOR, /* those that let it watch MIG */
	PART_CHANNEL,     /* IMEX channel: part.number */
	PART_NVSWITCH,
	PART_GDS,
	PART_MOFED,
	PART_GDRCOPY,
};

/* Services that a request can leave out: NVIDIA's --no-persistenced and the like. */
enum part_service {
	SERVICE_NONE = 0,
	SERVICE_PERSISTENCED = 1 << 0,
	SERVICE_FABRICMANAGER = 1 << 1,
	SERVICE_GSP_FIRMWARE = 1 << 2,
	SERVICE_MPS = 1 << 3,
};

#define NO_INDEX ((size_t)-1)

struct part {
	enum part_kind kind;
	unsigned caps; /* DRIVER_CAP_*: any of them brings it; 0 = every request for this driver.
			* A 32-bit library also wants DRIVER_CAP_COMPAT32: see compat32 */
	bool compat32;
	unsigned service;  /* enum part_service, PART_FILE and PART_IPC */
	size_t gpu;        /* index into driver.gpus; NO_INDEX = of none */
	size_t mig;        /* index into driver.migs; NO_INDEX = of none */
	unsigned number;   /* PART_CHANNEL */
	char *name;        /* what was looked for, "libcuda.so", "nvidia-smi"; owned */
	char *why;         /* where it was found, in words: "ld.so.cache"; owned */
	size_t first_item; /* items [first_item, first_item + n_items) of inventory.items */
	size_t n_items;
};

/* What belongs to the driver and is not there; told where it was asked for. */
struct lack {
	unsigned caps;
	char *name;   /* owned */
	char *reason; /* "not in ld.so.cache nor in 5 directories"; owned */
};

struct driver {
	bool loaded;         /* its kernel module is: /proc/driver/nvidia/version is there */
	bool wsl;            /* Windows' own: /dev/dxg */
	bool asked;          /* its library was asked, or a cached answer of it read */
	struct fact version; /* of the module, "550.54.15" */
	struct fact on_disk; /* version of libraries that are there where those of the module
			      * lack: upgraded, and the module not loaded anew; not known else */
	struct fact cuda;    /* CUDA version that it supports, "12.4" */
	char *slow; /* what the library took longest for, "nvmlInit_v2 1.2 s"; owned; NULL */
	/* /proc/driver/nvidia/FILE; NULL = is not there; owned */
	char *params;
	char *version_text;
	char *registry;
	VEC(struct gpu) gpus; /* rising index; here too the integrated GPU that lists stand for */
	VEC(struct mig) migs;
	VEC(struct part) parts;
	VEC(struct lack) lacks;
};

void driver_done(struct driver *driver);
void gpu_done(struct gpu *gpu);
const char *gpu_kind_name(enum gpu_kind kind);   /* "integrated", "discrete" */
const char *part_kind_name(enum part_kind kind); /* "file", "ipc", "control", "uvm", ... */

#endif
