/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries a plan out in a container that has been created and not started, and takes it back. All
 * or nothing: on an error everything made is undone and nothing of the image's is touched.
 */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "host/host.h"
#include "model/plan.h"
#include "oci/spec.h"
#include "settings/settings.h"

struct apply_target {
	pid_t pid;          /* the container's init process */
	const char *rootfs; /* absolute path in the container's mount namespace; "/" is refused */
	const char *id;     /* container id; NULL = none: nothing is recorded */
	const char *bundle; /* for the record; NULL = unknown */
	const struct spec *spec; /* to see which nodes are granted already; NULL = not known */
	bool devices_granted;    /* the shim put the rules into the spec: leave the cgroup alone */
	bool no_cgroups;         /* leave the cgroup alone and say so */
	bool confined;           /* give up rights phase by phase (fence.h) */
	bool asks_driver;        /* host_ask_driver() may be called before: see host_may_ask() */
};

struct apply_stats {
	unsigned binds, devices, links, files; /* done */
	unsigned kept;         /* were there already: equal link, same node, IF_ABSENT */
	unsigned placeholders; /* names created in the image */
	unsigned inodes;       /* inodes created in the image */
	unsigned cgroup_rules;
	bool ldcache; /* the loader's cache was updated */
};

/** host must have been opened before, so that its fds are of the host. Returns to the caller's
 * mount namespace in every case. The calling process must have one thread. ret may be NULL. */
int apply_plan(const struct plan *plan, const struct host *host, const struct settings *settings,
	       const struct apply_target *target, const struct log *log, struct apply_stats *ret,
	       struct err *err);

/** Takes back what apply_plan() recorded for the target's id: after that container has stopped, and
 *  before it is started again. No record is not an error. rootfs overrides the recorded one unless
 *  NULL. Of the target id, bundle, rootfs, confined and asks_driver count. */
int apply_revert(const struct apply_target *target, const struct settings *settings,
		 const struct log *log, struct err *err);

/** For a program whose target will be confined: gives up what no phase needs. Of the target
 * confined and asks_driver count, which must be the same later. */
int apply_confine(const struct settings *settings, const struct apply_target *target,
		  const struct log *log, struct err *err);

/** For the same program, when the driver's library is asked no more: gives up what apply_confine()
 *  left for it. asks_driver must be false in what follows. */
int apply_end_asking(const struct settings *settings, const struct apply_target *target,
		     const struct log *log, struct err *err);

#endif
