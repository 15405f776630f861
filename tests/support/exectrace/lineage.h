/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who descends from whom, as forks tell it and not as parent ids do: a daemon, and what it starts
 * for a container, stays the descendant of the test that started it.
 *
 * An exec is an offender when one of our programs had it done: any program that nvc-hook or nvc-cli
 * or a process they forked executes; for nvc-runtime any but the one it becomes, the low-level
 * runtime. Nothing below tests/support/exempt counts.
 */
#ifndef EXECTRACE_LINEAGE_H
#define EXECTRACE_LINEAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "tracefs.h"

#define LINEAGE_MAX_PID (4 * 1024 * 1024)

/* A program that a process became. */
struct image;

struct process {
	const struct image *image;
	char name[64];
	bool ours;   /* descends from the traced command */
	bool forked; /* from one that runs the same image */
	bool hook;   /* is or descends from a program that may execute nothing */
	bool exempt;
};

struct lineage {
	struct process *processes; /* by pid */
	const char *root_name;     /* the traced command takes this name before it starts */
	FILE *out;                 /* a line for each exec; NULL = none */
	FILE *offenders;
	bool has_root;
	unsigned long execs, hooks, runtimes, offences;
};

int lineage_init(struct lineage *lineage, struct err *err);
void lineage_take(struct lineage *lineage, const struct trace_event *event);

#endif
