/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/exile.h"

#define SPAWN_EXEC_FAILED 64  /* and errno, as the exit code of what could not be executed */
#define SPAWN_KILLED_MS   250 /* until a killed process is given up */
#define SPAWN_PAUSE_NS    500000L
#define SPAWN_HIGH_FD     16 /* above those of the program */

static int64_t spawn_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the child has of the parent's; each above the numbers that it will get. */
struct spawn_fds {
	int program, root, socket, tie, null;
};

static int spawn_raise(int *fd)
{
	int high;

	if (*fd < 0)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, SPAWN_HIGH_FD);
	if (high < 0)
		return -1;
	*fd = high;
	return 0;
}

/* Between fork and exec: nothing but system calls. dup2() clears close-on-exec. */
__attribute__((noreturn)) static void spawn_become(const struct spawn_how *how,
						   struct spawn_fds *fds)
{
	char *const argv[] = {(char *)(uintptr_t)how->name, NULL};
	static char *const env[] = {NULL};

	/* who has the caller's terminal can type into it */
	(void)setsid();
	if (spawn_raise(&fds->program) == 0 && spawn_raise(&fds->root) == 0 &&
	    spawn_raise(&fds->socket) == 0 && spawn_raise(&fds->tie) == 0 &&
	    spawn_raise(&fds->null) == 0 && dup2(fds->null, 0) >= 0 && dup2(fds->null, 1) >= 0 &&
	    dup2(fds->null, 2) >= 0 && dup2(fds->socket, EXILE_SOCKET_FD) >= 0 &&
	    dup2(fds->tie, EXILE_TIE_FD) >= 0 &&
	    (fds->root < 0 || dup2(fds->root, EXILE_ROOT_FD) >= 0))
		(void)syscall(SYS_execveat, fds->program, "", argv, env, AT_EMPTY_PATH);
	_exit(SPAWN_EXEC_FAILED + (errno & 0x7f));
}

int spawn_exec_error(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) >= SPAWN_EXEC_FAILED
		       ? WEXITSTATUS(status) - SPAWN_EXEC_FAILED
		       : 0;
}

static int spawn_connect(const struct spawn_how *how, int ret_socket[2], int ret_tie[2],
			 struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_socket) < 0)
		return err_sys(err, errno, "make a socket pair");
	if (pipe2(ret_tie, O_CLOEXEC) < 0)
		return err_sys(err, errno, "make a pipe");
	/* while both ends are here there is nobody to miss it: no SIGPIPE, and it fits */
	if (how->said_len > SPAWN_MAX_SAID ||
	    write(ret_socket[0], how->said, how->said_len) != (ssize_t)how->said_len)
		return err_set(err, EMSGSIZE, "say %zu bytes to '%s'", how->said_len, how->name);
	return 0;
}

static void spawn_close(int (*fds)[2])
{
	auto_fd_release(&(*fds)[0]);
	auto_fd_release(&(*fds)[1]);
}

int spawn_start(const struct spawn_how *how, struct spawn *ret, struct err *err)
{
	__attribute__((cleanup(spawn_close))) int sockets[2] = {-1, -1};
	__attribute__((cleanup(spawn_close))) int tie[2] = {-1, -1};
	auto_fd null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct spawn_fds fds;
	pid_t pid;
	int r;

	ret->socket = ret->tie = -1;
	ret->deadline = spawn_now_ms() + how->timeout_ms;
	if (null < 0)
		return err_sys(err, errno, "open '/dev/null'");
	r = spawn_connect(how, sockets, tie, err);
	if (r < 0)
		return r;
	fds = (struct spawn_fds){how->program, how->root, sockets[1], tie[0], null};
	pid = fork();
	if (pid < 0)
		return err_sys(err, errno, "start '%s'", how->name);
	if (pid == 0)
		spawn_become(how, &fds);
	ret->pid = pid;
	ret->socket = take_fd(&sockets[0]);
	ret->tie = take_fd(&tie[1]);
	return 0;
}

/* Some bytes, at least one: to ret, or to what is held if they are more than asked for. */
static int spawn_read(struct spawn *spawn, char *ret, size_t len, size_t *ret_n, struct err *err)
{
	struct pollfd waited = {.fd = spawn->socket, .events = POLLIN};
	bool hold = len < sizeof(spawn->held);
	ssize_t n = -1;

	while (n < 0) {
		int64_t left = spawn->deadline - spawn_now_ms();
		int ready = left <= 0 ? 0 : poll(&waited, 1, left > INT_MAX ? INT_MAX : (int)left);

		if (ready == 0)
			return err_set(err, ETIMEDOUT, "no answer in time");
		if (ready > 0)
			n = hold ? read(spawn->socket, spawn->held, sizeof(spawn->held))
				 : read(spawn->socket, ret, len);
		if (n < 0 && errno == ECONNRESET)
			n = 0;
		if (n < 0 && errno != EINTR)
			return err_sys(err, errno, "read an answer");
	}
	if (n == 0)
		return err_set(err, EPIPE, "no whole answer");
	*ret_n = hold ? 0 : (size_t)n;
	spawn->from = 0;
	spawn->to = hold ? (size_t)n : 0;
	return 0;
}

int spawn_receive(struct spawn *spawn, void *ret, size_t len, struct err *err)
{
	char *at = ret;

	for (;;) {
		size_t n = spawn->to - spawn->from;
		int r;

		if (n > len)
			n = len;
		memcpy(at, spawn->held + spawn->from, n);
		spawn->from += n;
		at += n;
		len -= n;
		if (len == 0)
			return 0;
		r = spawn_read(spawn, at, len, &n, err);
		if (r < 0)
			return r;
		at += n;
		len -= n;
	}
}

/* 1 = ended, 0 = not within that time. */
static bool spawn_wait(struct spawn *spawn, unsigned wait_ms)
{
	const struct timespec pause = {.tv_nsec = SPAWN_PAUSE_NS};
	int64_t until = spawn_now_ms() + wait_ms;

	for (;;) {
		pid_t r = waitpid(spawn->pid, &spawn->status, WNOHANG);

		/* ECHILD: the caller ignores SIGCHLD, or waited for all there are */
		if (r == spawn->pid || (r < 0 && errno != EINTR))
			break;
		if (r == 0 && spawn_now_ms() >= until)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	spawn->pid = 0;
	return true;
}

bool spawn_end(struct spawn *spawn, unsigned wait_ms)
{
	if (spawn->pid <= 0)
		return true;
	if (wait_ms > 0 && spawn_wait(spawn, wait_ms))
		return true;
	/* not waited for yet, so the number is still that process's */
	(void)kill(spawn->pid, SIGKILL);
	return spawn_wait(spawn, SPAWN_KILLED_MS);
}

void spawn_done(struct spawn *spawn)
{
	if (spawn->socket > 0)
		(void)close(spawn->socket);
	if (spawn->tie > 0)
		(void)close(spawn->tie);
	spawn->socket = spawn->tie = -1;
	(void)spawn_end(spawn, 0);
}
