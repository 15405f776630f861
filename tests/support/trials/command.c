/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct words {
	const char *items[COMMAND_MAX_WORDS + 1];
	int n;
};

static void add(struct words *words, const char *word)
{
	if (words->n < COMMAND_MAX_WORDS)
		words->items[words->n++] = word;
	words->items[words->n] = NULL;
}

static void build(const struct command *command, const char *const *options,
		  const char *const *extra, struct words *ret)
{
	bool skipping = false;

	for (int i = 0; i < command->n; i++) {
		const char *word = command->words[i];

		if (skipping) {
			skipping = strcmp(word, "--") != 0;
			continue;
		}
		if (strcmp(word, "@") != 0) {
			add(ret, word);
		} else if (options == NULL) {
			skipping = true;
		} else {
			add(ret, command->supervise);
			add(ret, "--report");
			add(ret, command->report);
			for (; *options != NULL; options++)
				add(ret, *options);
		}
		for (int k = 0; i == 0 && extra != NULL && k < 2; k++)
			add(ret, extra[k]);
	}
}

static void read_report(const char *path, struct outcome *outcome)
{
	FILE *file = fopen(path, "re");
	char line[128];
	char *at;

	outcome->calls = 0;
	outcome->deeds = 0;
	outcome->faults = 0;
	if (file == NULL)
		return;
	/* CALLS STATUS DEEDS FAULTS */
	if (fgets(line, sizeof(line), file) != NULL) {
		outcome->calls = strtoul(line, &at, 10);
		(void)strtol(at, &at, 10);
		outcome->deeds = strtoul(at, &at, 10);
		outcome->faults = strtoul(at, NULL, 10);
	}
	(void)fclose(file);
}

static int wait_for(pid_t pid, bool *left)
{
	int status = 0;
	int other;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*left = false;
	while (waitpid(-1, &other, WNOHANG) >= 0)
		*left = true;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void be_command(const struct words *words, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (words->n > 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(out, STDERR_FILENO) >= 0)
		(void)execvp(words->items[0], (char *const *)(unsigned long)words->items);
	_exit(127);
}

void command_run(const struct command *command, const char *const *options,
		 const char *const *extra, struct outcome *ret)
{
	struct words words = {.n = 0};
	int out = memfd_create("said", MFD_CLOEXEC);
	ssize_t n;
	pid_t pid;

	build(command, options, extra, &words);
	(void)unlink(command->report);
	(void)fcntl(out, F_SETFL, O_APPEND);
	pid = fork();
	if (pid == 0)
		be_command(&words, out);
	ret->status = wait_for(pid, &ret->left);
	n = pread(out, ret->said, sizeof(ret->said) - 1, 0);
	ret->said[n < 0 ? 0 : n] = '\0';
	(void)close(out);
	ret->calls = 0;
	if (options != NULL)
		read_report(command->report, ret);
}
