/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of log lines, RFC 3339 in UTC. gmtime(3) would do, but costs a static program 100 KB: it
 * brings the reader of time zones along. Pure.
 */
#ifndef HOOK_TIMESTAMP_H
#define HOOK_TIMESTAMP_H

#include <stdint.h>

#define TIMESTAMP_SIZE 32 /* bytes, with the final NUL */

/** Writes seconds since 1970 as "2006-01-02T15:04:05Z"; negative ones count as 0. */
void timestamp_format(int64_t seconds, char ret[TIMESTAMP_SIZE]);

#endif
