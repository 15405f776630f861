/* SPDX-License-Identifier: Apache-2.0 */
/* Filters are for good, so each runs in a child. */
#include "sys/sysfilter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sys/child.h"
#include "sys/kfeature.h"
#include "sys/privs.h"
#include "sys/rootfs.h"

static void in_child(int (*check)(void *arg), void *arg)
{
	struct child_result result;

	assert_int_equal(child_run(check, arg, 0, 10000, &result, NULL), 0);
	if (result.status != 0)
		fail_msg("status %#x: %s", (unsigned)result.status, result.output);
}

static int deny_some(void *arg)
{
	static const char *const names[] = {"openat2", "getppid", "no_such_call_at_all", NULL};
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	(void)arg;
	if (sysfilter_deny(names, ENOSYS, NULL) < 0)
		return 1;
	if (syscall(SYS_getppid) != -1 || errno != ENOSYS)
		return 2;
	/* as root it must stay possible to gain privileges, for engines started below a filter */
	if (geteuid() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 0)
		return 3;
	fd = rootfs_open(root, "/etc/passwd", O_RDONLY, NULL);
	return fd >= 0 && !kfeature_has(KFEATURE_OPENAT2) ? 0 : 4;
}

static void sysfilter_denied_call_is_missing(void **state)
{
	(void)state;
	in_child(deny_some, NULL);
}

static int try_refused(void)
{
	static const struct sysfilter_rule some[] = {{.name = "socket"},
						     {.name = "no_such_call_at_all"},
						     {.name = "pivot_root"},
						     {.name = "umount2"},
						     {.name = NULL}};
	static const struct sysfilter_rule more[] = {
		{"unshare", 0, UINT32_MAX, CLONE_FS}, {"setns", 1, CLONE_NEWNS, 0}, {.name = NULL}};
	const struct sysfilter_rule *const lists[] = {some, more, NULL};

	/* not without no_new_privs, which nothing but the caller sets */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || sysfilter_refuse(lists, NULL) < 0)
		return 1;
	if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 2;
	if (unshare(CLONE_NEWNS) != -1 || errno != EPERM)
		return 3;
	if (unshare(CLONE_FS) != 0)
		return 4;
	if (syscall(SYS_setns, 9999, CLONE_NEWNS) != -1 || errno != EPERM)
		return 5;
	if (syscall(SYS_setns, 9999, CLONE_NEWNET) != -1 || errno != EBADF)
		return 6;
	if (syscall(435, NULL, 0) != -1 || errno != ENOSYS)
		return 7;
	for (long number = 453; number < 600; number++)
		if (syscall(number, -1L, -1L, -1L, -1L) != -1 || errno != ENOSYS)
			return 8;
	/* of what is above, 32-bit ARM's kernel has its own, and a signal for who calls others */
	if (syscall(sizeof(void *) == 4 ? 0xeffff : 0x7fffffff) != -1 || errno != ENOSYS)
		return 9;
	if (syscall(SYS_umount2, "/nowhere", 0) != -1 || errno != EPERM)
		return 10;
	return close(open("/etc/passwd", O_RDONLY | O_CLOEXEC)) == 0 && getpid() > 0 ? 0 : 11;
}

static int refuse_some(void *arg)
{
	(void)arg;
	return (int)syscall(SYS_exit_group, try_refused());
}

static void sysfilter_refuses_what_is_named_and_what_is_too_young(void **state)
{
	(void)state;
	in_child(refuse_some, NULL);
}

/* Every call there is, in one filter: each block has to end where the next begins. */
static int try_many(void)
{
	static const char *const names[] = {
		"getppid",      "getuid",      "geteuid", "getgid",   "getegid", "getpgrp",
		"getsid",       "times",       "sync",    "alarm",    "pause",   "vhangup",
		"getpgid",      "setsid",      "umask",   "uname",    "sysinfo", "getpriority",
		"gettimeofday", "sched_yield", "time",    "getrusage"};
	struct sysfilter_rule rules[sizeof(names) / sizeof(names[0]) + 1] = {{.name = NULL}};
	const struct sysfilter_rule *const lists[] = {rules, NULL};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		rules[i].name = names[sizeof(names) / sizeof(names[0]) - 1 - i];
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || sysfilter_refuse(lists, NULL) < 0)
		return 1;
	if (syscall(SYS_getppid) != -1 || syscall(SYS_getuid) != -1 || syscall(SYS_geteuid) != -1 ||
	    syscall(SYS_getgid) != -1 || syscall(SYS_getegid) != -1 || syscall(SYS_getsid, 0) != -1)
		return 2;
	if (syscall(SYS_times, NULL) != -1 || syscall(SYS_setsid) != -1 ||
	    syscall(SYS_umask, 022) != -1 || syscall(SYS_uname, NULL) != -1 ||
	    syscall(SYS_sched_yield) != -1 || syscall(SYS_getrusage, 0, NULL) != -1)
		return 3;
	if (syscall(SYS_getpid) < 0 || syscall(SYS_gettid) < 0 ||
	    syscall(SYS_getcwd, NULL, 0) != -1 || errno == EPERM)
		return 4;
	return 0;
}

