/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the hook's messages go: all of them to a log file, errors to standard error too, as one
 * line. Engines differ in what they show of a hook's output (crun: nothing), so the reason is
 * always in the file as well. The file is opened before any namespace is joined; that it cannot be
 * written stops no container.
 */
#ifndef HOOK_HOOKLOG_H
#define HOOK_HOOKLOG_H

#include <stddef.h>
#include <time.h>

#include <nvc/nvc.h>

#include "base/str.h"

#define HOOKLOG_LINE_BYTES 4096
#define HOOKLOG_MAX_BYTES  (1024 * 1024) /* then the file becomes FILE.1 */
#define HOOKLOG_MAX_EARLY  (64u * 1024)  /* kept until the file is known */

struct hooklog {
	int fd;              /* -1 = not open */
	bool decided;        /* no file is going to be opened any more */
	struct strbuf early; /* lines of before */
	char id[16];         /* start of the container's id; "" = not known */
};

/** Opens the file for appending, and writes what was kept. path may be NULL: no file. */
void hooklog_open(struct hooklog *log, const char *path);
void hooklog_done(struct hooklog *log);
void hooklog_set_id(struct hooklog *log, const char *id);

/** Sink for nvc_set_log(); arg is the struct hooklog. */
void hooklog_emit(void *arg, enum nvc_log_level level, const char *module, const char *text);

/** The line that hooklog_emit() writes at that time; gives its length. */
size_t hooklog_format(const struct hooklog *log, const struct timespec *when,
		      enum nvc_log_level level, const char *module, const char *text,
		      char ret[HOOKLOG_LINE_BYTES]);

/** "nvc-hook: TEXT (HINT)" to standard error and the file. hint may be NULL. */
void hooklog_fail(struct hooklog *log, const char *text, const char *hint);

#endif
