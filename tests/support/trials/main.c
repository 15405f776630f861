/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trials faults|races|probe|tree [OPTION...] -- COMMAND [WORD...]: runs a command again and again,
 * each time with something going wrong at another of its system calls, and looks whether all that
 * it should leave alone is as before. Among the words "@" stands for `supervise ... --`: in front
 * of the program under trial. A run must end with status 0 and without a word, or 1 and one line of
 * its.
 *
 *   --supervise PROGRAM, --work DIR     the supervisor; a folder for files of the trials
 *   --name WORD         what the line of a refusal begins with (nvc-hook)
 *   --watch DIR         a tree that must be as before; may be repeated
 *   --cgroup PREFIX     runs in a cgroup of its own, whose device rules must be as before
 *   --log FILE          the program's log: what is not right must at least be a warning there
 *   --probe FILE        a success writes this file, always the same
 *   --restore SCRIPT, --reset SCRIPT    after each success; after what went wrong: as at first
 *   --begin CALL, --stage WORD, --rootfs DIR    for supervise
 *   --cell              the command is a cell: after SIGKILL it is also tried whether its poststop
 *                       alone makes all good
 *   --refused           without any fault it is refused: its undoing is on trial
 *   --forgets           the program keeps no record of what it makes: the trees are reset after
 *                       SIGKILL
 *   --end               the trial is of the end: device rules are not looked at, and a refusal may
 *                       leave what the next start takes away
 *   --slice K/N         of all trials each N-th, from K = 0
 *   --whole COUNT       all error codes at the first COUNT calls of each site (which are between
 *                       two certain others), else one of them in turn
 *   --kill-every COUNT  SIGKILL at each COUNT-th call
 *   --spare CALL        that one does not fail
 *
 *   --deed WHAT         for races: see races.h; may be repeated
 *   --step COUNT        at each COUNT-th of the calls that a deed fits
 *   --canary DIR        a folder of the host's that must stay as it is
 *
 * The last line is "faults<TAB>TRIED<TAB>BAD", or "races..."; a line in front of it for each bad
 * one; status 1 then. `probe FILE` writes what the current folder has, and its mounts, as text;
 * `tree DIR` prints it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench.h"
#include "faults.h"
#include "races.h"

struct task {
	struct bench bench;
	struct faults faults;
	struct races races;
	bool is_races;
};

static bool number(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*ret = (unsigned)n;
	return end != text && *end == '\0' && n < 1000000;
}

static bool parse_text(struct bench *bench, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **field;
	} texts[] = {{"--supervise", &bench->command.supervise},
		     {"--work", &bench->work},
		     {"--name", &bench->name},
		     {"--cgroup", &bench->cgroup},
		     {"--log", &bench->log},
		     {"--probe", &bench->probe},
		     {"--restore", &bench->restore},
		     {"--reset", &bench->reset},
		     {"--begin", &bench->begin},
		     {"--stage", &bench->stage},
		     {"--rootfs", &bench->rootfs}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].field = value;
			return true;
		}
	}
	return false;
}

static bool parse_value(struct task *task, const char *name, char *value)
{
	struct bench *bench = &task->bench;

	if (strcmp(name, "--watch") == 0 && bench->watch.n < WATCH_MAX) {
		bench->watch.trees[bench->watch.n++] =
			(struct watched){.path = value, .detail = TREE_IMAGE};
		return true;
	}
	if (strcmp(name, "--slice") == 0) {
		char *rest;

		bench->slice = (unsigned)strtoul(value, &rest, 10);
		bench->slices = *rest == '/' ? (unsigned)strtoul(rest + 1, NULL, 10) : 0;
		return bench->slice < bench->slices;
	}
	if (strcmp(name, "--deed") == 0 && task->races.n < RACES_MAX_DEEDS) {
		task->races.deeds[task->races.n++] = value;
		return true;
	}
	if (strcmp(name, "--canary") == 0) {
		task->races.canary = value;
		return true;
	}
	if (strcmp(name, "--spare") == 0) {
		task->faults.spare = value;
		return true;
	}
	if (strcmp(name, "--step") == 0)
		return number(value, &task->races.step) && task->races.step > 0;
	if (strcmp(name, "--whole") == 0)
		return number(value, &task->faults.whole);
	if (strcmp(name, "--kill-every") == 0)
		return number(value, &task->faults.kill_every);
	return parse_text(bench, name, value);
}

