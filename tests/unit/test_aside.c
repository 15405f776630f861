/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/aside.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/sysfilter.h"

struct visit {
	pid_t pid, tid;
	int value;
};

static int look_and_leave(void *arg, struct err *err)
{
	struct visit *visit = arg;

	(void)err;
	visit->pid = getpid();
	visit->tid = (pid_t)syscall(SYS_gettid);
	visit->value++;
	(void)umask(077);
	return chdir("/proc") < 0 ? -errno : 7;
}

static void aside_shares_memory_but_not_the_directory(void **state)
{
	struct visit visit = {.value = 1};
	mode_t mask = umask(022);
	char cwd[256] = "";

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(aside_run(look_and_leave, &visit, NULL), 7);

	assert_int_equal(visit.value, 2);
	assert_int_equal(visit.pid, getpid());
	assert_int_not_equal(visit.tid, getpid());
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_string_equal(cwd, "/");
	assert_int_equal(umask(mask), 022);
}

static int refuse(void *arg, struct err *err)
{
	return err_set(err, EXDEV, "no %s", (const char *)arg);
}

static void aside_gives_the_error_of_its_function(void **state)
{
	struct err err = {0};
	char word[] = "way";

	(void)state;
	assert_int_equal(aside_run(refuse, word, &err), -EXDEV);
	assert_string_equal(err.msg, "no way");
}

static int nothing(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return 0;
}

/* Join tells of the end a little before the kernel lets go of what threads share. */
static void aside_lets_the_caller_change_its_mount_namespace_at_once(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	for (int i = 0; i < 200; i++) {
		assert_int_equal(aside_run(nothing, NULL, NULL), 0);
		if (i % 20 == 0)
			assert_int_equal(unshare(CLONE_NEWNS), 0);
		else
			assert_int_equal(unshare(CLONE_FS), 0);
	}
}

static void aside_that_cannot_be_started_is_an_error(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	if (!sysfilter_built())
		skip();
	pid = fork();
	if (pid == 0) {
		static const char *const calls[] = {"clone", "clone3", NULL};
		struct err err = {0};

		if (sysfilter_deny(calls, EAGAIN, NULL) < 0)
			_exit(1);
		_exit(aside_run(nothing, NULL, &err) == -EAGAIN &&
				      strncmp(err.msg, "start a thread: ", 16) == 0
			      ? 0
			      : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aside_shares_memory_but_not_the_directory),
		cmocka_unit_test(aside_gives_the_error_of_its_function),
		cmocka_unit_test(aside_lets_the_caller_change_its_mount_namespace_at_once),
		cmocka_unit_test(aside_that_cannot_be_started_is_an_error),
	};

	return cmocka_run_group_tests_name("aside", tests, NULL, NULL);
}
