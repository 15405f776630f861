/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second implementation behind rootfs.h: resolves a path inside a root component by component
 * with O_PATH | O_NOFOLLOW. Each directory on the way stays open, so that ".." means the directory
 * that the walk came through: the kernel's ".." is never used and a rename meanwhile cannot lead
 * out. Also makes missing directories, which openat2(2) cannot. Only rootfs.c may use it.
 */
#ifndef SYS_ROOTWALK_H
#define SYS_ROOTWALK_H

#include <stdbool.h>

#include "sys/rootfs.h"

#define ROOTWALK_MAX_DEPTH 256 /* directories held open at a time */

struct rootwalk_request {
	bool nofollow;       /* the last component is not followed */
	bool directory;      /* must be a directory */
	bool make;           /* missing directories are made, 0755 */
	rootfs_made_fn made; /* told of each; may be NULL */
	void *arg;
};

/** O_PATH fd of path inside rootfd, or -errno. *ret_refused (may be NULL): the error came from made
 *  and is told of already. */
int rootwalk_open(int rootfd, const char *path, const struct rootwalk_request *request,
		  bool *ret_refused);

#endif
