/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"

#define MAX_LINE 4096

/* Messages hold names from images and lists: nothing in them may move a terminal's cursor. */
static void put_line(const struct out *out, const char *text)
{
	char shown[MAX_LINE];

	str_escape(text, shown, sizeof(shown));
	fprintf(stderr, "%s: %s\n", out->program, shown);
}

void out_warning(const struct out *out, const char *before, const char *name, const char *behind)
{
	auto_free char *text = str_format("warning: %s'%s'%s", before, name, behind);

	if (text != NULL)
		put_line(out, text);
}

void out_open_log(struct out *out, const char *path)
{
	out->log_fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (out->log_fd < 0) {
		auto_free char *why = str_format(": %s", strerror(errno));

		out_warning(out, "no log: open ", path, why == NULL ? "" : why);
	}
}

void out_close(struct out *out)
{
	if (out->log_fd >= 0)
		(void)close(out->log_fd);
	out->log_fd = -1;
}

void out_log(void *arg, enum nvc_log_level level, const char *module, const char *text)
{
	struct out *out = arg;
	struct timespec now = {0};
	struct tm tm = {0};

	if (out->findings && strcmp(module, "csv") == 0) {
		printf("%s\n", text);
		return;
	}
	if (level <= NVC_LOG_WARNING && !out->quiet)
		fprintf(stderr, "%s: %s: %s: %s\n", out->program,
			log_level_name((enum log_level)level), module, text);
	if (out->log_fd < 0)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	dprintf(out->log_fd, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ %s[%d] %s %s: %s\n",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		now.tv_nsec / 1000, out->program, (int)getpid(),
		log_level_name((enum log_level)level), module, text);
}

int out_error(const struct out *out, const struct err *err)
{
	auto_done(strbuf) struct strbuf line = {0};

	if (out->nvidia)
		strbuf_addf(&line, "%s: ", out->fault == NULL ? "input error" : out->fault);
	strbuf_adds(&line, err->msg);
	if (err->hint != NULL)
		strbuf_addf(&line, " (%s)", err->hint);
	put_line(out, strbuf_failed(&line) ? err->msg : line.data);
	if (out->log_fd >= 0 && !strbuf_failed(&line))
		dprintf(out->log_fd, "%s[%d] error: %s\n", out->program, (int)getpid(), line.data);
	return 1;
}

int out_context_error(const struct out *out, const struct nvc_context *ctx)
{
	struct err err = {0};

	if (ctx == NULL || nvc_error_code(ctx) == 0) {
		(void)err_nomem(&err);
		return out_error(out, &err);
	}
	err.hint = nvc_error_hint(ctx);
	(void)snprintf(err.msg, sizeof(err.msg), "%s", nvc_error_message(ctx));
	return out_error(out, &err);
}

int out_text(const struct out *out, const char *text)
{
	struct err err = {0};

	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return 0;
	(void)err_sys(&err, errno, "write the result");
	return out_error(out, &err);
}
