/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldflags.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#define LAST_HWCAPS   236u /* glibc with the old hardware directories */
#define LAST_NO_LIBC  236u /* glibc that tells apart what needs no libc */
#define LAST_ALL_HARD 235u /* glibc that takes every ARM library for hard float */

uint32_t ldflags_of(uint16_t machine, unsigned bits, uint32_t e_flags)
{
	switch (machine) {
	case EM_X86_64:
		return LDCACHE_ELF_LIBC6 |
		       (bits == 64 ? LDCACHE_X8664_LIB64 : LDCACHE_X8664_LIBX32);
	case EM_386:
		return bits == 32 ? LDCACHE_ELF_LIBC6 : 0;
	case EM_AARCH64:
		return bits == 64 ? LDCACHE_ELF_LIBC6 | LDCACHE_AARCH64_LIB64 : 0;
	case EM_ARM:
		if (bits != 32)
			return 0;
		if (EF_ARM_EABI_VERSION(e_flags) != EF_ARM_EABI_VER5)
			return LDCACHE_ELF_LIBC6;
		if ((e_flags & EF_ARM_ABI_FLOAT_HARD) != 0)
			return LDCACHE_ELF_LIBC6 | LDCACHE_ARM_LIBHF;
		if ((e_flags & EF_ARM_ABI_FLOAT_SOFT) != 0)
			return LDCACHE_ELF_LIBC6 | LDCACHE_ARM_LIBSF;
		return LDCACHE_ELF_LIBC6;
	default:
		return 0;
	}
}

uint32_t ldflags_as_noted(uint32_t flags, uint16_t machine, uint32_t e_flags, unsigned glibc,
			  bool needs_libc)
{
	if (flags != LDCACHE_ELF_LIBC6 || glibc == 0)
		return flags;
	if (machine == EM_ARM && EF_ARM_EABI_VERSION(e_flags) == EF_ARM_EABI_VER5)
		return glibc <= LAST_ALL_HARD ? flags | LDCACHE_ARM_LIBHF : flags;
	return glibc <= LAST_NO_LIBC && !needs_libc ? LDCACHE_ELF : flags;
}

static bool in_list(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

bool ldflags_is_libc(const char *name)
{
	static const char *const names[] = {"libc.so.6", "libm.so.6", "/lib/ld-linux.so.2",
					    "/lib/ld-linux.so.3", "/lib/ld-linux-armhf.so.3"};

	return in_list(name, names, sizeof(names) / sizeof(names[0]));
}

bool ldflags_same_family(uint16_t machine, uint16_t other)
{
	static const uint16_t families[][2] = {{EM_X86_64, EM_386}, {EM_AARCH64, EM_ARM}};

	if (machine == 0 || machine == other)
		return true;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if ((machine == families[i][0] && other == families[i][1]) ||
		    (machine == families[i][1] && other == families[i][0]))
			return true;
	}
	return false;
}

/* 1 and 3 are for the same loader: a library that needs no libc is good with any. */
static uint32_t class_of(uint32_t flags)
{
	return flags == LDCACHE_ELF ? LDCACHE_ELF_LIBC6 : flags;
}

bool ldflags_same_class(uint32_t a, uint32_t b)
{
	return class_of(a) == class_of(b);
}

bool ldflags_unsigned_chars(uint16_t machine)
{
	return machine == EM_ARM || machine == EM_AARCH64;
}

struct hwcap {
	uint16_t machine;
	const char *name;
	uint64_t bits;
};

uint64_t ldflags_hwcap(uint16_t machine, unsigned glibc, const char *name)
{
	/* as ldconfig of 2.31 and 2.36 writes them; those of i386 are x86-64's */
	static const struct hwcap hwcaps[] = {
		{EM_X86_64, "sse2", 1},
		{EM_X86_64, "x86_64", 1u << 1},
		{EM_X86_64, "avx512_1", 1u << 2},
		{EM_X86_64, "i586", 1ull << 48},
		{EM_X86_64, "i686", 1ull << 49},
		{EM_X86_64, "haswell", 1ull << 50},
		{EM_X86_64, "xeon_phi", 1ull << 51},
		{EM_X86_64, "tls", 1ull << 63},
		{EM_AARCH64, "atomics", 1u << 8},
		{EM_AARCH64, "tls", 1ull << 63},
		{EM_ARM, "vfp", 1u << 6},
		{EM_ARM, "neon", 1u << 12},
		{EM_ARM, "tls", 1u << 15},
	};

	if (glibc == 0 || glibc > LAST_HWCAPS)
		return 0;
	if (machine == EM_386)
		machine = EM_X86_64;
	for (size_t i = 0; i < sizeof(hwcaps) / sizeof(hwcaps[0]); i++) {
		if (hwcaps[i].machine == machine && strcmp(hwcaps[i].name, name) == 0)
			return hwcaps[i].bits;
	}
	return 0;
}
