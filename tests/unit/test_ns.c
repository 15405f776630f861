/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

/* A process that waits, in new namespaces; with a name that stat shows as it is. */
static pid_t start(int namespaces)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, ") S 1 (x) ");
		byte = unshare(namespaces) == 0 ? 'y' : 'n';
		(void)!write(ready[1], &byte, 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	if (byte == 'y')
		return pid;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	print_message("skipped: no such namespace can be made here\n");
	skip();
	return -1;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void ns_own_process_is_in_the_same_namespaces(void **state)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};

	(void)state;
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);

	assert_true(ns_same_user(&self));
	assert_true(ns_same_mount(&self));
	assert_true(self.start_time > 0);
	assert_int_equal(ns_process_check(&self, NULL), 0);
}

static void ns_impossible_pid_is_an_error(void **state)
{
	struct ns_process process;

	(void)state;
	assert_int_equal(ns_process_open(0, &process, NULL), -EINVAL);
	assert_int_equal(ns_process_open(-5, &process, NULL), -EINVAL);
	assert_int_equal(ns_process_open(INT32_MAX, &process, NULL), -ESRCH);
}

static void ns_ended_process_is_noticed(void **state)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	struct ns_process other;
	pid_t pid = start(0);
	siginfo_t info;
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	assert_int_equal(ns_process_check(&process, NULL), 0);
	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* dead, not yet reaped */
	assert_int_equal(ns_process_check(&process, NULL), -ESRCH);
	end(pid);

	assert_int_equal(ns_process_check(&process, NULL), -ESRCH);
	assert_true(ns_read(&process, "cgroup", 4096, &text, &len, NULL) < 0);
	assert_int_equal(ns_enter_mount(&process, NULL), -ESRCH);
	assert_int_equal(ns_process_open(pid, &other, NULL), -ESRCH);
}

static void ns_pid_of_another_process_is_noticed(void **state)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	pid_t pid = start(0);

	(void)state;
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	process.start_time++;

	assert_int_equal(ns_process_check(&process, NULL), -ESRCH);
	end(pid);
}

static void ns_mount_namespace_is_joined_and_left(void **state)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	auto_fd own = ns_open_own_mount(NULL);
	pid_t pid = start(CLONE_NEWNS);

	(void)state;
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	assert_false(ns_same_mount(&process));

	assert_int_equal(ns_enter_mount(&process, NULL), 0);
	assert_true(ns_same_mount(&process));
	assert_false(ns_same_mount(&self));
	assert_int_equal(ns_return_mount(own, NULL), 0);
	assert_true(ns_same_mount(&self));
	end(pid);
}

static void ns_changed_mount_namespace_is_not_joined(void **state)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	pid_t pid = start(CLONE_NEWNS);

	(void)state;
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	process.mnt_ino++;

	assert_int_equal(ns_enter_mount(&process, NULL), -ESRCH);
	end(pid);
}

static void map(pid_t pid, const char *name, const char *text)
{
	char path[64];
	auto_fd fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void check_root(const char *uid_map, const char *gid_map, int want, uid_t uid, gid_t gid)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	pid_t pid = start(CLONE_NEWUSER);
	uid_t got_uid = 1;
	gid_t got_gid = 1;

	if (geteuid() != 0) {
		end(pid);
		print_message("skipped: needs root to map ids\n");
		skip();
	}
	map(pid, "uid_map", uid_map);
	map(pid, "gid_map", gid_map);
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	assert_false(ns_same_user(&process));
	assert_int_equal(ns_root_ids(&process, &got_uid, &got_gid, NULL), want);
	if (want == 0) {
		assert_int_equal(got_uid, uid);
		assert_int_equal(got_gid, gid);
	}
	end(pid);
}

static void ns_root_ids_come_from_the_maps(void **state)
{
	(void)state;
	check_root("0 100000 65536", "0 200000 65536", 0, 100000, 200000);
	check_root("1 5 1\n0 70000 1\n7 9 100", "0 1000 1", 0, 70000, 1000);
	check_root("1 100000 10", "0 100000 10", -ENOENT, 0, 0);
	check_root("0 100000 10", "5 100000 10", -ENOENT, 0, 0);
}

static void ns_root_ids_in_the_own_namespace_are_zero(void **state)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);
	assert_int_equal(ns_root_ids(&self, &uid, &gid, NULL), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
}

static void ns_read_is_bounded(void **state)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	auto_free char *text = NULL;
	char *none = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);
	assert_int_equal(ns_read(&self, "mountinfo", 16, &none, &len, NULL), -EFBIG);
	assert_null(none);
	assert_int_equal(ns_read(&self, "mountinfo", 1 << 24, &text, &len, NULL), 0);
	assert_non_null(strstr(text, " / "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ns_own_process_is_in_the_same_namespaces),
		cmocka_unit_test(ns_impossible_pid_is_an_error),
		cmocka_unit_test(ns_ended_process_is_noticed),
		cmocka_unit_test(ns_pid_of_another_process_is_noticed),
		cmocka_unit_test(ns_mount_namespace_is_joined_and_left),
		cmocka_unit_test(ns_changed_mount_namespace_is_not_joined),
		cmocka_unit_test(ns_root_ids_come_from_the_maps),
		cmocka_unit_test(ns_root_ids_in_the_own_namespace_are_zero),
		cmocka_unit_test(ns_read_is_bounded),
	};

	return cmocka_run_group_tests_name("ns", tests, NULL, NULL);
}
