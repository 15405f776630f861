/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise [OPTION...] -- COMMAND [ARGUMENT...]: runs a command whose system calls, and those of
 * all that it starts, stop one by one (seccomp's user notification, about 30 us each). They are
 * numbered from 1; what the command does after it has executed another program (by execve: what
 * a jail executes counts) is not stopped for long and not numbered, nor are exit, exit_group,
 * rt_sigreturn.
 *
 *   --stage WORD      only where the command's last argument is WORD; else it is just executed
 *   --begin CALL      numbers begin with the first call of that name
 *   --rootfs DIR      a root tree: the calls that name something of it are known by it
 *   --list FILE       NUMBER<TAB>CALL<TAB>root or -<TAB>NAME...
 *   --report FILE     afterwards "CALLS STATUS DEEDS FAULTS": how many there were; the status of
 *                     the command; how many deeds were done; how many calls were refused or not
 *                     lived to see
 *   --fail N:ECODE[:CALL]   the N-th call, or the next one of that name, is not made and answers
 *                     ECODE; may be repeated
 *   --kill N          SIGKILL to the process in front of its N-th call
 *   --at N, --at-call NAME[:COUNT], --each
 *                     when the deeds are done: in front of the N-th call, of the COUNT-th one of
 *                     that name, of each that names something of the root tree
 *   --swap A:B, --rename A:B, --umount A, --bind A:B, --do SCRIPT
 *                     deeds, in that order; undone in front of the next call (except scripts),
 *   --keep            or left as they are. The script gets SUPERVISE_PID, SUPERVISE_CALL (the
 *                     line of the listing), SUPERVISE_INIT
 *   --inside          deeds are done in the mount namespace of the container: of the pid that the
 *                     state on standard input has
 *   --deadline S      SIGKILL to all after so many seconds, and exit status 124
 *
 * The exit status is the command's, 128 and the number for a signal; 125 where supervise itself
 * fails or a process of the command's outlives it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "deed.h"
#include "listener.h"
#include "options.h"

#define MAX_PROCESSES 64
#define GRACE_MS      2000

/* One thread of the command's. */
struct thread {
	pid_t tid;
	pid_t pid;
	bool has_left; /* another program is executed by it now */
};

struct supervision {
	struct options options;
	struct listener listener;
	struct thread threads[MAX_PROCESSES];
	int n_threads;
	bool begun;
	bool exec_seen; /* the command itself is executed */
	unsigned long n;
	unsigned long deeds;  /* done */
	unsigned long faults; /* refusals and kills that were done */
	unsigned long met;    /* calls named at_word */
	pid_t init;           /* of the container; 0 = deeds are done here */
	bool done;            /* deeds that wait for being undone */
	FILE *list;
	int status; /* of the command, as wait() gives it */
	bool ended;
	bool late;
	struct timespec end;
};

static pid_t process_of(pid_t tid)
{
	char path[64];
	char line[256];
	FILE *file;
	int pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "re");
	if (file == NULL)
		return tid;
	while (pid == 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "Tgid:", 5) == 0)
			pid = (int)strtol(line + 5, NULL, 10);
	(void)fclose(file);
	return pid == 0 ? tid : pid;
}

static struct thread *find_thread(struct supervision *run, pid_t tid)
{
	struct thread *thread;
	pid_t pid;

	for (int i = 0; i < run->n_threads; i++)
		if (run->threads[i].tid == tid)
			return &run->threads[i];
	pid = process_of(tid);
	thread = &run->threads[run->n_threads < MAX_PROCESSES ? run->n_threads++ : 0];
	*thread = (struct thread){.tid = tid, .pid = pid};
	for (int i = 0; i < run->n_threads; i++)
		if (run->threads[i].pid == pid && run->threads[i].has_left)
			thread->has_left = true;
	return thread;
}

static void undo_deeds(struct supervision *run)
{
	if (!run->done || run->options.keep)
		return;
	for (int i = run->options.n_deeds; i-- > 0;)
		deed_undo(&run->options.deeds[i], run->init);
	run->done = false;
}

