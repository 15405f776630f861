/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: fork into new namespaces, a deadline, and their standard error as text.
 */
#ifndef SYS_CHILD_H
#define SYS_CHILD_H

#include <stddef.h>

#include "base/err.h"

#define CHILD_MAX_OUTPUT 4096 /* bytes of standard error kept */

struct child_result {
	int status;                    /* as waitpid(2) */
	char output[CHILD_MAX_OUTPUT]; /* what it wrote to standard error, NUL-terminated */
};

/** Runs fn(arg) in a child with the new namespaces flags (CLONE_NEW*); the child exits with fn's
 *  value. Its stdin and stdout are /dev/null, stderr is collected. Killed with its whole process
 *  group at the deadline (-ETIMEDOUT), and when the caller dies. 0 = it ended; look at ret->status.
 */
int child_run(int (*fn)(void *arg), void *arg, unsigned long namespaces, unsigned timeout_ms,
	      struct child_result *ret, struct err *err);

/** A sealed memfd with the bytes of fd: an executable nobody can change. -EFBIG above max. */
int child_seal_program(int fd, size_t max, struct err *err);

#endif
