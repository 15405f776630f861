/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error value: caller-owned, inline text, copied by value. Nothing is allocated on the error
 * path and nothing has to be freed.
 *
 * Contract of every function that takes a struct err: 0 or a positive result on success and err is
 * untouched; -errno on failure and err says what was attempted, on which object. err may be NULL.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>

#define ERR_MSG_MAX 1024 /* bytes, with the final NUL; longer texts are cut */

struct err {
	int code;         /* positive errno; part of the ABI */
	unsigned line;    /* in the input that is at fault, from 1; 0 = does not apply */
	unsigned column;  /* byte column in that line, from 1; 0 = does not apply */
	const char *hint; /* what to do about it; a string literal, or NULL */
	char msg[ERR_MSG_MAX];
};

/** Fills err with the text and returns -code. code is a positive errno. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** As err_set(), and appends ": " and the system's words for code. For failed system calls. */
int err_sys(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** As err_set(), for input at fault: keeps line and column (from 1; 0 = unknown). */
int err_at(struct err *err, int code, unsigned line, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** Puts context and ": " in front of the text there is; returns -err->code (-EIO without err). */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Sets the advice (a string literal: it is not copied) and returns -err->code. */
int err_hint(struct err *err, const char *hint);

/** -ENOMEM with its text: for allocations. */
int err_nomem(struct err *err);

/** True for a positive errno that tells of the machine's trouble (memory, fds, a failing or full
 *  disk), and nothing of the object that was asked for: whether it is there is not known then. */
bool err_is_trouble(int code);

#ifdef __clang_analyzer__
/* The analyzer sees one source at a time and would follow paths on which these give 0. */
#define err_set(...)  ((void)err_set(__VA_ARGS__), -EIO)
#define err_sys(...)  ((void)err_sys(__VA_ARGS__), -EIO)
#define err_at(...)   ((void)err_at(__VA_ARGS__), -EIO)
#define err_wrap(...) ((void)err_wrap(__VA_ARGS__), -EIO)
#define err_hint(...) ((void)err_hint(__VA_ARGS__), -EIO)
#define err_nomem(e)  ((void)err_nomem(e), -EIO)
#endif

#endif
