/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where trials take place: what was there before, the command, and what came of running it.
 */
#ifndef TRIALS_BENCH_H
#define TRIALS_BENCH_H

#include <stdbool.h>

#include "command.h"
#include "listing.h"
#include "watch.h"

#define BENCH_MAX_ARGS 24

struct bench {
	/* given */
	struct command command;
	const char *work;    /* folder for files of its own */
	const char *name;    /* of the program under trial: of the one line that it may say */
	const char *log;     /* its log; NULL = none */
	const char *probe;   /* file that a whole success writes; NULL = none */
	const char *restore; /* for sh, after a success; NULL = nothing */
	const char *reset;   /* for sh, after something was left behind */
	const char *begin, *stage, *rootfs; /* options of supervise */
	bool is_cell;
	bool refused; /* a good run is one that is refused: its undoing is on trial */
	bool forgets; /* the program keeps no record of what it makes */
	bool is_end;  /* it is the end of a container that is on trial */
	const char *cgroup;
	unsigned slice, slices;
	struct watch watch;
	/* found out */
	char *files, *mounts, *rules, *whole;
	struct listing listing;
	unsigned long tried, bad;
	unsigned long missed; /* trials whose call did not come */
};

/** What there is now, a good run, and its calls. False, with a line, where that is not good. */
bool bench_prepare(struct bench *bench);
void bench_done(struct bench *bench);

/** One run; options as for supervise, besides those of the bench. */
void bench_run(const struct bench *bench, const char *const *options, struct outcome *ret);
/** One without supervise: the whole of it, or the end only. */
void bench_run_plain(const struct bench *bench, bool only_end, struct outcome *ret);

/** NULL, or why what was said and the status are wrong. */
const char *bench_judge_words(const struct bench *bench, const struct outcome *outcome);
/** NULL, or what is not as before: mounts, rules, files. Stays until the next call. */
const char *bench_judge_host(struct bench *bench, bool succeeded);
const char *bench_judge_files(struct bench *bench, bool succeeded);
/** True if the log has that text. */
bool bench_logged(const struct bench *bench, const char *word);
/** True if the log, or what was said, has a warning; an end that is refused is one. */
bool bench_warned(const struct bench *bench, const struct outcome *outcome);
/** NULL, or why the next start does not make all good. */
const char *bench_heal(struct bench *bench, bool only_end);
/** Everything as before, for the next trial. */
void bench_reset(struct bench *bench);
/** A line for one that went wrong. */
void bench_complain(struct bench *bench, const char *trial, unsigned long n, const char *why,
		    const struct outcome *outcome);

#endif
