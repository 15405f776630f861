/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook's command line: our options and, with one dash too, those of NVIDIA's hook.
 */
#ifndef HOOK_HOOKOPTS_H
#define HOOK_HOOKOPTS_H

#include <stdbool.h>

#include "base/err.h"

enum hook_command {
	HOOK_NONE,
	HOOK_PRESTART, /* createRuntime too */
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_HELP,
	HOOK_VERSION,
};

#define HOOKOPTS_MAX_TIMEOUT 86400u

/* All strings are borrowed from argv; NULL = not given. */
struct hook_opts {
	enum hook_command command;
	const char *config;
	const char *bundle;
	const char *rootfs;
	const char *id;
	const char *request;
	const char *root;
	const char *host_root;
	const char *debug_file;
	const char *timeout_text;
	unsigned timeout; /* seconds; 0 = not given */
	bool debug;
	bool devices_granted;
};

/** -EINVAL: not understood. */
int hookopts_parse(int argc, char *const *argv, struct hook_opts *ret, struct err *err);

extern const char hookopts_usage[];

#endif
