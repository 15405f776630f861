/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program of ours in a scratch folder that goes away again. Include behind cmocka.h. */
#ifndef TESTS_UNIT_RUNPROG_H
#define TESTS_UNIT_RUNPROG_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

struct scratch {
	char dir[64];
};

static inline void scratch_open(struct scratch *scratch)
{
	(void)snprintf(scratch->dir, sizeof(scratch->dir), "/tmp/nvc-test-XXXXXX");
	assert_non_null(mkdtemp(scratch->dir));
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void scratch_done(struct scratch *scratch)
{
	if (scratch->dir[0] != '\0')
		(void)nftw(scratch->dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	scratch->dir[0] = '\0';
}

/** Makes the folders above path. */
static inline void scratch_make_parents(const char *path)
{
	auto_free char *copy = strdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(copy, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

/** Writes DIR/name, folders included; gives its path. */
static inline char *scratch_write(const struct scratch *scratch, const char *name, const char *text,
				  mode_t mode)
{
	char *path = str_format("%s/%s", scratch->dir, name);
	auto_file file = NULL;

	scratch_make_parents(path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fchmod(fileno(file), mode), 0);
	return path;
}

/** The text of DIR/name; the caller frees it. NULL = not there. */
static inline char *scratch_read(const struct scratch *scratch, const char *name)
{
	auto_free char *path = str_format("%s/%s", scratch->dir, name);
	auto_file file = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	if (file == NULL) {
		free(text);
		return NULL;
	}
	(void)!fread(text, 1, (1 << 20) - 1, file);
	return text;
}

/** Runs program with argv (NULL-terminated) and environment, stderr into DIR/stderr, stdout into
 *  DIR/stdout; gives its exit status. close_stdio: with descriptors 0 to 2 closed instead. */
static inline int runprog(const struct scratch *scratch, const char *program,
			  const char *const *argv, const char *const *env, bool close_stdio)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		auto_free char *out = str_format("%s/stdout", scratch->dir);
		auto_free char *errors = str_format("%s/stderr", scratch->dir);

		(void)close(0);
		(void)close(1);
		(void)close(2);
		if (!close_stdio) {
			(void)open("/dev/null", O_RDONLY);
			(void)open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
			(void)open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		}
		if (chdir(scratch->dir) == 0)
			(void)execve(program, (char *const *)(uintptr_t)argv,
				     (char *const *)(uintptr_t)env);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
