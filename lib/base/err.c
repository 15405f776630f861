/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#ifdef __clang_analyzer__
#undef err_set
#undef err_sys
#undef err_at
#undef err_wrap
#undef err_hint
#undef err_nomem
#endif

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void err_begin(struct err *err, int code, unsigned line, unsigned column)
{
	err->code = code;
	err->line = line;
	err->column = column;
	err->hint = NULL;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	if (err != NULL) {
		va_list ap;

		err_begin(err, code, 0, 0);
		va_start(ap, fmt);
		(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
	}
	return -code;
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
	if (err != NULL) {
		va_list ap;
		size_t len;

		err_begin(err, code, 0, 0);
		va_start(ap, fmt);
		(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
		len = strlen(err->msg);
		(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(code));
	}
	return -code;
}

int err_at(struct err *err, int code, unsigned line, unsigned column, const char *fmt, ...)
{
	if (err != NULL) {
		va_list ap;

		err_begin(err, code, line, column);
		va_start(ap, fmt);
		(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
	}
	return -code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MSG_MAX];
	va_list ap;
	size_t len;

	if (err == NULL)
		return -EIO;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %.*s",
		       (int)(sizeof(err->msg) - 3), old);
	return -err->code;
}

int err_hint(struct err *err, const char *hint)
{
	if (err == NULL)
		return -EIO;
	err->hint = hint;
	return -err->code;
}

int err_nomem(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}

bool err_is_trouble(int code)
{
	return code == ENOMEM || code == EMFILE || code == ENFILE || code == EIO ||
	       code == ENOSPC || code == EINTR || code == EAGAIN;
}
