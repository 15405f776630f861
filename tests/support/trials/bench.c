/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE "20" /* seconds: of a run that takes some milliseconds */

static char because[8192];

static char *read_file(const char *path)
{
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	char part[16384];
	char *text = NULL;
	size_t len;
	size_t n;
	FILE *out = open_memstream(&text, &len);

	while (file != NULL && (n = fread(part, 1, sizeof(part), file)) > 0)
		(void)fwrite(part, 1, n, out);
	if (file != NULL)
		(void)fclose(file);
	return out != NULL && fclose(out) == 0 ? text : NULL;
}

static void run_script(const char *script)
{
	pid_t pid = script == NULL ? 0 : fork();
	int status = 0;

	if (script == NULL)
		return;
	if (pid == 0) {
		(void)execlp("sh", "sh", "-euc", script, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	if (status != 0) {
		(void)fprintf(stderr, "trials: '%s' does not work\n", script);
		exit(2);
	}
}

static void begin_run(const struct bench *bench)
{
	if (bench->probe != NULL)
		(void)unlink(bench->probe);
	if (bench->log != NULL)
		(void)!truncate(bench->log, 0);
}

void bench_run(const struct bench *bench, const char *const *options, struct outcome *ret)
{
	const char *words[BENCH_MAX_ARGS + 1] = {"--deadline", DEADLINE};
	const struct {
		const char *option, *value;
	} more[] = {
		{"--begin", bench->begin}, {"--stage", bench->stage}, {"--rootfs", bench->rootfs}};
	size_t n = 2;

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i].value == NULL)
			continue;
		words[n++] = more[i].option;
		words[n++] = more[i].value;
	}
	for (; *options != NULL && n + 1 < BENCH_MAX_ARGS; options++)
		words[n++] = *options;
	words[n] = NULL;
	begin_run(bench);
	command_run(&bench->command, words, NULL, ret);
}

void bench_run_plain(const struct bench *bench, bool only_end, struct outcome *ret)
{
	static const char *const end[] = {"--stages", "poststop"};

	begin_run(bench);
	command_run(&bench->command, NULL, only_end ? end : NULL, ret);
}

