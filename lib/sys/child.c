/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two processes: the keeper stays outside the new namespaces and ends with the caller, whom it
 * watches through a pipe; the worker runs the function. PR_SET_PDEATHSIG alone would not do: the
 * kernel forgets it when the worker changes its user.
 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/io.h"
#include "sys/procself.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#define CHILD_COPY_CHUNK 65536

struct child_pipe {
	int read;
	int write;
};

struct child_plan {
	int (*fn)(void *arg);
	void *arg;
	int namespaces;
	int null;                 /* /dev/null */
	struct child_pipe tie;    /* the caller holds write: its end is seen at read */
	struct child_pipe errors; /* standard error of the worker */
	struct child_pipe report; /* struct child_report of the keeper */
};

struct child_report {
	int code;   /* positive errno: the worker was not started */
	int status; /* as waitpid */
};

static void child_pipe_done(struct child_pipe *ends)
{
	if (ends->read > 0)
		(void)close(ends->read);
	if (ends->write > 0)
		(void)close(ends->write);
	ends->read = ends->write = -1;
}

static void child_plan_done(struct child_plan *plan)
{
	child_pipe_done(&plan->tie);
	child_pipe_done(&plan->errors);
	child_pipe_done(&plan->report);
	if (plan->null > 0)
		(void)close(plan->null);
	plan->null = -1;
}

static int64_t child_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((noreturn)) static void child_work(const struct child_plan *plan)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L);
	if (dup2(plan->null, 0) < 0 || dup2(plan->null, 1) < 0 || dup2(plan->errors.write, 2) < 0)
		_exit(127);
	(void)close(plan->tie.read);
	(void)close(plan->tie.write);
	(void)close(plan->report.read);
	(void)close(plan->report.write);
	(void)close(plan->errors.read);
	(void)close(plan->errors.write);
	(void)close(plan->null);
	_exit(plan->fn(plan->arg));
}

__attribute__((noreturn)) static void child_report_end(const struct child_plan *plan, int code,
						       int status)
{
	const struct child_report report = {code, status};
	ssize_t n = write(plan->report.write, &report, sizeof(report));

	_exit(n == (ssize_t)sizeof(report) ? 0 : 1);
}

/* Waits for the end of the worker or of the caller. */
__attribute__((noreturn)) static void child_keep(const struct child_plan *plan)
{
	struct pollfd waited[2] = {{.fd = plan->tie.read, .events = POLLIN}, {.events = POLLIN}};
	sigset_t ended;
	pid_t worker;
	int status = 0;

	/* the caller's terminal is neither to end it nor to be typed into */
	(void)setsid();
	(void)close(plan->tie.write);
	(void)sigemptyset(&ended);
	(void)sigaddset(&ended, SIGCHLD);
	/* a caller that ignores it would make the worker vanish without a status */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &ended, NULL);
	waited[1].fd = signalfd(-1, &ended, SFD_CLOEXEC);
	if (waited[1].fd < 0 || unshare(plan->namespaces) < 0)
		child_report_end(plan, errno, 0);
	worker = fork();
	if (worker < 0)
		child_report_end(plan, errno, 0);
	if (worker == 0)
		child_work(plan);
	(void)close(plan->errors.write);
	for (;;) {
		int rc = poll(waited, 2, -1);

		if (rc > 0 && waited[0].revents != 0)
			(void)kill(0, SIGKILL); /* the worker and this process */
		if (waitpid(worker, &status, WNOHANG) == worker)
			child_report_end(plan, 0, status);
		if (rc > 0 && waited[1].revents != 0) {
			struct signalfd_siginfo info;

			(void)!read(waited[1].fd, &info, sizeof(info));
		}
	}
}

/* Takes what came on standard error; what does not fit is dropped. False at the end. */
static bool child_collect(int fd, struct child_result *result, size_t *len)
{
	char chunk[CHILD_MAX_OUTPUT];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	size_t fits = sizeof(result->output) - 1 - *len;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if ((size_t)n < fits)
		fits = (size_t)n;
	memcpy(result->output + *len, chunk, fits);
	*len += fits;
	result->output[*len] = '\0';
	return true;
}

