/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we read of a bundle's config.json. Numbers above 2^53 may occur (unlimited rlimits are
 * 18446744073709551615) and are never needed exactly.
 */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "base/vec.h"

#define OCI_SPEC_MAX_BYTES (16 * 1024 * 1024)
#define SPEC_WHEN_MISSING  "nvc.mode-when-missing" /* the one annotation that is read */

struct spec_mount {
	char *destination; /* owned */
	char *source;      /* owned, NULL = none */
};

/* linux.resources.devices: -1 in major or minor = every. type 'a', 'b', 'c', 'u', 'p'. */
struct spec_device_rule {
	bool allow;
	char type;
	int64_t major;
	int64_t minor;
	char access[4]; /* of "rwm"; "" = "rwm" */
};

struct spec_hook {
	char *path; /* owned */
	struct strv args;
};

struct spec {
	char *root_path; /* root.path as written; owned; NULL = absent */
	bool root_readonly;
	struct strv env; /* process.env, in order */
	bool has_process;
	bool cap_sys_admin; /* in process.capabilities.bounding, or the old list form */
	uint32_t uid;       /* process.user */
	VEC(struct spec_mount) mounts;
	VEC(struct spec_device_rule) device_rules;
	VEC(struct spec_hook) prestart; /* hooks.prestart */
	VEC(struct spec_hook) poststop;
	VEC(uint32_t) additional_gids;
	bool has_user_namespace;
	char *cgroups_path; /* linux.cgroupsPath; owned, NULL = absent */
	char *when_missing; /* annotations[SPEC_WHEN_MISSING]; owned, NULL = absent */
};

/** name is for messages. -EINVAL with line and column. */
int spec_parse(const char *name, const char *text, size_t len, struct spec *ret, struct err *err);
void spec_done(struct spec *spec);

/** Value of an environment variable: the last entry of that name wins, as in the container.
 *  NULL = not set. Entries without "=" are ignored. */
const char *spec_getenv(const struct spec *spec, const char *name);

/** True if the rules, taken in order as the kernel does, let the container open the node for
 *  reading and writing under every runtime. No rules at all = nothing is granted: runc 1.1 then
 *  allows its own few defaults only (crun 1.8 allows everything, but denies the rest as soon as
 *  there is one rule, under cgroup v2). Seen with both under v1 and v2. */
bool spec_grants_device(const struct spec *spec, char type, unsigned major, unsigned minor);

/** True if one more rule for this node alone, after the others, would let the container open it.
 *  Not after "all are allowed" and then "those of a type or of a major are not": the v1 controller
 *  passes over a rule within a wider one, and runc refuses to start ("cannot punch hole"). Under
 *  crun and cgroup v2 the last rule decides. Source: Linux security/device_cgroup.c,
 *  dev_exception_rm(); runc's device emulator. */
bool spec_can_grant_device(const struct spec *spec, char type, unsigned major, unsigned minor);

/** True if it does not have the node under every runtime, and one more rule helps under one. */
bool spec_wants_rule(const struct spec *spec, char type, unsigned major, unsigned minor);

#endif
