/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hooklog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/path.h"
#include "hook/timestamp.h"

/* Of many that see a full file one moves it away: who has the lock, while it still goes by that
 * name. -1: it is somebody else's turn. */
static int start_over(const char *path, int fd, const struct stat *st)
{
	auto_free char *old = str_format("%s.1", path);
	struct stat now;

	if (old == NULL || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	if (lstat(path, &now) < 0 || now.st_ino != st->st_ino || now.st_dev != st->st_dev ||
	    rename(path, old) < 0)
		return -1;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
}

static int open_file(const char *path)
{
	auto_fd fd =
		open(path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		     0640);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	if (st.st_size > HOOKLOG_MAX_BYTES) {
		int fresh = start_over(path, fd, &st);

		if (fresh >= 0)
			return fresh;
	}
	return take_fd(&fd);
}

void hooklog_open(struct hooklog *log, const char *path)
{
	auto_free char *dir = path == NULL ? NULL : path_dirname(path);

	if (log->fd < 0 && path != NULL && path[0] == '/') {
		if (dir != NULL)
			(void)mkdir(dir, 0755);
		log->fd = open_file(path);
	}
	if (log->fd >= 0 && log->early.len > 0)
		(void)!write(log->fd, log->early.data, log->early.len);
	log->decided = true;
	strbuf_done(&log->early);
	log->early = (struct strbuf){0};
}

void hooklog_done(struct hooklog *log)
{
	strbuf_done(&log->early);
	if (log->fd >= 0)
		(void)close(log->fd);
	log->fd = -1;
}

void hooklog_set_id(struct hooklog *log, const char *id)
{
	(void)snprintf(log->id, sizeof(log->id), "%.12s", id);
}

size_t hooklog_format(const struct hooklog *log, const struct timespec *when,
		      enum nvc_log_level level, const char *module, const char *text,
		      char ret[HOOKLOG_LINE_BYTES])
{
	char whole[TIMESTAMP_SIZE];
	size_t len;

	timestamp_format(when->tv_sec, whole);
	/* milliseconds go in front of the Z */
	(void)snprintf(ret, HOOKLOG_LINE_BYTES - 1, "%.*s.%03ldZ %s %s%s%s: %s",
		       (int)strlen(whole) - 1, whole, when->tv_nsec / 1000000,
		       log_level_name((enum log_level)level), log->id,
		       log->id[0] == '\0' ? "" : " ", module, text);
	len = strlen(ret);
	ret[len++] = '\n';
	return len;
}

void hooklog_emit(void *arg, enum nvc_log_level level, const char *module, const char *text)
{
	struct hooklog *log = arg;
	struct timespec now = {0};
	char line[HOOKLOG_LINE_BYTES];
	size_t len;

	if (log->fd < 0 && log->decided)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	len = hooklog_format(log, &now, level, module, text, line);
	/* one write for each line: several hooks share the file */
	if (log->fd >= 0)
		(void)!write(log->fd, line, len);
	else if (log->early.len + len < HOOKLOG_MAX_EARLY)
		strbuf_add(&log->early, line, len);
}

void hooklog_fail(struct hooklog *log, const char *text, const char *hint)
{
	auto_free char *whole = hint == NULL ? strdup(text) : str_format("%s (%s)", text, hint);
	char safe[HOOKLOG_LINE_BYTES / 2];
	char line[HOOKLOG_LINE_BYTES];
	int len;

	/* names of files in images get into messages */
	str_escape(whole == NULL ? text : whole, safe, sizeof(safe));
	len = snprintf(line, sizeof(line), "nvc-hook: %s\n", safe);
	while (write(STDERR_FILENO, line, (size_t)len) < 0 && errno == EINTR)
		;
	hooklog_emit(log, NVC_LOG_ERROR, "hook", safe);
}
