/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's own malloc(3), for who defines these names: musl, unlike glibc, exports it by no
 * other name. Its dlsym(3) needs no memory. */
#ifndef UNIT_ALLOCNEXT_H
#define UNIT_ALLOCNEXT_H

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void *allocnext_symbol(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL)
		_exit(126);
	return symbol;
}

static void *allocnext_malloc(size_t size)
{
	static void *(*fn)(size_t size);

	if (fn == NULL)
		*(void **)&fn = allocnext_symbol("malloc");
	return fn(size);
}

static void *allocnext_realloc(void *old, size_t size)
{
	static void *(*fn)(void *old, size_t size);

	if (fn == NULL)
		*(void **)&fn = allocnext_symbol("realloc");
	return fn(old, size);
}

static void allocnext_free(void *old)
{
	static void (*fn)(void *old);

	if (fn == NULL)
		*(void **)&fn = allocnext_symbol("free");
	fn(old);
}

/* musl's own calls malloc(), which is ours */
static void *allocnext_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *got = __builtin_mul_overflow(n, size, &bytes) ? NULL : allocnext_malloc(bytes);

	return got == NULL ? NULL : memset(got, 0, bytes);
}

#endif
