/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of glibc's loader, /etc/ld.so.cache, from bytes to entries and back. Pure, bounded,
 * safe on hostile input. Formats: new ("glibc-ld.so.cache1.1") with and without extensions, and
 * files with the old table ("ld.so-1.7.0") in front of the new one; least significant byte first.
 * Source: glibc's sysdeps/generic/dl-cache.h and elf/cache.c; ldconfig(8) of 2.31, 2.36 and 2.41.
 */
#ifndef FORMAT_LDCACHE_H
#define FORMAT_LDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

#define LDCACHE_MAX_BYTES   (64u * 1024 * 1024)
#define LDCACHE_MAX_ENTRIES 500000u
#define LDCACHE_MAX_NAME    4096u /* of a key or value */

struct ldcache_entry {
	const char *key;    /* SONAME, or a file's name; borrowed */
	const char *value;  /* path in the container; borrowed */
	uint32_t flags;     /* enum ldcache_flag */
	uint32_t osversion; /* of the ABI note; glibc before 2.36 writes it */
	uint64_t hwcap;     /* bits of old hardware directories; 0 with hwcaps */
	const char *hwcaps; /* name below glibc-hwcaps ("x86-64-v3"); borrowed; NULL = none */
	uint32_t isa_level; /* with hwcaps */
};

/* A section of the extension block that is not understood: kept as it is. */
struct ldcache_section {
	uint32_t tag;
	uint32_t flags;
	const uint8_t *data; /* borrowed */
	size_t len;
};

struct ldcache {
	VEC(struct ldcache_entry) entries;
	VEC(struct ldcache_section) sections;
	const char *generator; /* borrowed, not terminated; NULL = no extension block */
	size_t generator_len;
	unsigned old_align;  /* 0 = no old table in front; else what the new one is aligned to */
	bool marks_endian;   /* glibc from 2.33 says so in the header */
	bool unsigned_chars; /* names are ordered as a machine with unsigned char does (ARM) */
};

void ldcache_done(struct ldcache *cache);

/** Reads a cache; entries borrow from data. unsigned_chars is the caller's, before or after.
 *  -EINVAL with the reason: not such a file, another byte order, anything out of its bounds. */
int ldcache_parse(const void *data, size_t len, struct ldcache *ret, struct err *err);

/** Appends a copy of *entry (strings borrowed). */
int ldcache_add(struct ldcache *cache, const struct ldcache_entry *entry, struct err *err);

/* True: the entry goes. */
typedef bool (*ldcache_drop_fn)(void *arg, const struct ldcache_entry *entry);
/** Removes entries, the others keep their order; number of those removed. */
size_t ldcache_drop(struct ldcache *cache, ldcache_drop_fn drop, void *arg);

/** Puts the entries into the order in which the loader searches; equal ones keep theirs. Linear
 *  where they are in it but for a run at the end. */
int ldcache_sort(struct ldcache *cache, struct err *err);

/** The file; entries must be sorted. The caller frees. -EFBIG. */
int ldcache_format(const struct ldcache *cache, char **ret, size_t *ret_len, struct err *err);

/** Order of names as the loader has it (digits as numbers): <0, 0, >0. */
int ldcache_compare_names(const char *a, const char *b, bool unsigned_chars);

#endif
