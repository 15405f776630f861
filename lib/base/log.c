/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

bool log_reaches(const struct log *log, enum log_level level)
{
	return log != NULL && log->emit != NULL && level <= log->level;
}

void log_write(const struct log *log, enum log_level level, const char *module, const char *fmt,
	       ...)
{
	char raw[LOG_TEXT_MAX];
	char text[LOG_TEXT_MAX];
	va_list ap;

	if (!log_reaches(log, level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	str_escape(raw, text, sizeof(text));
	log->emit(log->arg, level, module, text);
}

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};

	return names[level];
}
