/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command of a trial: words among which "@" stands for supervise and its options.
 */
#ifndef TRIALS_COMMAND_H
#define TRIALS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_MAX_WORDS 96

struct command {
	char **words; /* of the command line, with "@" */
	int n;
	const char *supervise; /* the program */
	const char *report;    /* file for its report */
};

struct outcome {
	int status;
	unsigned long calls;  /* that supervise counted */
	unsigned long deeds;  /* that it did */
	unsigned long faults; /* calls that it refused, processes that it killed */
	bool left;            /* processes outlived the command */
	char said[8192];      /* on stdout and stderr */
};

/** Runs it, options (NULL-terminated) given to supervise; options NULL: without supervise, the
 *  words from "@" to the next "--" left out. extra, if not NULL: two words after the first one. */
void command_run(const struct command *command, const char *const *options,
		 const char *const *extra, struct outcome *ret);

#endif
