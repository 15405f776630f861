/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets the cgroup of a container use device nodes, for starts where nobody put the rules into the
 * container's spec. The cgroup is opened before any namespace is joined, and written to last of
 * all, so that nothing has to be taken back.
 */
#ifndef APPLY_CGROUP_H
#define APPLY_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "sys/ns.h"

#define CGROUP_MAX_TEXT (16u * 1024 * 1024) /* bytes of a mountinfo or cgroup file */

struct cgroup {
	int fd;    /* directory of the container's cgroup; owned; -1 = none */
	bool v1;   /* in the hierarchy of the v1 devices controller */
	bool weak; /* the caller is not root of the machine: a refusal is no error */
	char *path;
	char *before; /* v1: devices.list before anything was allowed; owned; NULL = nothing was */
};

/** Finds the cgroup of process that rules its devices: v1 where the devices controller is mounted
 *  in the caller's mount namespace (mountinfo: its text), else v2. 1 = found; 0 = the kernel has
 *  none of the two, so that nothing refuses the process a device. -ENOENT: neither is mounted. */
int cgroup_open(const struct ns_process *process, const char *mountinfo, struct cgroup *ret,
		struct err *err);
void cgroup_done(struct cgroup *cgroup);

/** Allows reading and writing of each character device. Gives the number of rules added. */
int cgroup_allow(struct cgroup *cgroup, const dev_t *devices, size_t n, const struct log *log,
		 struct err *err);
int cgroup_v1_allow(struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err);
/** Takes those rules back: of a container that will not run. */
void cgroup_v1_withdraw(const struct cgroup *cgroup, const dev_t *devices, size_t n);
int cgroup_v2_allow(const struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err);

/** Where the cgroup path lies below a mount of the hierarchy that shows the part from root on.
 *  NULL: it is not visible there. Points into path. Pure. */
const char *cgroup_below_mount(const char *path, const char *root);

#endif
