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
	bool unsigned_chars;          /* ldflags_unsigned_chars(); set before the first name */
	VEC(struct ldset_item) items; /* in order of first appearance */
	/* the rest is ldset.c's */
	uint32_t *slots; /* hash table: index of an item + 1, 0 = free; owned */
	size_t n_slots;  /* a power of two */
};

void ldset_done(struct ldset *set);

/** True if ldconfig looks at a file of this name at all: "lib*.so*", "ld-*.so*" and, from 2.36,
 *  "ld.so.*"; not what package managers leave for a moment ("*.dpkg-new", from 2.41). */
bool ldset_wants(const char *name);
/** Adds one that ldset_wants(). A link whose name is neither its SONAME nor one for ld(1) (ends in
 *  ".so" and begins the SONAME) counts as a file. Of several with one SONAME a file wins over a
 *  link, then the higher name, then the first; flags and the rest are the winner's. -ENOMEM. */
int ldset_add(struct ldset *set, const struct ldset_file *file, struct err *err);

#endif
