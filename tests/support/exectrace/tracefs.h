/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's events "fork", "exec" and "new name" of every process, in order, from an instance of
 * tracefs of our own. Not the proc connector: that one says who ran something, not what, and a
 * process that has ended cannot be asked.
 */
#ifndef EXECTRACE_TRACEFS_H
#define EXECTRACE_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

#define TRACE_BUFFER_KB 8192   /* for each CPU */
#define TRACE_WINDOW    131072 /* events that may wait to be put in order */

enum trace_kind {
	TRACE_FORK,
	TRACE_EXEC,
	TRACE_NAME,
};

struct trace_event {
	uint64_t us, seq;
	enum trace_kind kind;
	int pid;
	int child;  /* FORK */
	char *text; /* EXEC: file name as it was passed; NAME: the new one; owned */
};

typedef void (*trace_take_fn)(void *arg, const struct trace_event *event);

struct tracefs {
	int instance; /* directory */
	int pipe;
	char name[64];
	char *line;
	size_t line_len;
	uint64_t seq;
	unsigned long lost;
	VEC(struct trace_event) events;
};

/** In a mount namespace of the caller's own. -EOPNOTSUPP and the like: not on this kernel. */
int tracefs_open(struct tracefs *trace, struct err *err);
/** Reads what there is; waits at most wait_ms for it. 0 = nothing came. */
int tracefs_read(struct tracefs *trace, int wait_ms, struct err *err);
/** Ends the recording; tracefs_read() still gives the rest. */
int tracefs_stop(struct tracefs *trace, struct err *err);
/** Hands the events over that nothing older can come in front of; all of them at the end. */
void tracefs_take(struct tracefs *trace, bool end, trace_take_fn take, void *arg);
/** Events that the kernel threw away. */
unsigned long tracefs_lost(const struct tracefs *trace);
void tracefs_close(struct tracefs *trace);

#endif
