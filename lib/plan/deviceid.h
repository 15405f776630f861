/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words by which a request names devices: "0", "1:0", "GPU-1234", "MIG-...", "0000:01:00.0",
 * "igpu", "dgpu", "all". Pure.
 */
#ifndef PLAN_DEVICEID_H
#define PLAN_DEVICEID_H

#include <stdbool.h>
#include <stddef.h>

#include "model/driver.h"

enum deviceid_form {
	DEVICEID_ALL,
	DEVICEID_IGPU,
	DEVICEID_DGPU,
	DEVICEID_INDEX,    /* gpu */
	DEVICEID_PAIR,     /* gpu, mig: indices, "0:1" */
	DEVICEID_BUS,      /* bus */
	DEVICEID_MIG_PATH, /* "MIG-GPU-UUID/GI/CI", as before driver 470: gi, ci, uuid_len */
	DEVICEID_UUID,     /* whatever else; its beginning will do if it is "GPU-" or "MIG-" */
};

struct deviceid {
	enum deviceid_form form;
	const char *text; /* borrowed */
	unsigned gpu, mig;
	unsigned gi, ci;
	size_t uuid_len; /* DEVICEID_MIG_PATH: of the GPU's UUID, behind "MIG-" */
	char bus[24];    /* as in struct gpu */
};

struct deviceid deviceid_read(const char *word);

/** True if the word is the whole UUID; case does not count. */
bool deviceid_is(const struct deviceid *id, const char *uuid);
/** True if the word is the beginning of the UUID, "GPU-" or "MIG-" at least. */
bool deviceid_begins(const struct deviceid *id, const char *uuid);

#endif
