/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What C libraries differ in: here alone it is asked which one this is, and no other file uses what
 * only one of them has (tests/lint/run libc). Owns nothing.
 */
#ifndef SYS_LIBC_H
#define SYS_LIBC_H

#include <sys/resource.h>

/** The memory of threads started from now on comes from the first one's heap: for one that waits
 *  for each of them. Does nothing where all threads share one anyway, as with musl. */
void libc_share_heap(void);
/** getrlimit(2) and setrlimit(2); which is RLIMIT_*, whose type is glibc's own: -1 and errno. */
int libc_getrlimit(int which, struct rlimit *ret);
int libc_setrlimit(int which, const struct rlimit *limit);

#endif
