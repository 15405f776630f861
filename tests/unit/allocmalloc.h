/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For allocfail.h: a malloc() that can fail, counts, and is found by the C library, jansson, libelf
 * and the others too. With sanitizers, which define malloc() themselves, the linker's --wrap leads
 * the calls of our own archives here (tests/CMakeLists.txt).
 */
#ifndef UNIT_ALLOCMALLOC_H
#define UNIT_ALLOCMALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* volatile: the compiler takes it for granted that malloc() and free() change no variable */
static volatile struct allocfail {
	bool on;
	unsigned long at;   /* which one fails; 0 = none */
	bool from;          /* and all after it */
	unsigned long seen; /* since it was switched on */
	long live;
	unsigned long faults, bad, stopped; /* of the whole program */
} allocfail;

static inline bool allocfail_now(void)
{
	if (!allocfail.on)
		return false;
	allocfail.seen++;
	if (allocfail.at == 0 || allocfail.seen < allocfail.at ||
	    (!allocfail.from && allocfail.seen > allocfail.at))
		return false;
	errno = ENOMEM;
	return true;
}

#ifdef ALLOCFAIL_WRAP
#define ALLOCFAIL(name)   __wrap_##name
#define ALLOCFAIL_C(name) __real_##name
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);

char *__wrap_strdup(const char *text)
{
	return allocfail_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return allocfail_now() ? NULL : __real_strndup(text, len);
}
#else
#define ALLOCFAIL(name) name
#ifdef __GLIBC__
#define ALLOCFAIL_C(name) __libc_##name
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);
#else
#include "allocnext.h"
#define ALLOCFAIL_C(name) allocnext_##name
#endif

/* the libraries shall find these, and not the C library's */
#pragma GCC visibility push(default)

void free(void *old)
{
	allocfail.live -= old != NULL;
	ALLOCFAIL_C(free)(old);
}
#endif

void *ALLOCFAIL(malloc)(size_t size)
{
	void *got = allocfail_now() ? NULL : ALLOCFAIL_C(malloc)(size);

	allocfail.live += got != NULL;
	return got;
}

void *ALLOCFAIL(calloc)(size_t n, size_t size)
{
	void *got = allocfail_now() ? NULL : ALLOCFAIL_C(calloc)(n, size);

	allocfail.live += got != NULL;
	return got;
}

void *ALLOCFAIL(realloc)(void *old, size_t size)
{
	void *got = allocfail_now() ? NULL : ALLOCFAIL_C(realloc)(old, size);

	allocfail.live += (old == NULL && got != NULL) - (old != NULL && size == 0);
	return got;
}

void *ALLOCFAIL(reallocarray)(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(n, size, &bytes))
		return ALLOCFAIL(realloc)(old, bytes);
	errno = ENOMEM;
	return NULL;
}

#ifndef ALLOCFAIL_WRAP
#pragma GCC visibility pop
#endif

static inline void allocfail_start(void)
{
	allocfail.seen = 0;
	allocfail.on = true;
}

static inline void allocfail_stop(void)
{
	allocfail.on = false;
}

#ifndef ALLOCFAIL_WRAP
static jmp_buf allocfail_stopped;
void __assert_fail(const char *what, const char *file, unsigned line, const char *function);

/* jansson 2.14 ends the program where its scanner finds no room for a number (load.c,
 * lex_unget_unsave). The hook is stopped by that before it has done anything; what was allocated is
 * lost here. An assertion of anybody else is a failure. */
__attribute__((visibility("default"))) void __assert_fail(const char *what, const char *file,
							  unsigned line, const char *function)
{
	const char *name = strrchr(file, '/');

	allocfail_stop();
	name = name == NULL ? file : name + 1;
	if (strcmp(name, "load.c") == 0 && strcmp(function, "lex_unget_unsave") == 0)
		longjmp(allocfail_stopped, 1);
	fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, what);
	abort();
}
#endif

#endif
