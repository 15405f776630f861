/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the shim's messages go: errors to stderr and, in runc's form, to the file that the engine
 * named with --log (dockerd shows its last error to the user); warnings to that file; all of them
 * to the log file of config.toml.
 */
#ifndef HOOK_RTLOG_H
#define HOOK_RTLOG_H

#include <stdbool.h>

#include <nvc/nvc.h>

struct rtlog {
	const char *path; /* --log; borrowed; NULL = none */
	bool json;        /* --log-format json */
	int fd;           /* of path, opened with the first message; -1 = not open */
	int debug_fd;     /* log file of config.toml; -1 = none */
};

/** Opens the log file of config.toml for appending. One that cannot be opened is done without: no
 *  container may fail for the sake of a log. */
void rtlog_open_debug(struct rtlog *log, const char *path);
void rtlog_done(struct rtlog *log);

/** Sink for nvc_set_log(); arg is the struct rtlog. The library has escaped the text already. */
void rtlog_emit(void *arg, enum nvc_log_level level, const char *module, const char *text);

/** Says why the container is not created, in one line. hint may be NULL. */
void rtlog_fail(struct rtlog *log, const char *text, const char *hint);

#endif