static bool parse(int argc, char **argv, struct task *task)
{
	int i = 2;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--cell") == 0)
			task->bench.is_cell = true;
		else if (strcmp(argv[i], "--refused") == 0)
			task->bench.refused = true;
		else if (strcmp(argv[i], "--forgets") == 0)
			task->bench.forgets = true;
		else if (strcmp(argv[i], "--end") == 0)
			task->bench.is_end = true;
		else if (i + 1 == argc || !parse_value(task, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	task->bench.command.words = argv + i + 1;
	task->bench.command.n = argc - i - 1;
	return task->bench.command.n > 0 && task->bench.work != NULL &&
	       task->bench.command.supervise != NULL;
}

static int sweep(struct task *task)
{
	static char report[4096];
	struct bench *bench = &task->bench;
	bool prepared;

	(void)snprintf(report, sizeof(report), "%s/report", bench->work);
	bench->command.report = report;
	/* whoever is left behind by a run becomes a child */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prepared = bench_prepare(bench);
	if (prepared) {
		if (task->is_races)
			races_run(bench, &task->races);
		else
			prepared = faults_run(bench, &task->faults);
		(void)printf("%zu calls, %lu trials whose call did not come\n%s\t%lu\t%lu\n",
			     bench->listing.n, bench->missed, task->is_races ? "races" : "faults",
			     bench->tried, bench->bad);
	}
	bench_done(bench);
	return !prepared ? 2 : bench->bad > 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Root, place and options of each mount that has to do with the bundle's neighbourhood, without the
 * numbers. */
static void print_mounts(FILE *out)
{
	char *text = watch_mounts();
	char here[4096];
	char *lines[8192];
	size_t n = 0;
	char *rest = text;

	if (text == NULL || getcwd(here, sizeof(here)) == NULL)
		return;
	for (int up = 0; up < 2 && strrchr(here, '/') > here; up++)
		*strrchr(here, '/') = '\0';
	while (rest != NULL && *rest != '\0' && n < sizeof(lines) / sizeof(lines[0])) {
		char *line = strsep(&rest, "\n");

		for (int i = 0; i < 3 && line != NULL; i++)
			(void)strsep(&line, " ");
		if (line != NULL && strstr(line, here) != NULL)
			lines[n++] = line;
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s\n", lines[i]);
	free(text);
}

static int probe(const char *path)
{
	FILE *out = fopen(path, "we");

	if (out == NULL) {
		perror(path);
		return 1;
	}
	print_mounts(out);
	tree_print(out, ".", TREE_IMAGE);
	return fclose(out) == 0 ? 0 : 1;
}

static int print_tree(const char *path)
{
	tree_print(stdout, path, TREE_HOST);
	return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	static struct task task = {.bench = {.name = "nvc-hook", .slices = 1},
				   .races = {.step = 1}};

	if (argc == 3 && strcmp(argv[1], "probe") == 0)
		return probe(argv[2]);
	if (argc == 3 && strcmp(argv[1], "tree") == 0)
		return print_tree(argv[2]);
	task.is_races = argc > 1 && strcmp(argv[1], "races") == 0;
	if (argc < 3 || (!task.is_races && strcmp(argv[1], "faults") != 0) ||
	    !parse(argc, argv, &task) || (task.is_races && task.races.canary == NULL)) {
		(void)fputs("usage: trials faults|races|probe|tree [OPTION...] -- COMMAND...\n",
			    stderr);
		return 2;
	}
	return sweep(&task);
}
