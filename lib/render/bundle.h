/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as edits of a bundle's config.json: device rules, groups, hook entries. Never
 * linux.devices. Pure: text in, text out.
 */
#ifndef RENDER_BUNDLE_H
#define RENDER_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "model/plan.h"
#include "model/request.h"
#include "oci/spec.h"

struct bundle_input {
	const char *text; /* of config.json */
	size_t len;
	const struct spec *spec; /* what spec_parse() made of the text */
	const struct plan *plan;
	const struct request *request;
	bool no_gids; /* groups of nodes are not given to the process */
};

struct bundle_hook {
	const char
		*path; /* absolute path of nvc-hook; NULL = not found: an error once it is needed */
	const char *config; /* --config for it; NULL = none */
	const char *id;     /* container id */
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute */
};

/** Gives the edited text (caller frees); *ret = NULL when there is nothing to change, as in a text
 *  that has been edited before. A prestart or poststop entry that is ours or NVIDIA's by name is
 *  never doubled: dockerd inserts one for --gpus. */
int bundle_edit(const struct bundle_input *input, const struct bundle_hook *hook, char **ret,
		size_t *ret_len, struct err *err);

/** True if the rules of the container keep a device of the plan from it whatever rule is added,
 *  but under crun and cgroup v2: spec_can_grant_device(). *ret: the first one. */
bool bundle_has_denied(const struct bundle_input *input, dev_t *ret);

#endif