static void do_deeds(struct supervision *run, const struct seccomp_notif *stop,
		     const struct call *call)
{
	static char line[20000];
	char pid[32];

	(void)snprintf(pid, sizeof(pid), "%u", stop->pid);
	call_format(call, line, sizeof(line));
	(void)setenv("SUPERVISE_PID", pid, 1);
	(void)setenv("SUPERVISE_CALL", line, 1);
	for (int i = 0; i < run->options.n_deeds; i++) {
		deed_do(&run->options.deeds[i], run->init);
		run->deeds += run->options.deeds[i].is_done;
	}
	run->done = true;
}

static bool is_time(struct supervision *run, const struct call *call)
{
	const struct options *options = &run->options;

	if (options->n_deeds == 0)
		return false;
	if (options->each)
		return call->in_root;
	if (options->at_word[0] == '\0')
		return run->n == options->at;
	return strcmp(call->word, options->at_word) == 0 && ++run->met == options->at_count;
}

/* A new end of the heap that is not had is not an error code but the old one. */
static long heap_end(pid_t pid)
{
	char path[64];
	char line[512];
	unsigned long end = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, "[heap]") != NULL)
			end = strtoul(line + strcspn(line, "-") + 1, NULL, 16);
	(void)fclose(file);
	return (long)end;
}

static void answer(struct supervision *run, const struct seccomp_notif *stop,
		   const struct call *call, struct thread *thread)
{
	struct options *options = &run->options;

	if (run->n == options->kill) {
		run->faults += kill(thread->pid, SIGKILL) == 0;
		return;
	}
	for (int i = 0; i < options->n_refusals; i++) {
		struct refusal *refusal = &options->refusals[i];

		if (refusal->done || run->n < refusal->at ||
		    (refusal->word == NULL ? run->n != refusal->at
					   : strcmp(refusal->word, call->word) != 0))
			continue;
		refusal->done = true;
		run->faults++;
		if (strcmp(call->word, "brk") == 0)
			listener_answer(&run->listener, stop, 0, heap_end((pid_t)stop->pid));
		else
			listener_answer(&run->listener, stop, refusal->code, 0);
		return;
	}
	if (strcmp(call->word, "execve") == 0)
		thread->has_left = true;
	listener_go_on(&run->listener, stop);
}

static void handle(struct supervision *run, const struct seccomp_notif *stop)
{
	static struct call call;
	static char line[20000];
	struct thread *thread = find_thread(run, (pid_t)stop->pid);

	undo_deeds(run);
	call_read(stop, &run->options.root, &call);
	/* the first ones look for the command in PATH */
	if (!run->exec_seen && strcmp(call.word, "execve") == 0) {
		listener_go_on(&run->listener, stop);
		return;
	}
	run->exec_seen = true;
	if (!run->begun)
		run->begun =
			run->options.begin == NULL || strcmp(run->options.begin, call.word) == 0;
	if (!run->begun || thread->has_left) {
		listener_go_on(&run->listener, stop);
		return;
	}
	run->n++;
	if (run->list != NULL) {
		call_format(&call, line, sizeof(line));
		(void)fprintf(run->list, "%lu\t%s\n", run->n, line);
	}
	if (is_time(run, &call))
		do_deeds(run, stop, &call);
	answer(run, stop, &call, thread);
}

static void reap(struct supervision *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run->listener.pid)
			continue;
		run->status = status;
		run->ended = true;
	}
}

static int milliseconds_left(const struct supervision *run)
{
	struct timespec now;
	int64_t left;

	if (run->end.tv_sec == 0)
		return -1;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	left = (run->end.tv_sec - now.tv_sec) * 1000 + (run->end.tv_nsec - now.tv_nsec) / 1000000;
	return left < 0 ? 0 : (int)left;
}

static void set_end(struct supervision *run, long ms)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &run->end);
	run->end.tv_sec += ms / 1000;
	run->end.tv_nsec += ms % 1000 * 1000000;
}

