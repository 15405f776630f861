/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exectrace [--out FILE] [--check FILE] COMMAND [ARGUMENT...]: what is executed by a command and
 * everything that descends from it, daemons and their containers too? Gives the command's exit
 * status.
 *   --out FILE    one line for each exec: TIME PID FILE (NAME) < NAME OF ITS PARENT < ...
 *   --check FILE  first line "passed: ...", "failed: ..." or, where the kernel does not tell,
 *                 "skipped: ...": did our programs execute anything? Then the offenders.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "lineage.h"
#include "tracefs.h"

#define WAIT_MS 100

struct options {
	const char *out, *check;
	char **command;
};

static volatile sig_atomic_t child_pid;

static void pass_on(int number)
{
	if (child_pid > 0)
		(void)kill(child_pid, number);
}

/* Starts the command as soon as go can be read: the recording has begun by then. */
static pid_t start(const struct options *options, const char *name, int go)
{
	pid_t pid = fork();
	char byte;

	if (pid != 0)
		return pid;
	if (read(go, &byte, 1) < 0 || prctl(PR_SET_NAME, name) < 0)
		_exit(126);
	(void)close(go);
	(void)execvp(options->command[0], options->command);
	fprintf(stderr, "exectrace: start '%s': %s\n", options->command[0], strerror(errno));
	_exit(127);
}

static void take(void *arg, const struct trace_event *event)
{
	lineage_take(arg, event);
}

/* Until the command has ended; its status. */
static int follow(struct tracefs *trace, struct lineage *lineage, struct err *err)
{
	int status = 0, r = 0;

	while (waitpid(child_pid, &status, WNOHANG) == 0) {
		if (trace == NULL || r < 0) {
			(void)usleep(WAIT_MS * 1000);
			continue;
		}
		r = tracefs_read(trace, WAIT_MS, err);
		tracefs_take(trace, false, take, lineage);
	}
	child_pid = 0;
	if (trace != NULL && r >= 0)
		r = tracefs_stop(trace, err);
	while (trace != NULL && r >= 0 && (r = tracefs_read(trace, 0, err)) > 0)
		;
	if (trace != NULL)
		tracefs_take(trace, true, take, lineage);
	return status;
}

static void verdict(const struct options *options, const struct tracefs *trace,
		    const struct lineage *lineage, const struct err *err, char *offenders)
{
	FILE *file = options->check == NULL ? stderr : fopen(options->check, "we");
	unsigned long lost = trace == NULL ? 0 : tracefs_lost(trace);

	if (file == NULL) {
		fprintf(stderr, "exectrace: open '%s': %s\n", options->check, strerror(errno));
		return;
	}
	if (trace == NULL)
		fprintf(file, "skipped: %s\n", err->msg);
	else if (err->code != 0)
		fprintf(file, "failed: %s\n", err->msg);
	else if (lost != 0)
		fprintf(file, "failed: %lu events were lost\n", lost);
	else if (!lineage->has_root)
		fprintf(file, "failed: the command was not seen to start\n");
	else
		fprintf(file,
			"%s: %lu programs executed, %lu of them hook or command line, %lu runtime; "
			"executed by these: %lu\n",
			lineage->offences > 0 ? "failed" : "passed", lineage->execs, lineage->hooks,
			lineage->runtimes, lineage->offences);
	fputs(offenders, file);
	if (file != stderr)
		(void)fclose(file);
}

static int trace_command(const struct options *options)
{
	struct tracefs trace = {.instance = -1, .pipe = -1};
	char name[16], *offenders = NULL;
	size_t len;
	struct lineage lineage = {.root_name = name,
				  .out = options->out ? fopen(options->out, "we") : NULL,
				  .offenders = open_memstream(&offenders, &len)};
	struct err err = {0};
	int go[2], status, r;

	snprintf(name, sizeof(name), "xt-%d", (int)getpid());
	if (lineage.offenders == NULL || pipe2(go, O_CLOEXEC) < 0)
		return 125;
	child_pid = start(options, name, go[0]);
	if (child_pid < 0)
		return 125;
	/* the command stays outside of the mount namespace that has tracefs in it */
	r = unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
		    ? err_sys(&err, errno, "make a mount namespace")
		    : lineage_init(&lineage, &err);
	if (r == 0)
		r = tracefs_open(&trace, &err);
	(void)close(go[0]);
	(void)!write(go[1], "", 1);
	status = follow(r == 0 ? &trace : NULL, &lineage, &err);
	(void)fclose(lineage.offenders);
	if (lineage.out != NULL)
		(void)fclose(lineage.out);
	verdict(options, r == 0 ? &trace : NULL, &lineage, &err, offenders);
	tracefs_close(&trace);
	free(offenders);
	free(lineage.processes);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	const struct sigaction action = {.sa_handler = pass_on};
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--out") == 0)
			options.out = argv[i + 1];
		else if (strcmp(argv[i], "--check") == 0)
			options.check = argv[i + 1];
		else
			break;
	}
	if (i >= argc || argv[i][0] == '-') {
		fputs("usage: exectrace [--out FILE] [--check FILE] COMMAND [ARGUMENT...]\n",
		      stderr);
		return 2;
	}
	options.command = argv + i;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	return trace_command(&options);
}