/* Lines of the program's that are warnings, and all others. */
static void count_lines(const struct bench *bench, const struct outcome *outcome,
			unsigned *ret_warnings, unsigned *ret_lines, unsigned *ret_foreign)
{
	size_t len = strlen(bench->name);

	*ret_warnings = *ret_lines = *ret_foreign = 0;
	for (const char *at = outcome->said; *at != '\0';) {
		if (strncmp(at, bench->name, len) != 0 || strncmp(at + len, ": ", 2) != 0)
			(*ret_foreign)++;
		else if (strncmp(at + len, ": warning: ", 11) == 0)
			(*ret_warnings)++;
		else
			(*ret_lines)++;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
}

const char *bench_judge_words(const struct bench *bench, const struct outcome *outcome)
{
	unsigned warnings;
	unsigned lines;
	unsigned foreign;

	count_lines(bench, outcome, &warnings, &lines, &foreign);
	if (outcome->status == 124)
		return "not done within the deadline";
	if (outcome->left)
		return "a process is left";
	if (outcome->status != 0 && outcome->status != 1)
		return "neither success nor refusal";
	if (outcome->status == 0)
		return lines + foreign == 0 ? NULL : "a success that says something";
	return lines == 1 && foreign == 0 ? NULL : "a refusal that is not one line";
}

static const char *compare(const char *what, const char *before, const char *after)
{
	int n;

	if (before == NULL || after == NULL || strcmp(before, after) == 0)
		return before == NULL || after == NULL ? "out of memory" : NULL;
	n = snprintf(because, sizeof(because), "%s: ", what);
	watch_difference(before, after, because + n, sizeof(because) - (size_t)n);
	return because;
}

const char *bench_judge_host(struct bench *bench, bool succeeded)
{
	char *now = watch_mounts();
	const char *why = compare("mounts of the host", bench->mounts, now);

	free(now);
	if (why != NULL || bench->cgroup == NULL)
		return why;
	now = watch_rules(&bench->watch);
	why = compare("device rules", bench->rules, now);
	free(now);
	if (why != NULL && (succeeded || bench->is_end)) {
		(void)watch_enter_cgroup(&bench->watch, bench->cgroup);
		why = NULL;
	}
	return why;
}

const char *bench_judge_files(struct bench *bench, bool succeeded)
{
	const char *why;
	char *now;

	if (succeeded && bench->probe != NULL) {
		now = read_file(bench->probe);
		why = compare("the container", bench->whole, now);
		free(now);
		if (why != NULL)
			return why;
	}
	if (succeeded)
		run_script(bench->restore);
	now = watch_files(&bench->watch);
	why = compare("files", bench->files, now);
	free(now);
	return why;
}

bool bench_logged(const struct bench *bench, const char *word)
{
	char *text = read_file(bench->log);
	bool found = text != NULL && strstr(text, word) != NULL;

	free(text);
	return found;
}

bool bench_warned(const struct bench *bench, const struct outcome *outcome)
{
	bool warned = bench_logged(bench, " warning ") || bench_logged(bench, "level=warning");
	unsigned warnings;
	unsigned lines;
	unsigned foreign;

	count_lines(bench, outcome, &warnings, &lines, &foreign);
	return warned || warnings > 0 || (bench->is_end && outcome->status != 0);
}

const char *bench_heal(struct bench *bench, bool only_end)
{
	static struct outcome outcome;
	const char *why;

	bench_run_plain(bench, only_end, &outcome);
	why = bench_judge_words(bench, &outcome);
	if (why == NULL && outcome.status != 0 && (only_end || !bench->refused))
		why = outcome.said;
	if (why == NULL)
		why = bench_judge_host(bench, true);
	if (why == NULL)
		why = bench_judge_files(bench, !only_end && !bench->refused);
	return why;
}

void bench_reset(struct bench *bench)
{
	char *now;
	const char *why;

	run_script(bench->reset);
	if (bench->cgroup != NULL)
		(void)watch_enter_cgroup(&bench->watch, bench->cgroup);
	now = watch_files(&bench->watch);
	why = compare("files", bench->files, now);
	free(now);
	if (why != NULL) {
		(void)fprintf(stderr, "trials: not as before after a reset: %s\n", why);
		exit(2);
	}
}

void bench_complain(struct bench *bench, const char *trial, unsigned long n, const char *why,
		    const struct outcome *outcome)
{
	const struct listing_call *call =
		n >= 1 && n <= bench->listing.n ? &bench->listing.calls[n - 1] : NULL;

	bench->bad++;
	(void)printf("%s at %lu, %s %s: %s (status %d, said '%s')\n", trial, n,
		     call == NULL ? "?" : call->word, call == NULL ? "" : call->names, why,
		     outcome->status, outcome->said);
	(void)fflush(stdout);
}

bool bench_prepare(struct bench *bench)
{
	static char path[4096];
	static struct outcome outcome;
	const char *const list[] = {"--list", path, NULL};
	const char *why;

	(void)snprintf(path, sizeof(path), "%s/calls", bench->work);
	if (bench->cgroup != NULL && !watch_enter_cgroup(&bench->watch, bench->cgroup)) {
		(void)fputs("trials: no cgroup of its own\n", stderr);
		return false;
	}
	bench->files = watch_files(&bench->watch);
	bench->mounts = watch_mounts();
	bench->rules = watch_rules(&bench->watch);
	bench_run_plain(bench, false, &outcome);
	bench->whole = read_file(bench->probe);
	why = outcome.status == (bench->refused ? 1 : 0) ? NULL : "no success";
	if (why == NULL)
		why = bench_judge_host(bench, true);
	if (why == NULL)
		why = bench_judge_files(bench, !bench->refused);
	if (why == NULL) {
		bench_run(bench, list, &outcome);
		why = bench_judge_words(bench, &outcome);
	}
	if (why == NULL)
		why = bench_judge_host(bench, true);
	if (why == NULL)
		why = bench_judge_files(bench, !bench->refused);
	if (why == NULL && !listing_read(path, &bench->listing))
		why = "no calls";
	if (why != NULL)
		(void)fprintf(stderr, "trials: without any fault: %s (status %d, said '%s')\n", why,
			      outcome.status, outcome.said);
	return why == NULL;
}

void bench_done(struct bench *bench)
{
	watch_leave_cgroup(&bench->watch);
	listing_done(&bench->listing);
	free(bench->files);
	free(bench->mounts);
	free(bench->rules);
	free(bench->whole);
}