static void kill_all(struct supervision *run)
{
	for (int i = 0; i < run->n_threads; i++)
		(void)kill(run->threads[i].pid, SIGKILL);
	(void)kill(run->listener.pid, SIGKILL);
}

/* Until nobody is left to listen to. False: somebody outlived the command. */
static bool follow(struct supervision *run, int signals)
{
	struct pollfd fds[2] = {{.fd = run->listener.fd, .events = POLLIN},
				{.fd = signals, .events = POLLIN}};
	struct signalfd_siginfo info;
	struct seccomp_notif stop;

	for (;;) {
		int left = milliseconds_left(run);

		if (left == 0 || poll(fds, 2, left) == 0) {
			bool outlived = run->ended;

			run->late = !run->ended;
			kill_all(run);
			while (waitpid(-1, &run->status, 0) > 0)
				;
			return !outlived;
		}
		if ((fds[1].revents & POLLIN) != 0) {
			(void)!read(signals, &info, sizeof(info));
			reap(run);
			if (run->ended && waitpid(-1, NULL, WNOHANG) < 0)
				return true;
			if (run->ended)
				set_end(run, GRACE_MS);
		}
		if ((fds[0].revents & POLLIN) != 0 && listener_take(&run->listener, &stop))
			handle(run, &stop);
		else if ((fds[0].revents & POLLHUP) != 0)
			fds[0].fd = -1;
	}
}

/* "pid": of the state that the command gets on its standard input, which stays unread. */
static pid_t find_init(void)
{
	char text[65536];
	ssize_t n = pread(STDIN_FILENO, text, sizeof(text) - 1, 0);
	const char *at;
	int pid = 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, "\"pid\"");
	if (at != NULL)
		pid = (int)strtol(at + 5 + strspn(at + 5, " :"), NULL, 10);
	return pid;
}

static int finish(struct supervision *run, bool alone)
{
	int status =
		WIFEXITED(run->status) ? WEXITSTATUS(run->status) : 128 + WTERMSIG(run->status);
	FILE *file = run->options.report == NULL ? NULL : fopen(run->options.report, "we");

	undo_deeds(run);
	if (run->late)
		status = 124;
	if (!alone) {
		(void)fputs("supervise: a process outlived the command\n", stderr);
		status = 125;
	}
	if (file != NULL) {
		(void)fprintf(file, "%lu %d %lu %lu\n", run->n, status, run->deeds, run->faults);
		(void)fclose(file);
	}
	if (run->list != NULL && fclose(run->list) != 0)
		return 125;
	return status;
}

static int supervise(struct supervision *run)
{
	sigset_t mask;
	char init[32];
	int signals;
	int r;

	run->init = find_init();
	(void)snprintf(init, sizeof(init), "%d", (int)run->init);
	(void)setenv("SUPERVISE_INIT", init, 1);
	if (!run->options.inside)
		run->init = 0;
	if (run->options.list != NULL && (run->list = fopen(run->options.list, "we")) == NULL) {
		perror(run->options.list);
		return 125;
	}
	/* who is left behind is seen */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	r = signals < 0 ? -errno : listener_start(&run->listener, run->options.command);
	if (r < 0) {
		(void)fprintf(stderr, "supervise: start '%s': %s\n", run->options.command[0],
			      strerror(-r));
		return 125;
	}
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)kill(getpid(), SIGCHLD); /* it may have ended already */
	if (run->options.deadline > 0)
		set_end(run, (long)run->options.deadline * 1000);
	return finish(run, follow(run, signals));
}

int main(int argc, char **argv)
{
	static struct supervision run;

	if (!options_parse(argc, argv, &run.options))
		return 2;
	if (run.options.stage != NULL && strcmp(argv[argc - 1], run.options.stage) != 0) {
		(void)execvp(run.options.command[0], run.options.command);
		perror(run.options.command[0]);
		return 127;
	}
	return supervise(&run);
}
