/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process and its namespaces. The process is held by its /proc directory fd: that stands for one
 * process as a pidfd does, on every kernel, and gives ESRCH when it is gone, whoever has its pid.
 */
#ifndef SYS_NS_H
#define SYS_NS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct ns_process {
	pid_t pid;
	int proc_fd;         /* O_PATH of /proc/PID; owned */
	int stat_fd;         /* /proc/PID/stat, to be read again; owned */
	uint64_t start_time; /* field 22 of stat, clock ticks since boot */
	uint64_t mnt_ino;    /* inode of its mount namespace */
	uint64_t user_ino;
};

/** -ESRCH: no such process. -EINVAL: pid is not positive. -EPERM: /proc is not procfs. */
int ns_process_open(pid_t pid, struct ns_process *ret, struct err *err);
void ns_process_done(struct ns_process *process);
/** -ESRCH when the process has ended or its pid belongs to another one now. */
int ns_process_check(const struct ns_process *process, struct err *err);
/** True if its user namespace is the caller's. */
bool ns_same_user(const struct ns_process *process);
bool ns_same_mount(const struct ns_process *process);
/** True if its mount namespace belongs to the caller's user namespace: without capabilities there
 * nothing can be mounted in it. Not so where it belongs to a child of that one, whose owner has
 * them all. False too where the kernel does not tell: programs of 32 bits on one of 64, before
 * Linux 6.14. Source: user_namespaces(7), ioctl_ns(2). */
bool ns_owns_mount(const struct ns_process *process);
/** True if its mount namespace is that of process 1, as far as that may be looked at. */
bool ns_is_machines_mount(const struct ns_process *process);

/** Opens the root directory of process (O_PATH), as it is seen there, mounts and all. -ESRCH;
 * -EACCES without the right to look at the process. */
int ns_open_root(const struct ns_process *process, struct err *err);

/** Opens the caller's own mount namespace, to return to it. */
int ns_open_own_mount(struct err *err);
/** Joins the mount namespace of process; root and cwd become that namespace's "/". */
int ns_enter_mount(const struct ns_process *process, struct err *err);
/** Goes back; also restores cwd to "/". */
int ns_return_mount(int own, struct err *err);

/** Ids outside (as the caller sees them) of uid 0 and gid 0 inside the user namespace of process.
 *  -ENOENT: no root is mapped. */
int ns_root_ids(const struct ns_process *process, uid_t *ret_uid, gid_t *ret_gid, struct err *err);

/** Reads a file of /proc/PID ("cgroup", "mountinfo", "uid_map"), at most max bytes. Caller frees.
 */
int ns_read(const struct ns_process *process, const char *name, size_t max, char **ret,
	    size_t *ret_len, struct err *err);

#endif
