/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log sink: the library hands over level, module and text, and never prints. Texts come from
 * images and lists too, so control characters are escaped before a sink sees them.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#define LOG_TEXT_MAX 2048 /* bytes of one message; longer ones are cut */

struct log {
	enum log_level level; /* nothing above it reaches emit */
	void (*emit)(void *arg, enum log_level level, const char *module, const char *text);
	void *arg;
};

/** Formats and hands over one message without newline; a NULL log or emit drops it. */
void log_write(const struct log *log, enum log_level level, const char *module, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/** "error", "warning", "info" or "debug". */
const char *log_level_name(enum log_level level);

/** True if a message of that level would reach the sink: to skip costly preparation. */
bool log_reaches(const struct log *log, enum log_level level);

#define log_error(log, module, ...) log_write(log, LOG_LEVEL_ERROR, module, __VA_ARGS__)
#define log_warn(log, module, ...)  log_write(log, LOG_LEVEL_WARNING, module, __VA_ARGS__)
#define log_info(log, module, ...)  log_write(log, LOG_LEVEL_INFO, module, __VA_ARGS__)
#define log_debug(log, module, ...) log_write(log, LOG_LEVEL_DEBUG, module, __VA_ARGS__)

#endif
