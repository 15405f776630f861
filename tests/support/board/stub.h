/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stub libraries: small ELF shared objects with a SONAME, dependencies and a few functions, written
 * with libelf so that a board of 300 files needs no compiler.
 */
#ifndef BOARD_STUB_H
#define BOARD_STUB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define STUB_MAX_FUNCTIONS 4u

enum stub_kind {
	STUB_RETURN, /* int f(void): gives value */
	STUB_STORE,  /* int f(int *p): *p = value, gives 0 */
};

struct stub_function {
	const char *name;
	enum stub_kind kind;
	uint32_t value;
};

struct stub {
	uint16_t machine; /* EM_X86_64, EM_AARCH64, EM_386 or EM_ARM */
	const char *soname;
	struct strv needed;
	struct stub_function functions[STUB_MAX_FUNCTIONS];
	size_t n_functions;
	uint32_t os_version; /* ABI note: 0x00020363 for Linux 2.3.99; 0 = no note */
};

/** Writes the whole library to an empty file that is open for reading and writing. */
int stub_write(int fd, const struct stub *stub, struct err *err);

#endif