/* Until the keeper's report or the deadline. 1 = report, 0 = deadline. */
static int child_watch(const struct child_plan *plan, int64_t deadline, struct child_result *result,
		       struct child_report *report)
{
	struct pollfd waited[2] = {{.fd = plan->report.read, .events = POLLIN},
				   {.fd = plan->errors.read, .events = POLLIN}};
	size_t len = 0;

	for (;;) {
		int64_t left = deadline - child_now_ms();
		int rc = left > 0 ? poll(waited, 2, (int)left) : 0;

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return rc < 0 ? -errno : 0;
		if (waited[1].revents != 0 && !child_collect(plan->errors.read, result, &len))
			waited[1].fd = errno == EAGAIN ? waited[1].fd : -1;
		if (waited[0].revents != 0)
			break;
	}
	/* all that the worker wrote is in the pipe by now */
	while (child_collect(plan->errors.read, result, &len))
		;
	return read(plan->report.read, report, sizeof(*report)) == (ssize_t)sizeof(*report)
		       ? 1
		       : -ECHILD;
}

static int child_pipe_make(struct child_pipe *ret)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ret->read = ends[0];
	ret->write = ends[1];
	return 0;
}

static int child_prepare(struct child_plan *plan, struct err *err)
{
	int rc = child_pipe_make(&plan->tie);

	if (rc == 0)
		rc = child_pipe_make(&plan->errors);
	if (rc == 0)
		rc = child_pipe_make(&plan->report);
	if (rc == 0 && fcntl(plan->errors.read, F_SETFL, O_NONBLOCK) < 0)
		rc = -errno;
	if (rc < 0)
		return err_sys(err, -rc, "make a pipe for a child");
	plan->null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return plan->null < 0 ? err_sys(err, errno, "open '/dev/null'") : 0;
}

static void child_wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int child_run(int (*fn)(void *arg), void *arg, unsigned long namespaces, unsigned timeout_ms,
	      struct child_result *ret, struct err *err)
{
	auto_done(child_plan) struct child_plan plan = {
		.fn = fn, .arg = arg, .namespaces = (int)namespaces, .null = -1};
	struct child_result result = {.status = 0};
	struct child_report report = {0};
	pid_t keeper;
	int rc = child_prepare(&plan, err);

	if (rc < 0)
		return rc;
	keeper = fork();
	if (keeper < 0)
		return err_sys(err, errno, "start a child");
	if (keeper == 0)
		child_keep(&plan);
	/* here too: the group must exist before it can be killed */
	(void)setpgid(keeper, keeper);
	(void)close(take_fd(&plan.report.write));
	(void)close(take_fd(&plan.errors.write));
	rc = child_watch(&plan, child_now_ms() + timeout_ms, &result, &report);
	(void)kill(-keeper, SIGKILL); /* also what the worker has left running */
	child_wait(keeper);
	if (rc == 0)
		return err_set(err, ETIMEDOUT, "a child did not end in %u ms", timeout_ms);
	if (rc < 0)
		return err_sys(err, -rc, "wait for a child");
	if (report.code != 0)
		return err_sys(err, report.code, "start a child in its namespaces");
	result.status = report.status;
	*ret = result;
	return 0;
}

static int child_copy(int from, int to, size_t max, struct err *err)
{
	char chunk[CHILD_COPY_CHUNK];
	size_t total = 0;

	for (;;) {
		ssize_t n = pread(from, chunk, sizeof(chunk), (off_t)total);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "read a program");
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max)
			return err_set(err, EFBIG, "a program is larger than %zu bytes", max);
		rc = io_write_all(to, chunk, (size_t)n, "a copy of a program", err);
		if (rc < 0)
			return rc;
	}
}

int child_seal_program(int fd, size_t max, struct err *err)
{
	auto_fd copy = memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	struct stat st;
	int sealed;
	int rc;

	if (copy < 0 && errno == EINVAL) /* before Linux 6.3 every one could be executed */
		copy = memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0)
		return err_sys(err, errno, "make a file in memory");
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat a program");
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "a program is not a regular file");
	rc = child_copy(fd, copy, max, err);
	if (rc < 0)
		return rc;
	if (fchmod(copy, 0555) < 0 ||
	    fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_sys(err, errno, "seal a file in memory");
	/* while the writable fd is open execve gives ETXTBSY */
	sealed = procself_reopen(copy, O_RDONLY);
	return sealed < 0 ? err_sys(err, -sealed, "open a sealed program") : sealed;
}
