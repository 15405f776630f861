/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in of a machine with NVIDIA's driver: what is asked for, and the folder it is written to.
 * Formats are those of driver 550.
 */
#ifndef DRIVER_STAND_H
#define DRIVER_STAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define STAND_MAX_GPUS 129u /* one more than the product takes */

/* Majors that /proc/devices gives; 195 is NVIDIA's, the others are dynamic on real machines. */
enum stand_major {
	MAJOR_NVIDIA = 195,
	MAJOR_DRM = 226,
	MAJOR_UVERBS = 231,
	MAJOR_GDRDRV = 505,
	MAJOR_FS = 506,
	MAJOR_NVSWITCH = 507,
	MAJOR_NVLINK = 508,
	MAJOR_CHANNELS = 509,
	MAJOR_CAPS = 510,
	MAJOR_UVM = 511,
};

enum stand_layout { LAYOUT_MULTIARCH, LAYOUT_LIB64, LAYOUT_NIX, LAYOUT_WSL };

struct stand {
	int fd; /* the folder */
	const char *version;
	const char *model;
	const char *brand;
	uint16_t machine;   /* EM_* of the libraries */
	uint16_t machine32; /* EM_NONE = none of 32 bits */
	enum stand_layout layout;
	const char *libdir;   /* where libraries are */
	const char *libdir32; /* NULL = none */
	unsigned gpus;
	unsigned minors[STAND_MAX_GPUS];   /* by index */
	unsigned first_card, first_render; /* numbers of the first GPU's nodes in /dev/dri */
	bool hybrid;
	unsigned channels; /* IMEX */
	bool mig;          /* the first GPU has two MIG devices; all can have them */
	bool gates;        /* nodes of nvswitch, GDS, MOFED, GDRCopy */
	bool bare_uuid;    /* the GPUs were not opened yet: /proc tells no UUID */
	bool open_kernel;
	bool no_nodes;
	bool no_nvml;
	bool no_cache;           /* no /etc/ld.so.cache */
	bool stale;              /* entries in it whose files are gone */
	const char *nvml, *cuda; /* files to install instead of stubs; NULL = stubs */
	const char *facts;       /* further lines for etc/stand-in-nvml; NULL = none */
	unsigned libraries, files, nodes, links;
};

/* Of the first GPU with mig: GPU instances and their one compute instance each. */
#define STAND_MIGS 2u
extern const unsigned stand_mig_gi[STAND_MIGS];

/* Bus number of a GPU by index: 0000:01:00.0, 0000:02:00.0, ... */
#define STAND_BUS(index) ((index) + 1u)

int stand_write_libraries(struct stand *stand, struct err *err);
int stand_write_files(struct stand *stand, struct err *err);
int stand_write_proc(struct stand *stand, struct err *err);
int stand_write_nodes(struct stand *stand, struct err *err);
int stand_write_sys(struct stand *stand, struct err *err);

/** A text file, formatted. path may be formatted before: see stand_path(). */
int stand_text(struct stand *stand, const char *path, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** A link, unless something is there. */
int stand_link(struct stand *stand, const char *path, const char *text, struct err *err);
/** Minor number of MIG's access files: of a GPU instance (ci < 0), or of a compute instance. */
unsigned stand_mig_minor(unsigned gpu_minor, unsigned gi, int ci);

#endif
