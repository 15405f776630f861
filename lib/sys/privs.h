/* SPDX-License-Identifier: Apache-2.0 */
/* What the process may do: capabilities (libcap), filesystem ids, limits, start-up hygiene. */
#ifndef SYS_PRIVS_H
#define SYS_PRIVS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/** True for a set-user-ID program, or one with capabilities of its file: arguments, environment and
 *  standard input are then somebody's who has fewer rights. */
bool privs_are_lent(void);

/** At the start of a privileged program: closes every fd above 2 (close_range(2), else by /proc),
 *  opens /dev/null for missing ones of 0 to 2, chdir("/"), umask 022, default signal handling and
 *  empty mask, no core dumps and no ptrace by the same user, an empty environment, clears
 *  inheritable and ambient capabilities. -EPERM, and nothing is done, for a set-user-ID program or
 * one with capabilities of its file: its caller is not to be trusted. */
int privs_clean_start(struct err *err);

/** The part of it for a program that another of ours has started: fds from first on are closed, and
 *  capabilities stay. */
int privs_clean_child(int first, struct err *err);

/** Sets SECBIT_NO_SETUID_FIXUP: a change of user no longer takes capabilities away. */
int privs_keep_caps(struct err *err);

/** Sets SECBIT_NO_SETUID_FIXUP, so that fsuid changes keep the file capabilities, then fsuid and
 *  fsgid. privs_fs_restore() goes back to 0. */
int privs_fs_become(uid_t uid, gid_t gid, struct err *err);
int privs_fs_restore(struct err *err);

/** Drops every capability for good (bounding set too), sets no_new_privs; no ptrace, and
 *  no /proc/PID/exe, by others without any. For children. */
int privs_drop_all(struct err *err);

/** What execve(2) or a change of user could give is given up, by the calling thread: no_new_privs,
 * an empty bounding set where CAP_SETPCAP is there to do it (in no exec without new privileges does
 *  it matter), SECBIT_NO_SETUID_FIXUP. */
int privs_seal(struct err *err);

/** Leaves the calling thread those of its capabilities that are in mask (bit n = capability n),
 *  permitted and effective, none inheritable. For good. */
int privs_limit(uint64_t mask, struct err *err);

/** Makes those of the thread's capabilities that are in mask inheritable too: all that a program
 *  executed after privs_seal() has, until privs_limit() or, where they shall last,
 *  privs_limit_own(), which leaves inheritable ones as they are. */
int privs_bequeath(uint64_t mask, struct err *err);
int privs_limit_own(uint64_t mask, struct err *err);

/** Takes all but the capabilities in mask out of the effective set, and puts what was there before
 *  into *ret; privs_raise() makes it effective again. For the calling thread. */
int privs_lower(uint64_t mask, uint64_t *ret, struct err *err);
int privs_raise(uint64_t effective, struct err *err);

/** True if the effective set holds CAP_SYS_ADMIN. */
bool privs_can_mount(void);

#endif
