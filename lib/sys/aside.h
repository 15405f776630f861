/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second thread for work that gives up rights which the first one needs again: capabilities,
 * filters, Landlock and fsuid are a thread's own. Memory and fds are shared; current directory and
 * umask are not, so that the first thread may still join a mount namespace.
 */
#ifndef SYS_ASIDE_H
#define SYS_ASIDE_H

#include "base/err.h"

/** Runs fn in a thread of its own and waits for its end; gives what fn gave. */
int aside_run(int (*fn)(void *arg, struct err *err), void *arg, struct err *err);

#endif