static int refuse_many(void *arg)
{
	(void)arg;
	return (int)syscall(SYS_exit_group, try_many());
}

static void sysfilter_refuses_each_of_many(void **state)
{
	(void)state;
	in_child(refuse_many, NULL);
}

static int refuse_too_many(void *arg)
{
	static const struct sysfilter_rule one[] = {{.name = "getppid"}, {.name = NULL}};
	const struct sysfilter_rule *lists[201];

	(void)arg;
	for (size_t i = 0; i < 200; i++)
		lists[i] = one;
	lists[200] = NULL;
	return sysfilter_refuse(lists, NULL) == -E2BIG ? 0 : 1;
}

static void sysfilter_refuses_no_more_than_fits(void **state)
{
	(void)state;
	in_child(refuse_too_many, NULL);
}

static int try_calls(void)
{
	if (sysfilter_allow_but(sysfilter_ldconfig, sysfilter_sync, NULL) < 0)
		return 1;
	if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != ENOSYS)
		return 2;
	if (unshare(CLONE_NEWNS) != -1 || errno != ENOSYS)
		return 3;
	if (syscall(SYS_setns, 0, 0) != -1 || errno != ENOSYS)
		return 4;
	/* made, it would be EBADF */
	if (fsync(-1) != 0 || fdatasync(-1) != 0)
		return 6;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 5;
}

static int allow_little(void *arg)
{
	(void)arg;
	/* not _exit(): a sanitizer makes calls there that the list lacks */
	return (int)syscall(SYS_exit_group, try_calls());
}

static void sysfilter_allows_only_what_is_named(void **state)
{
	(void)state;
	in_child(allow_little, NULL);
}

static int run_ldconfig(void *arg)
{
	static char *const env[] = {NULL};
	char *argv[] = {(char *)(uintptr_t) "ldconfig",
			(char *)(uintptr_t) "-r",
			arg,
			(char *)(uintptr_t) "-f",
			(char *)(uintptr_t) "/etc/ld.so.conf",
			(char *)(uintptr_t) "-C",
			(char *)(uintptr_t) "/etc/ld.so.cache",
			NULL};
	auto_fd program = open("/sbin/ldconfig", O_RDONLY | O_CLOEXEC);
	int sealed = child_seal_program(program, (size_t)64 << 20, NULL);

	if (sealed < 0 || sysfilter_allow_but(sysfilter_ldconfig, sysfilter_sync, NULL) < 0)
		return 120;
	(void)fexecve(sealed, argv, env);
	return 121;
}

static int call(const char *command)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

static void sysfilter_ldconfig_works_under_its_list(void **state)
{
	char path[] = "/tmp/nvc-test-ldconfig-XXXXXX";
	char command[512];
	struct stat st = {0};
	char cache[64];
	int made;

	(void)state;
	if (geteuid() != 0 || access("/sbin/ldconfig", X_OK) < 0) {
		print_message("skipped: needs root and /sbin/ldconfig\n");
		skip();
	}
	assert_non_null(mkdtemp(path));
	(void)snprintf(command, sizeof(command),
		       "cd %s && mkdir -p etc usr/lib && echo /usr/lib >etc/ld.so.conf && "
		       "cp \"$(ldd /bin/sh | awk '/libc/{print $3}')\" usr/lib/libc.so.6.real",
		       path);
	made = call(command);
	if (made == 0)
		in_child(run_ldconfig, path);
	(void)snprintf(cache, sizeof(cache), "%s/etc/ld.so.cache", path);
	(void)stat(cache, &st);
	(void)snprintf(command, sizeof(command), "rm -rf %s", path);
	(void)call(command);

	assert_int_equal(made, 0);
	assert_true(st.st_size > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysfilter_denied_call_is_missing),
		cmocka_unit_test(sysfilter_allows_only_what_is_named),
		cmocka_unit_test(sysfilter_refuses_what_is_named_and_what_is_too_young),
		cmocka_unit_test(sysfilter_refuses_each_of_many),
		cmocka_unit_test(sysfilter_refuses_no_more_than_fits),
		cmocka_unit_test(sysfilter_ldconfig_works_under_its_list),
	};

	return cmocka_run_group_tests_name("sysfilter", tests, NULL, NULL);
}
