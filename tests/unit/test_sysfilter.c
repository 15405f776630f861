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
		cmocka_unit_test(sysfilter_ldconfig_works_under_its_list),
	};

	return cmocka_run_group_tests_name("sysfilter", tests, NULL, NULL);
}
