/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader wants to know of an ELF file, by libelf, from bytes in memory: bounded and safe
 * on hostile input. Pure.
 */
#ifndef FORMAT_ELFINFO_H
#define FORMAT_ELFINFO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define ELFINFO_MAX_SONAME 255u
#define ELFINFO_MAX_NEEDED 256u

struct elfinfo {
	unsigned bits;      /* 32 or 64 */
	uint16_t machine;   /* EM_* */
	uint16_t type;      /* ET_* */
	uint32_t flags;     /* e_flags */
	char *soname;       /* owned; NULL = none */
	char *interp;       /* PT_INTERP; owned; NULL = none */
	struct strv needed; /* DT_NEEDED in order */
};

/** -ENOEXEC: not an ELF file, or a broken one. data is not changed. */
int elfinfo_parse(const void *data, size_t len, struct elfinfo *ret, struct err *err);
void elfinfo_done(struct elfinfo *info);

#endif
