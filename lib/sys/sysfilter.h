/* SPDX-License-Identifier: Apache-2.0 */
/* System call filters. Names unknown to libseccomp are skipped. */
#ifndef SYS_SYSFILTER_H
#define SYS_SYSFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/** False: built with NVC_SECCOMP=OFF. All the others give -ENOSYS then, and the lists are empty. */
bool sysfilter_built(void);

/** Allows the calls named (NULL-terminated) and answers ENOSYS to all others, in every thread. Sets
 *  no_new_privs. -ENOSYS: the kernel has no seccomp filters. */
int sysfilter_allow(const char *const *names, struct err *err);

/** As sysfilter_allow(), and the calls named in done (NULL = none) succeed without being made. */
int sysfilter_allow_but(const char *const *names, const char *const *done, struct err *err);

/** Answers code (a positive errno) to the calls named and allows all others. Does not set
 *  no_new_privs when the caller has CAP_SYS_ADMIN. For tests on old kernels' behaviour. */
int sysfilter_deny(const char *const *names, int code, struct err *err);

/** A call that is refused: always if mask is 0, else unless (argument & mask) == want. */
struct sysfilter_rule {
	const char *name;
	unsigned argument; /* from 0 */
	uint32_t mask;
	uint32_t want;
};

/** As sysfilter_allow(), and the calls of rules (a NULL name ends them) too where (argument & mask)
 * == want; a call can have several. */
int sysfilter_allow_when(const char *const *names, const struct sysfilter_rule *rules,
			 struct err *err);

/** Answers EPERM to the calls of several lists (each ends with a NULL name, the lists with NULL),
 * in the calling thread and those it makes; ENOSYS to clone3, whose flags no filter can see, and to
 * all that are younger than Linux 6.6 and nothing here uses; the rest is allowed. Kills a process
 * that makes calls by the numbers of another architecture. no_new_privs must be set. -ENOSYS: the
 * kernel has no seccomp filters. */
int sysfilter_refuse(const struct sysfilter_rule *const *lists, struct err *err);

/** The calls that a glibc or musl ldconfig needs; NULL-terminated. */
extern const char *const sysfilter_ldconfig[];

/** Those with which it waits for the disk; NULL-terminated. */
extern const char *const sysfilter_sync[];

#endif
