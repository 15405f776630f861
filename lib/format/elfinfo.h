/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader wants to know of an ELF file, by libelf, from bytes in memory: bounded and safe
 * on hostile input. Pure.
 */
#ifndef FORMAT_ELFINFO_H
#define FORMAT_ELFINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define ELFINFO_MAX_SONAME 255u
#define ELFINFO_MAX_NEEDED 256u

struct elfinfo {
	unsigned bits;       /* 32 or 64 */
	uint16_t machine;    /* EM_* */
	uint16_t type;       /* ET_* */
	uint32_t flags;      /* e_flags */
	bool dynamic;        /* has a dynamic table: a library, or a program with libraries */
	bool noted;          /* the notes were read: the next two are known */
	uint32_t os_version; /* of elfnote.h */
	uint32_t isa_level;  /* of elfnote.h */
	char *soname;        /* owned; NULL = none */
	char *interp;        /* PT_INTERP; owned; NULL = none */
	struct strv needed;  /* DT_NEEDED in order */
};

/** -ENOEXEC: not an ELF file, or a broken one. data is not changed. Reads the notes. */
int elfinfo_parse(const void *data, size_t len, struct elfinfo *ret, struct err *err);

/* Copies len bytes at offset to ret, all of them or false. Only asked for what lies in the file. */
typedef bool (*elfinfo_read_fn)(void *arg, uint64_t offset, void *ret, size_t len);

/** As elfinfo_parse() for a file of len bytes that is not in memory: a library of a gigabyte takes
 *  a few reads near its start. A read that fails is a broken file. */
int elfinfo_parse_by(elfinfo_read_fn read, void *arg, uint64_t len, struct elfinfo *ret,
		     struct err *err);

/** The same with the notes, which lie near the start: mostly no read more. Notes that are broken or
 *  far too long say nothing. */
int elfinfo_parse_notes_by(elfinfo_read_fn read, void *arg, uint64_t len, struct elfinfo *ret,
			   struct err *err);
void elfinfo_done(struct elfinfo *info);

#endif
