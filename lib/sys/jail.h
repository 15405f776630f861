/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What surrounds a trusted program that reads and writes files of an untrusted image: the image as
 * its whole file system, read-only but for one directory, and limits. For children of child_run(),
 * before privs_drop_all() and sysfilter_allow().
 */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <sys/types.h>

#include "base/err.h"

/** Makes the directory rootfd (in the current mount namespace) the "/" of a new mount namespace,
 *  read-only except for the directory writable (absolute, resolved inside), without devices, with
 *  a procfs of the current pid namespace on its /proc where the image has that and the kernel
 * allows it. */
int jail_enter(int rootfd, const char *writable, struct err *err);

/** Limits, each soft one below the hard one, so that the program gets a signal that says which:
 *  5 s of CPU, 256 MiB of memory besides mapped files, files of 64 MiB, 256 fds, no core dump. */
int jail_limit(struct err *err);

/** Becomes uid and gid for good, with no supplementary groups. */
int jail_become(uid_t uid, gid_t gid, struct err *err);

/** Makes the directory rootfd the root and executes the program at path in it, with no environment;
 *  returns on failure only. For programs of the machine: nothing else is taken from the child. */
int jail_exec_below(int rootfd, const char *path, char *const argv[], struct err *err);

/** Executes the program that fd stands for with no environment; returns on failure only. */
int jail_exec(int fd, char *const argv[], struct err *err);

#endif
