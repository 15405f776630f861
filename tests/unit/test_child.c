/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

static int say(void *arg)
{
	const char *text = arg;

	return write(2, text, strlen(text)) > 0 ? 7 : 1;
}

static void child_status_and_error_text_come_back(void **state)
{
	char text[] = "what went wrong\n";
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(say, text, 0, 5000, &result, NULL), 0);

	assert_true(WIFEXITED(result.status));
	assert_int_equal(WEXITSTATUS(result.status), 7);
	assert_string_equal(result.output, "what went wrong\n");
}

static int say_much(void *arg)
{
	char chunk[1024];

	(void)arg;
	memset(chunk, 'm', sizeof(chunk));
	for (int i = 0; i < 300; i++)
		if (write(2, chunk, sizeof(chunk)) != (ssize_t)sizeof(chunk))
			return 1;
	return 0;
}

static void child_output_is_bounded(void **state)
{
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(say_much, NULL, 0, 5000, &result, NULL), 0);

	assert_int_equal(result.status, 0);
	assert_int_equal(strlen(result.output), CHILD_MAX_OUTPUT - 1);
}

static int die(void *arg)
{
	(void)arg;
	(void)raise(SIGKILL);
	return 0;
}

static void child_signal_is_told(void **state)
{
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(die, NULL, 0, 5000, &result, NULL), 0);

	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
}

/* Writes its pid and that of a child of its own to the pipe, then stays. */
static int stay(void *arg)
{
	const int *pipe_fd = arg;
	pid_t pids[2] = {getpid(), 0};

	pids[1] = fork();
	if (pids[1] == 0)
		for (;;)
			(void)pause();
	if (write(*pipe_fd, pids, sizeof(pids)) != (ssize_t)sizeof(pids))
		return 1;
	for (;;)
		(void)pause();
}

/* The process ends within two seconds (it is nobody's child here: it vanishes or is a zombie). */
static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		const struct timespec nap = {0, 10000000};
		char path[64];
		char text[512] = "";
		auto_fd fd = -1;
		const char *state;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			return true;
		state = strrchr(text, ')');
		if (state != NULL && state[2] == 'Z')
			return true;
		(void)nanosleep(&nap, NULL);
	}
	return false;
}

static void child_is_killed_with_its_group_at_the_deadline(void **state)
{
	struct child_result result;
	pid_t pids[2] = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(child_run(stay, &ends[1], 0, 200, &result, NULL), -ETIMEDOUT);

	assert_int_equal(read(ends[0], pids, sizeof(pids)), sizeof(pids));
	assert_true(is_gone(pids[0]));
	assert_true(is_gone(pids[1]));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void child_ends_with_its_caller(void **state)
{
	pid_t pids[2] = {0};
	int ends[2];
	pid_t caller;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	caller = fork();
	if (caller == 0) {
		struct child_result result;

		_exit(child_run(stay, &ends[1], 0, 60000, &result, NULL) < 0);
	}
	assert_int_equal(read(ends[0], pids, sizeof(pids)), sizeof(pids));
	(void)kill(caller, SIGKILL);
	(void)waitpid(caller, NULL, 0);

	assert_true(is_gone(pids[0]));
	assert_true(is_gone(pids[1]));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static int look_around(void *arg)
{
	const ino_t *outside = arg;
	struct stat st;
	char byte;

	if (getpid() != 1)
		return 1;
	if (stat("/proc/thread-self/ns/net", &st) == 0 && st.st_ino == *outside)
		return 2;
	return read(0, &byte, 1) == 0 && write(1, "x", 1) == 1 ? 0 : 3; /* /dev/null both */
}

static void child_runs_in_new_namespaces(void **state)
{
	struct child_result result;
	struct err err = {0};
	struct stat st;
	int rc;

	(void)state;
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	rc = child_run(look_around, &st.st_ino,
		       CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
		       5000, &result, &err);
	if (rc == -EPERM) {
		print_message("skipped: %s\n", err.msg);
		skip();
	}

	assert_int_equal(rc, 0);
	assert_int_equal(result.status, 0);
}

static void child_impossible_namespace_is_an_error(void **state)
{
	struct child_result result;

	(void)state;
	/* no namespace at all: unshare(2) refuses it */
	assert_int_equal(child_run(say, NULL, CLONE_PARENT_SETTID, 5000, &result, NULL), -EINVAL);
}

static int run_program(void *arg)
{
	static char name[] = "true";
	static char *const argv[] = {name, NULL};
	static char *const env[] = {NULL};
	const int *fd = arg;

	(void)fexecve(*fd, argv, env);
	return errno;
}

static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static void child_sealed_program_runs_and_cannot_be_written(void **state)
{
	auto_fd program = open("/bin/true", O_RDONLY | O_CLOEXEC);
	auto_fd sealed = child_seal_program(program, (size_t)1 << 24, NULL);
	auto_fd writable = -1;
	struct child_result result;
	char path[64];

	(void)state;
	assert_true(sealed >= 0);
	if (under_valgrind()) {
		print_message("valgrind cannot execute a file in memory: that part is left out\n");
	} else {
		assert_int_equal(child_run(run_program, &sealed, 0, 5000, &result, NULL), 0);
		assert_int_equal(result.status, 0);
	}

	assert_int_equal(write(sealed, "x", 1), -1);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", sealed);
	writable = open(path, O_RDWR | O_CLOEXEC);
	if (writable >= 0) {
		assert_int_equal(write(writable, "x", 1), -1);
		assert_int_equal(errno, EPERM);
		assert_int_equal(ftruncate(writable, 0), -1);
	}
}

static void child_large_program_is_refused(void **state)
{
	auto_fd program = open("/bin/true", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(child_seal_program(program, 1000, NULL), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_status_and_error_text_come_back),
		cmocka_unit_test(child_output_is_bounded),
		cmocka_unit_test(child_signal_is_told),
		cmocka_unit_test(child_is_killed_with_its_group_at_the_deadline),
		cmocka_unit_test(child_ends_with_its_caller),
		cmocka_unit_test(child_runs_in_new_namespaces),
		cmocka_unit_test(child_impossible_namespace_is_an_error),
		cmocka_unit_test(child_sealed_program_runs_and_cannot_be_written),
		cmocka_unit_test(child_large_program_is_refused),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
