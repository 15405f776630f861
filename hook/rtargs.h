/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of an OCI runtime as runc reads it: global options, the command word, its own
 * options. Only as much as is needed to see whether a container is created, and from what. Pure.
 */
#ifndef HOOK_RTARGS_H
#define HOOK_RTARGS_H

#include <stdbool.h>

/* Strings point into argv; NULL = not given. */
struct rtargs {
	const char *command;    /* "create", "state", ... */
	const char *bundle;     /* of create and run */
	const char *id;         /* of create and run */
	const char *config;     /* crun's --config: another file than BUNDLE/config.json */
	const char *log;        /* --log */
	const char *log_format; /* --log-format */
	bool debug;
	bool version; /* --version or -v before any command */
	bool help;    /* of create and run */
};

/** argv without its first element. Options that are not known are taken to have no value, and what
 *  is malformed is left to the low-level runtime to complain about.
 *  Source: runc 1.1 to 1.3 (main.go, create.go, run.go; Go's package flag takes "-x" for "--x"),
 *  crun 1.8 (crun.c, create.c, run.c). */
void rtargs_scan(int argc, const char *const *argv, struct rtargs *ret);

/** True if the command makes a container from a bundle. */
bool rtargs_creates(const struct rtargs *args);

#endif
