/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ldconfig notes of a library: the flags of a cache entry from ELF facts, the bits of old
 * hardware directories, by machine and glibc version. Pure.
 * Source: glibc's sysdeps/generic/ldconfig.h, readelflib.c of each machine, dl-procinfo.
 */
#ifndef FORMAT_LDFLAGS_H
#define FORMAT_LDFLAGS_H

#include <stdbool.h>
#include <stdint.h>

enum ldcache_flag {
	LDCACHE_ELF = 0x0001,
	LDCACHE_ELF_LIBC6 = 0x0003,
	LDCACHE_X8664_LIB64 = 0x0300,
	LDCACHE_X8664_LIBX32 = 0x0800,
	LDCACHE_ARM_LIBHF = 0x0900,
	LDCACHE_AARCH64_LIB64 = 0x0a00,
	LDCACHE_ARM_LIBSF = 0x0b00,
};

/** Flags of a library; bits is 32 or 64, e_flags as in its header; 0 = of no machine we know. */
uint32_t ldflags_of(uint16_t machine, unsigned bits, uint32_t e_flags);

/** As ldconfig of that glibc (2.31 = 231, 0 = the newest) writes flags, which are ldflags_of() a
 *  library: before 2.37 those of 32 bits that need no libc have no version of it, before 2.36
 *  ARM ones that name no float ABI are hard float. The loader takes all of these alike. */
uint32_t ldflags_as_noted(uint32_t flags, uint16_t machine, uint32_t e_flags, unsigned glibc,
			  bool needs_libc);

/** True if a library that names this one (DT_NEEDED or PT_INTERP) needs libc. */
bool ldflags_is_libc(const char *name);

/** True if a loader for programs of machine shares its cache with libraries of other: x86-64 and
 *  i386, AArch64 and ARM. machine 0 = not known: true. */
bool ldflags_same_family(uint16_t machine, uint16_t other);

/** True if entries with flags a and b are for the same programs, so that only one of two with the
 *  same SONAME can be meant. */
bool ldflags_same_class(uint32_t a, uint32_t b);

/** Names in the cache of this machine are ordered by unsigned char. */
bool ldflags_unsigned_chars(uint16_t machine);

/** Bits of a subdirectory's name that ldconfig of this machine and glibc (2.31 = 231, 0 = the
 *  newest) takes for a hardware directory ("tls", "haswell", "neon"); 0 = none, as always from
 *  2.37. Those of nested ones are added, not joined: tls/tls is 0 with ldconfig, too. */
uint64_t ldflags_hwcap(uint16_t machine, unsigned glibc, const char *name);

#endif
