/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request: what one container wants. oci/ makes it from a config.json, the programs from a
 * command line; plan/ reads it. The encoded form travels in the arguments of the hook entry that
 * the runtime shim writes.
 */
#ifndef MODEL_REQUEST_H
#define MODEL_REQUEST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "model/drivercaps.h"

enum request_devices {
	DEVICES_VOID, /* nothing: not a GPU container */
	DEVICES_NONE, /* driver files, no devices */
	DEVICES_ALL,
	DEVICES_LIST, /* request.devices */
};

/* Which mount lists the image asked for. */
enum request_lists {
	LISTS_DEFAULT, /* nothing said: the L4T release decides */
	LISTS_ALL,     /* NVIDIA_REQUIRE_JETPACK=csv-mounts=all */
	LISTS_BASE,    /* NVIDIA_REQUIRE_JETPACK_HOST_MOUNTS=base-only */
};

/* What a request says of the CUDA libraries that an image brings for newer versions. */
enum request_compat {
	COMPAT_DEFAULT, /* as configured */
	COMPAT_AUTO,    /* "ldconfig", NVIDIA's default: the image's where they are newer and fit */
	COMPAT_HOST,    /* "disabled": the host's */
};

/* When the machine has none of what was asked for. */
enum request_missing {
	MISSING_DEFAULT, /* as configured */
	MISSING_FAIL,
	MISSING_START, /* the container starts without a GPU */
};

#define REQUEST_MAX_CHANNELS 2048   /* IMEX channels of one request */
#define REQUEST_MAX_DEVICES  512    /* ids of one request */
#define REQUEST_MAX_ID       256    /* bytes of one id */
#define REQUEST_MAX_REQUIRES 64     /* NVIDIA_REQUIRE_* variables */
#define REQUEST_MAX_ENCODED  65536u /* bytes of the encoded form */

struct request {
	enum request_devices mode;
	struct strv devices;  /* DEVICES_LIST: ids in order, each once */
	unsigned caps;        /* enum driver_cap */
	struct strv requires; /* expressions, all to be met, as "NAME=expression" (NAME may be "")
			       */
	bool disable_require;
	enum request_lists lists;
	bool legacy_image; /* CUDA_VERSION without NVIDIA_REQUIRE_CUDA */
	bool gds, mofed, nvswitch, gdrcopy;
	bool mig_config, mig_monitor; /* NVIDIA_MIG_CONFIG_DEVICES, _MONITOR_DEVICES: all of them */
	struct strv channels;         /* NVIDIA_IMEX_CHANNELS: numbers in decimal, each once */
	unsigned without;             /* enum part_service: left out by the command line */
	enum request_compat compat;   /* of the command line */
	enum request_missing missing; /* of an annotation */
	char *origin;  /* where the wish came from: "NVIDIA_VISIBLE_DEVICES=all"; owned */
	char *refused; /* a wish that policy turned down, in one line; owned; NULL = none */
};

void request_done(struct request *request);

/** True unless mode is DEVICES_VOID. */
bool request_wants_gpu(const struct request *request);

/** One line of printable ASCII without blanks; the caller frees it. NULL without memory. */
char *request_encode(const struct request *request);

/** Reads what request_encode() wrote, every byte of it back as it was (refused is not part of it).
 *  -EINVAL: not that, or over a limit above. */
int request_decode(const char *text, struct request *ret, struct err *err);

/** "all", "none", "void" or "list". */
const char *request_devices_name(enum request_devices mode);

#endif
