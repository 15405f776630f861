/* SPDX-License-Identifier: Apache-2.0 */
#include "tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

#define ROOT      "/sys/kernel/tracing"
#define INSTANCES ROOT "/instances"
#define PREFIX    "nvc-exectrace-"
#define MAX_LINE  65536

static int put(int dir, const char *file, const char *text, struct err *err)
{
	auto_fd fd = openat(dir, file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "open tracefs' '%s'", file);
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(err, errno, "write '%s' to tracefs' '%s'", text, file);
	return 0;
}

/* Those of runs that were killed. */
static void remove_stale(void)
{
	DIR *dir = opendir(INSTANCES);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char proc[sizeof(entry->d_name) + 8];

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		snprintf(proc, sizeof(proc), "/proc/%s", entry->d_name + strlen(PREFIX));
		if (access(proc, F_OK) < 0)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static int set_up(struct tracefs *trace, struct err *err)
{
	static const char *const settings[][2] = {
		{"trace_clock", "mono"},
		{"events/sched/sched_process_fork/enable", "1"},
		{"events/sched/sched_process_exec/enable", "1"},
		{"events/task/task_rename/enable", "1"},
		{"tracing_on", "1"},
	};
	char size[32];
	int r;

	snprintf(size, sizeof(size), "%d", TRACE_BUFFER_KB);
	r = put(trace->instance, "buffer_size_kb", size, err);
	for (size_t i = 0; r == 0 && i < sizeof(settings) / sizeof(settings[0]); i++)
		r = put(trace->instance, settings[i][0], settings[i][1], err);
	if (r < 0)
		return r;
	trace->pipe = openat(trace->instance, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return trace->pipe < 0 ? err_sys(err, errno, "open tracefs' 'trace_pipe'") : 0;
}

int tracefs_open(struct tracefs *trace, struct err *err)
{
	int r;

	*trace = (struct tracefs){.instance = -1, .pipe = -1, .line = malloc(MAX_LINE)};
	if (trace->line == NULL)
		return err_nomem(err);
	if (mount("tracefs", ROOT, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(err, errno, "mount tracefs on '%s'", ROOT);
	remove_stale();
	snprintf(trace->name, sizeof(trace->name), INSTANCES "/" PREFIX "%d", (int)getpid());
	if (mkdir(trace->name, 0700) < 0) {
		trace->name[0] = '\0';
		return err_sys(err, errno, "make an instance in '%s'", INSTANCES);
	}
	trace->instance = open(trace->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = trace->instance < 0 ? err_sys(err, errno, "open '%s'", trace->name)
				: set_up(trace, err);
	if (r < 0)
		tracefs_close(trace);
	return r;
}

void tracefs_close(struct tracefs *trace)
{
	if (trace->pipe >= 0)
		(void)close(trace->pipe);
	if (trace->instance >= 0)
		(void)close(trace->instance);
	if (trace->name[0] != '\0')
		(void)rmdir(trace->name);
	for (size_t i = 0; i < trace->events.n; i++)
		free(trace->events.items[i].text);
	vec_done(&trace->events);
	free(trace->line);
	*trace = (struct tracefs){.instance = -1, .pipe = -1};
}

/* What stands behind the last KEY in text, which ends before it; NULL = no such key. */
static char *cut(char *text, const char *key)
{
	char *found = NULL;

	for (char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key))
		found = at;
	if (found == NULL)
		return NULL;
	*found = '\0';
	return found + strlen(key);
}

/* The digits at text, and where they end. */
static bool number_at(const char *text, unsigned long long *ret, const char **end)
{
	char *stop = NULL;

	errno = 0;
	*ret = strtoull(text, &stop, 10);
	*end = stop;
	return stop != text && errno == 0;
}

static bool pid_at(const char *text, int *ret)
{
	unsigned long long number;
	const char *end;

	if (!number_at(text, &number, &end) || number > INT_MAX)
		return false;
	*ret = (int)number;
	return true;
}

static bool cut_pid(char *text, const char *key, int *ret)
{
	const char *value = cut(text, key);

	return value != NULL && pid_at(value, ret);
}

/* Names may hold anything, so the fields are taken from the end of the line. */
static bool fill(struct trace_event *event, char *fields)
{
	const char *text;

	switch (event->kind) {
	case TRACE_FORK:
		return cut_pid(fields, " child_pid=", &event->child) &&
		       cut(fields, " child_comm=") != NULL && cut_pid(fields, " pid=", &event->pid);
	case TRACE_EXEC:
		if (cut(fields, " old_pid=") == NULL || !cut_pid(fields, " pid=", &event->pid) ||
		    strncmp(fields, "filename=", 9) != 0)
			return false;
		event->text = strdup(fields + 9);
		return event->text != NULL;
	case TRACE_NAME:
	default:
		if (cut(fields, " oom_score_adj=") == NULL || strncmp(fields, "pid=", 4) != 0 ||
		    !pid_at(fields + 4, &event->pid))
			return false;
		text = cut(fields, " newcomm=");
		event->text = text == NULL ? NULL : strdup(text);
		return event->text != NULL;
	}
}

/* "COMM-PID   [CPU] flags SECONDS.MICROSECONDS: EVENT: FIELDS" */
static bool parse(char *line, struct trace_event *ret)
{
	static const char *const events[] = {
		[TRACE_FORK] = ": sched_process_fork: ",
		[TRACE_EXEC] = ": sched_process_exec: ",
		[TRACE_NAME] = ": task_rename: ",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char *at = strstr(line, events[i]);
		const char *time = at;
		unsigned long long seconds;
		unsigned long long us;

		if (at == NULL)
			continue;
		while (time > line && time[-1] != ' ')
			time--;
		if (!number_at(time, &seconds, &time) || *time != '.' ||
		    !number_at(time + 1, &us, &time))
			continue;
		*ret = (struct trace_event){.us = seconds * 1000000 + us,
					    .kind = (enum trace_kind)i};
		return fill(ret, at + strlen(events[i]));
	}
	return false;
}

static int take_line(struct tracefs *trace, char *line, struct err *err)
{
	struct trace_event event, *added;
	static const char mark[] = " [LOST ";
	unsigned long long lost;
	const char *at = strstr(line, mark);

	if (at != NULL && number_at(at + sizeof(mark) - 1, &lost, &at)) {
		trace->lost += (unsigned long)lost;
		return 0;
	}
	if (!parse(line, &event)) {
		trace->lost++;
		return 0;
	}
	added = vec_add(&trace->events);
	if (added == NULL) {
		free(event.text);
		return err_nomem(err);
	}
	event.seq = trace->seq++;
	*added = event;
	return 0;
}

int tracefs_read(struct tracefs *trace, int wait_ms, struct err *err)
{
	struct pollfd poller = {.fd = trace->pipe, .events = POLLIN};
	char data[65536];
	ssize_t n;

	(void)poll(&poller, 1, wait_ms);
	n = read(trace->pipe, data, sizeof(data));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
							 : err_sys(err, errno, "read 'trace_pipe'");
	for (ssize_t i = 0; i < n; i++) {
		int r = 0;

		if (data[i] != '\n' && trace->line_len < MAX_LINE - 1) {
			trace->line[trace->line_len++] = data[i];
		} else if (data[i] == '\n') {
			trace->line[trace->line_len] = '\0';
			r = take_line(trace, trace->line, err);
			trace->line_len = 0;
		}
		if (r < 0)
			return r;
	}
	return n > 0;
}

int tracefs_stop(struct tracefs *trace, struct err *err)
{
	return put(trace->instance, "tracing_on", "0", err);
}

static int in_order(const void *a, const void *b)
{
	const struct trace_event *one = a, *two = b;

	if (one->us != two->us)
		return one->us < two->us ? -1 : 1;
	return one->seq < two->seq ? -1 : one->seq > two->seq;
}

/* The pipe puts the events of all CPUs in order only as far as they are there when it is read: the
 * newest quarter waits for more. */
void tracefs_take(struct tracefs *trace, bool end, trace_take_fn take, void *arg)
{
	size_t n = trace->events.n, ready = end ? n : n - n / 4;

	if (n == 0 || (!end && n < TRACE_WINDOW))
		return;
	qsort(trace->events.items, n, sizeof(trace->events.items[0]), in_order);
	for (size_t i = 0; i < ready; i++) {
		take(arg, &trace->events.items[i]);
		free(trace->events.items[i].text);
	}
	memmove(trace->events.items, trace->events.items + ready,
		(n - ready) * sizeof(trace->events.items[0]));
	trace->events.n = n - ready;
}

unsigned long tracefs_lost(const struct tracefs *trace)
{
	static const char *const names[] = {
		"\noverrun: ", "\ncommit overrun: ", "\ndropped events: "};
	unsigned long lost = trace->lost;

	for (int cpu = 0; cpu < 4096; cpu++) {
		char path[64], text[1024] = {'\n'};
		auto_fd fd = -1;

		snprintf(path, sizeof(path), "per_cpu/cpu%d/stats", cpu);
		fd = openat(trace->instance, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, text + 1, sizeof(text) - 2) < 0)
			continue;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			const char *at = strstr(text, names[i]);

			lost += at == NULL ? 0 : strtoul(at + strlen(names[i]), NULL, 10);
		}
	}
	return lost;
}
