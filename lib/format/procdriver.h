/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts below /proc/driver/nvidia. Pure; unknown lines are skipped, so that a newer driver's texts
 * are read too. Source: kernel-open/nvidia/nv-procfs.c and nv-caps.c of NVIDIA's open kernel
 * modules, 515 to 580; the closed ones write the same.
 */
#ifndef FORMAT_PROCDRIVER_H
#define FORMAT_PROCDRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCDRIVER_MAX_BYTES  65536u           /* of one text, but for: */
#define PROCDRIVER_MAX_MINORS (4096u * 1024u)  /* mig-minors, with a line for all there could be */
#define PROCDRIVER_MAX_DIGITS 32u              /* bytes of a version, with NUL */
#define PROCDRIVER_MAX_MINOR  ((1u << 20) - 1) /* of Linux' minor numbers */
#define PROCDRIVER_CAP_PATH   96u              /* bytes of the path of a capability, with NUL */
#define PROCDRIVER_CAP_FILES  "/proc/driver/nvidia/capabilities"

/** Version of the module in the text of "version": the first word of its NVRM line that is one,
 *  "550.54.15", whatever the line calls the module. */
bool procdriver_version(const char *text, size_t len, char ret[PROCDRIVER_MAX_DIGITS]);

#define PROCDRIVER_BUSID 18u /* bytes of "00000000:01:00.0", and some more */

/** Normal form of a PCI address: a domain of one to eight digits, all lower case. */
bool procdriver_busid(const char *text, size_t len, char ret[PROCDRIVER_BUSID]);
/** The end of a normal form that /sys and the names of most folders have: "0000:01:00.0"; the whole
 *  where the domain needs more than four digits. */
const char *procdriver_short_busid(const char *busid);

/* gpus/BUSID/information. "" = not given, or not known to the driver (yet). */
struct procdriver_gpu {
	char model[128];
	char uuid[48]; /* "GPU-" and 36 characters */
	char busid[PROCDRIVER_BUSID];
	int minor; /* -1 = not given */
	bool excluded;
};

void procdriver_gpu_parse(const char *text, size_t len, struct procdriver_gpu *ret);

/** Value of the line "KEY: NUMBER", at most max; false: there is none. For params and the files of
 *  capabilities, which are decimal, modes too. */
bool procdriver_number(const char *text, size_t len, const char *key, uint64_t max, uint64_t *ret);

enum procdriver_cap_kind { CAP_CONFIG, CAP_MONITOR, CAP_GI, CAP_CI };

struct procdriver_cap {
	enum procdriver_cap_kind kind;
	unsigned gpu; /* minor of its node; CAP_GI and CAP_CI */
	unsigned gi;
	unsigned ci;    /* CAP_CI */
	unsigned minor; /* of /dev/nvidia-caps/nvidia-capMINOR */
};

/** Cuts lines off the text of nvidia-caps/mig-minors until one is a capability. False at the end.
 */
bool procdriver_next_cap(const char **text, size_t *len, struct procdriver_cap *ret);

/** Path of the capability's file below PROCDRIVER_CAP_FILES' root. cap->minor does not matter. */
void procdriver_cap_path(const struct procdriver_cap *cap, char ret[PROCDRIVER_CAP_PATH]);

#endif
