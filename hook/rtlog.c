/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/rtlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "hook/timestamp.h"

#define MAX_TEXT                                                                                   \
	(LOG_TEXT_MAX + 128) /* a whole message with its head: a cut may break a character */

/* O_NONBLOCK: a FIFO that nobody reads must not hold the container up. */
static int open_append(const char *path, int flags)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags,
		    0644);
}

void rtlog_open_debug(struct rtlog *log, const char *path)
{
	if (path != NULL && strcmp(path, "/dev/null") != 0 && log->debug_fd < 0)
		log->debug_fd = open_append(path, O_NOFOLLOW);
}

void rtlog_done(struct rtlog *log)
{
	auto_fd fd = take_fd(&log->fd);
	auto_fd debug_fd = take_fd(&log->debug_fd);

	(void)fd;
	(void)debug_fd;
}

/* text has no control characters any more: quotes and backslashes are what is left to escape. */
static void put_quoted(struct strbuf *buf, const char *text)
{
	strbuf_addc(buf, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_addc(buf, '\\');
		strbuf_addc(buf, *text);
	}
	strbuf_addc(buf, '"');
}

/* logrus's two forms, as runc writes them. */
static void write_line(int fd, bool json, enum nvc_log_level level, const char *text)
{
	auto_done(strbuf) struct strbuf line = {0};
	char now[TIMESTAMP_SIZE];

	timestamp_format(time(NULL), now);
	if (json) {
		strbuf_addf(&line,
			    "{\"level\":\"%s\",\"msg\":", log_level_name((enum log_level)level));
		put_quoted(&line, text);
		strbuf_addf(&line, ",\"time\":\"%s\"}\n", now);
	} else {
		strbuf_addf(&line, "time=\"%s\" level=%s msg=", now,
			    log_level_name((enum log_level)level));
		put_quoted(&line, text);
		strbuf_addc(&line, '\n');
	}
	/* One write, so that lines of several processes do not mix. A full disk is no reason to
	 * fail. */
	if (!strbuf_failed(&line) && write(fd, line.data, line.len) < 0)
		return;
}

static void write_engine_log(struct rtlog *log, enum nvc_log_level level, const char *text)
{
	if (log->path == NULL || log->path[0] == '\0')
		return;
	/* Links are followed, as runc does with the same path: it is the engine's. */
	if (log->fd < 0)
		log->fd = open_append(log->path, 0);
	if (log->fd >= 0)
		write_line(log->fd, log->json, level, text);
}

void rtlog_emit(void *arg, enum nvc_log_level level, const char *module, const char *text)
{
	struct rtlog *log = arg;
	char line[MAX_TEXT];

	(void)snprintf(line, sizeof(line), "nvc-runtime: %s: %s", module, text);
	if (level <= NVC_LOG_WARNING)
		write_engine_log(log, level, line);
	if (log->debug_fd >= 0)
		write_line(log->debug_fd, false, level, line);
}

void rtlog_fail(struct rtlog *log, const char *text, const char *hint)
{
	char whole[MAX_TEXT];
	char line[MAX_TEXT];

	(void)snprintf(whole, sizeof(whole), "nvc-runtime: %s%s%s", text, hint == NULL ? "" : "; ",
		       hint == NULL ? "" : hint);
	str_escape(whole, line, sizeof(line));
	write_engine_log(log, NVC_LOG_ERROR, line);
	if (log->debug_fd >= 0)
		write_line(log->debug_fd, false, NVC_LOG_ERROR, line);
	while (dprintf(STDERR_FILENO, "%s\n", line) < 0 && errno == EINTR)
		;
}
