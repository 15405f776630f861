/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libraries of one directory as ldconfig takes them: which names count, which of several files
 * with one SONAME is meant, what an entry names. Pure; used on what is scanned and on what a plan
 * brings. Source: ldconfig(8), and glibc's ldconfig of 2.31, 2.36 and 2.41 as observed.
 */
#ifndef FORMAT_LDSET_H
#define FORMAT_LDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

/* One name in the directory that leads to a library. */
struct ldset_file {
	const char *name;   /* borrowed until the set is done, as soname */
	bool is_link;       /* a symbolic link */
	const char *soname; /* of the library it leads to; NULL = has none */
	uint16_t machine;
	uint32_t flags; /* ldflags_of() */
	uint32_t osversion;
	uint32_t isa_level;
};

/* One library: the entry's key is soname. */
struct ldset_item {
	const char *soname; /* borrowed */
	const char *name;   /* the name that won; borrowed */
	bool is_link;       /* of name: it is the link of this SONAME itself, or one for ld(1) */
	uint16_t machine;
	uint32_t flags;
	uint32_t osversion;
	uint32_t isa_level;
};

struct ldset {
	bool unsigned_chars;
	VEC(struct ldset_item) items; /* in order of first appearance */
};

void ldset_done(struct ldset *set);

/** True if ldconfig looks at a file of this name at all ("lib*.so*", "ld-*.so*", not *.dpkg-new).
 */
bool ldset_wants(const char *name);
/** Adds one that ldset_wants(). */
int ldset_add(struct ldset *set, const struct ldset_file *file, struct err *err);

#endif
