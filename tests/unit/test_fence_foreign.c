/* SPDX-License-Identifier: Apache-2.0 */
/* A container with a user namespace of its own: to who made that all is allowed there, whatever
 * capabilities he has given up in his own. */
#include "apply/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/ns.h"
#include "sys/syscalls.h"

#ifndef AT_RECURSIVE /* Linux 5.2 */
#define AT_RECURSIVE 0x8000
#endif

/* A process in namespaces of its own; -1 = they cannot be had here. */
static pid_t start_container(int flags)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (unshare(flags) == 0 && write(ready[1], "", 1) == 1)
			(void)pause();
		_exit(0);
	}
	(void)close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		(void)waitpid(pid, NULL, 0);
		pid = -1;
	}
	(void)close(ready[0]);
	return pid;
}

static void stop_container(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* errno of the clone of a mount in phase files, 0 = it was made; 99: the phases were not entered.
 */
static int clone_in_files(pid_t container, bool foreign)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct fence fence = {.on = true};
		struct ns_process process;
		long fd;
		int code;

		if (fence_enter(&fence, FENCE_PREPARE, NULL) < 0 ||
		    ns_process_open(container, &process, NULL) < 0)
			_exit(99);
		fence.foreign = foreign && !ns_owns_mount(&process);
		if (ns_enter_mount(&process, NULL) < 0 ||
		    fence_enter(&fence, FENCE_INSIDE, NULL) < 0)
			_exit(99);
		fence.was_inside = true;
		if (fence_enter(&fence, FENCE_FILES, NULL) < 0)
			_exit(99);
		fd = syscall(SYSCALLS_OPEN_TREE, AT_FDCWD, "/",
			     SYSCALLS_OPEN_TREE_CLONE | AT_RECURSIVE);
		code = fd < 0 ? errno : 0;
		(void)syscall(SYS_exit_group, code); /* a sanitizer's _exit() is another thing */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool owns_mount(pid_t pid)
{
	struct ns_process process;
	bool owns;

	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	owns = ns_owns_mount(&process);
	ns_process_done(&process);
	return owns;
}

static void fence_files_mounts_nothing_in_a_foreign_namespace(void **state)
{
	pid_t foreign = geteuid() == 0 ? start_container(CLONE_NEWUSER | CLONE_NEWNS) : -1;
	pid_t own = geteuid() == 0 ? start_container(CLONE_NEWNS) : -1;
	int unfiltered;

	(void)state;
	if (foreign < 0 || own < 0) {
		print_message("skipped: needs root and user namespaces\n");
		skip();
	}
	if (!owns_mount(own) && sizeof(void *) == 4) {
		stop_container(foreign);
		stop_container(own);
		print_message(
			"skipped: a kernel of 64 bits before 6.14 does not tell owners here\n");
		skip();
	}
	assert_true(owns_mount(own));
	assert_false(owns_mount(foreign));
	unfiltered = clone_in_files(foreign, false);
	if (unfiltered != ENOSYS) /* Linux 5.2 */
		assert_int_equal(unfiltered, 0);
	assert_int_equal(clone_in_files(foreign, true), EPERM);
	assert_int_equal(clone_in_files(own, true), EPERM);
	stop_container(foreign);
	stop_container(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fence_files_mounts_nothing_in_a_foreign_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
