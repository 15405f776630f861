/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* What the child says before each of its calls stops: by memory, since a write would stop. */
struct report {
	int listener; /* 0 = not yet, -errno */
};

/* ioctl(2), whose requests are int to musl and unsigned long to glibc */
static long control(int fd, unsigned long request, const void *arg)
{
	return syscall(SYS_ioctl, fd, request, arg);
}

/* Calls that end or resume a process pass: to refuse them makes no sense. */
static const struct sock_filter program[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 4, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int install(void)
{
	const struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = (struct sock_filter *)(uintptr_t)program,
	};
	const unsigned long with = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  with | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, with, &filter);
	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, with, &filter);
	return fd < 0 ? -errno : (int)fd;
}

/* Shares the table of fds with the parent until it executes the command: so the parent has the
 * listener at once, by the same number. */
static void be_command(char **command, const sigset_t *mask, volatile struct report *report)
{
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	report->listener = install();
	if (report->listener >= 0)
		(void)execvp(command[0], command);
	_exit(127);
}

int listener_start(struct listener *listener, char **command)
{
	volatile struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigset_t all;
	sigset_t mask;
	long pid;

	if (report == MAP_FAILED)
		return -errno;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &mask);
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		be_command(command, &mask, report);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	while (pid > 0 && report->listener == 0)
		if (waitpid((pid_t)pid, NULL, WNOHANG) != 0)
			return -ECHILD;
	listener->pid = (pid_t)pid;
	listener->fd = report->listener;
	(void)munmap((void *)(uintptr_t)report, sizeof(*report));
	return pid < 0 ? -EAGAIN : listener->fd < 0 ? listener->fd : 0;
}

int listener_take(const struct listener *listener, struct seccomp_notif *ret)
{
	memset(ret, 0, sizeof(*ret));
	return control(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, ret) == 0;
}

static void respond(const struct listener *listener, const struct seccomp_notif_resp *answer)
{
	/* ENOENT: killed meanwhile */
	if (control(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, answer) < 0 && errno != ENOENT)
		perror("supervise: answer");
}

void listener_go_on(const struct listener *listener, const struct seccomp_notif *stop)
{
	const struct seccomp_notif_resp answer = {.id = stop->id,
						  .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	respond(listener, &answer);
}

void listener_answer(const struct listener *listener, const struct seccomp_notif *stop, int code,
		     long value)
{
	const struct seccomp_notif_resp answer = {
		.id = stop->id, .error = -code, .val = code > 0 ? 0 : value};

	respond(listener, &answer);
}

bool listener_is_valid(const struct listener *listener, const struct seccomp_notif *stop)
{
	return control(listener->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &stop->id) == 0;
}
