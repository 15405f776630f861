/* SPDX-License-Identifier: Apache-2.0 */
/* What is enforced is for good, so each check is a child whose exit code says which line is wrong.
 */
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
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

#define MISSING 99
#define WANT(number, fact)                                                                         \
	do {                                                                                       \
		if (!(fact))                                                                       \
			(void)syscall(SYS_exit_group, number);                                     \
	} while (0)

static void in_child(void (*check)(int inside, int outside))
{
	char dir[] = "/tmp/nvc-test-landlock-XXXXXX";
	char command[64];
	int status = 0;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0) {
		int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

		WANT(90, mkdirat(top, "inside", 0755) == 0 && mkdirat(top, "outside", 0755) == 0);
		check(openat(top, "inside", O_PATH | O_DIRECTORY | O_CLOEXEC),
		      openat(top, "outside", O_PATH | O_DIRECTORY | O_CLOEXEC));
		(void)syscall(SYS_exit_group, 0); /* a sanitizer's _exit() does more */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)snprintf(command, sizeof(command), "%s", dir);
	for (int i = 0; i < 2; i++) { /* what a check left, one level deep */
		static const char *const names[] = {"inside/f", "inside/l", "outside/f",
						    "inside",   "outside",  "."};
		int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			(void)unlinkat(top, names[n], 0);
			(void)unlinkat(top, names[n], AT_REMOVEDIR);
		}
		(void)close(top);
	}
	(void)rmdir(command);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == MISSING) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int new_file(int dir)
{
	return openat(dir, "f", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void check_beneath(int inside, int outside)
{
	int held = new_file(outside);
	int r;

	WANT(1, held >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0);
	r = landlock_write_beneath(&inside, 1, NULL);
	WANT(MISSING, r != 0);
	WANT(2, r == 1);
	WANT(3, new_file(inside) >= 0);
	WANT(4, symlinkat("x", inside, "l") == 0 && mkdirat(inside, "d", 0700) == 0);
	WANT(5, unlinkat(inside, "d", AT_REMOVEDIR) == 0);
	WANT(6, renameat(inside, "f", inside, "g") == 0 && unlinkat(inside, "g", 0) == 0);
	WANT(7, new_file(outside) < 0 && errno == EACCES);
	WANT(8, mkdirat(outside, "d", 0700) < 0 && errno == EACCES);
	WANT(9, unlinkat(outside, "f", 0) < 0 && errno == EACCES);
	WANT(10, mknodat(inside, "p", S_IFIFO | 0600, 0) < 0 && errno == EACCES);
	/* by a path that leads out, too */
	WANT(11, openat(inside, "../outside/f", O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES);
	WANT(12, openat(outside, "f", O_RDONLY | O_CLOEXEC) >= 0);
	WANT(13, write(held, "x", 1) == 1);
	WANT(14, mount("none", "/tmp", "tmpfs", 0, NULL) < 0 && errno == EPERM);
}

static void landlock_lets_files_be_written_beneath_only(void **state)
{
	(void)state;
	in_child(check_beneath);
}

static int open_memory(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The parent is of the same user, and no more than that. */
static void check_apart(int inside, int outside)
{
	int file = new_file(inside);
	int r;

	(void)outside;
	WANT(1, file >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0);
	WANT(2, geteuid() != 0 || open_memory(getppid()) >= 0);
	r = landlock_keep_apart(NULL);
	WANT(MISSING, r != 0);
	WANT(3, r == 1);
	WANT(4, open_memory(getppid()) < 0 && (errno == EACCES || errno == EPERM));
	WANT(5, open_memory(getpid()) >= 0);
	WANT(6, openat(inside, "f", O_WRONLY | O_CLOEXEC) >= 0);
	WANT(7, mkdirat(inside, "d", 0700) < 0 && errno == EACCES);
	WANT(8, unlinkat(inside, "f", 0) < 0 && errno == EACCES);
	WANT(9, execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
}

static void landlock_keeps_processes_apart(void **state)
{
	(void)state;
	in_child(check_apart);
}

static void check_missing(int inside, int outside)
{
	static const char *const calls[] = {"landlock_create_ruleset", NULL};

	WANT(1, sysfilter_deny(calls, ENOSYS, NULL) == 0);
	WANT(2, landlock_write_beneath(&inside, 1, NULL) == 0);
	WANT(3, landlock_keep_apart(NULL) == 0);
	WANT(4, new_file(outside) >= 0);
}

static void landlock_missing_is_no_error(void **state)
{
	(void)state;
	if (!sysfilter_built())
		skip();
	in_child(check_missing);
}

static void check_broken(int inside, int outside)
{
	static const char *const calls[] = {"landlock_restrict_self", NULL};
	struct err err = {0};
	int r;

	(void)outside;
	WANT(1, sysfilter_deny(calls, ENOMEM, NULL) == 0);
	r = landlock_write_beneath(&inside, 1, &err);
	WANT(MISSING, r != 0);
	WANT(2, r == -ENOMEM && strstr(err.msg, "enforce a Landlock ruleset") != NULL);
}

static void landlock_that_is_refused_is_an_error(void **state)
{
	(void)state;
	if (!sysfilter_built())
		skip();
	in_child(check_broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(landlock_lets_files_be_written_beneath_only),
		cmocka_unit_test(landlock_keeps_processes_apart),
		cmocka_unit_test(landlock_missing_is_no_error),
		cmocka_unit_test(landlock_that_is_refused_is_an_error),
	};

	return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
