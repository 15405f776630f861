/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a program started by spawn_start(): gives up, for good, everything that foreign code in it
 * must not have. It keeps its socket and its tie, reads, and talks to device nodes.
 */
#ifndef SYS_EXILE_H
#define SYS_EXILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define EXILE_SOCKET_FD 3
#define EXILE_TIE_FD    4 /* reading end of a pipe: its end is the parent's */
#define EXILE_ROOT_FD   5

/** First of all: closes what else is open, clears the environment, default signals, "/" as the
 *  directory, no core dumps. name: of the process; one executed by fd has none (execveat(2), before
 *  Linux 6.14). */
int exile_start(const char *name, struct err *err);

struct exile {
	bool change_root; /* to the directory EXILE_ROOT_FD */
	bool change_user;
	bool must_change; /* an error if uid and gid cannot be had; else ids stay as they are */
	uid_t uid;
	gid_t gid;
	unsigned seconds; /* of CPU time */
};

/** Root and user as said, no supplementary groups, no capabilities, no_new_privs, limits, and a
 * filter that leaves the calls with which libraries are loaded and drivers talked to; no processes,
 * no sockets, no writing to files. A build without filters leaves that one out. Closes
 * EXILE_ROOT_FD. From then on the process ends when the parent does, whatever it is doing. */
int exile_enter(const struct exile *how, struct err *err);

#endif
