/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldflags.h"

#include <elf.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void ldflags_of_machine_and_float_abi_give_the_class(void **state)
{
	static const struct {
		uint16_t machine;
		unsigned bits;
		uint32_t e_flags, flags;
	} cases[] = {
		{EM_X86_64, 64, 0, 0x0303},
		{EM_X86_64, 32, 0, 0x0803},
		{EM_386, 32, 0, 3},
		{EM_386, 64, 0, 0},
		{EM_AARCH64, 64, 0, 0x0a03},
		{EM_AARCH64, 32, 0, 0},
		{EM_ARM, 32, 0x05000400, 0x0903},
		{EM_ARM, 32, 0x05800402, 0x0903},
		{EM_ARM, 32, 0x05000600, 0x0903},
		{EM_ARM, 32, 0x05000200, 0x0b03},
		{EM_ARM, 32, 0x05000000, 3},
		{EM_ARM, 32, 0x04000400, 3},
		{EM_ARM, 32, 0, 3},
		{EM_ARM, 64, 0x05000400, 0},
		{EM_RISCV, 64, 0, 0},
		{0, 64, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		uint32_t flags = ldflags_of(cases[i].machine, cases[i].bits, cases[i].e_flags);

		if (flags != cases[i].flags)
			fail_msg("%zu: %#x", i, flags);
	}
}

static void ldflags_as_noted_differs_by_version_of_glibc(void **state)
{
	static const struct {
		uint16_t machine;
		uint32_t e_flags;
		bool needs_libc;
		uint32_t with_231, with_236, with_241;
	} cases[] = {
		{EM_386, 0, false, 1, 1, 3},
		{EM_386, 0, true, 3, 3, 3},
		{EM_X86_64, 0, false, 0x0803, 0x0803, 0x0803},
		{EM_ARM, 0x05000400, false, 0x0903, 0x0903, 0x0903},
		{EM_ARM, 0x05000200, false, 0x0b03, 0x0b03, 0x0b03},
		{EM_ARM, 0x05000000, false, 0x0903, 3, 3},
		{EM_ARM, 0x05000000, true, 0x0903, 3, 3},
		{EM_ARM, 0x04000000, false, 1, 1, 3},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const unsigned versions[] = {231, 236, 241, 0};
		const uint32_t expected[] = {cases[i].with_231, cases[i].with_236,
					     cases[i].with_241, cases[i].with_241};

		for (size_t v = 0; v < N(versions); v++) {
			uint32_t flags = ldflags_of(cases[i].machine, 32, cases[i].e_flags);

			flags = ldflags_as_noted(flags, cases[i].machine, cases[i].e_flags,
						 versions[v], cases[i].needs_libc);
			if (flags != expected[v])
				fail_msg("%zu, glibc %u: %#x", i, versions[v], flags);
		}
	}
}

static void ldflags_is_libc_knows_what_every_program_needs(void **state)
{
	(void)state;
	assert_true(ldflags_is_libc("libc.so.6"));
	assert_true(ldflags_is_libc("libm.so.6"));
	assert_true(ldflags_is_libc("/lib/ld-linux.so.2"));
	assert_false(ldflags_is_libc("libdl.so.2"));
	assert_false(ldflags_is_libc("libc.so"));
}

static void ldflags_same_family_joins_what_one_kernel_runs(void **state)
{
	(void)state;
	assert_true(ldflags_same_family(EM_X86_64, EM_386));
	assert_true(ldflags_same_family(EM_386, EM_X86_64));
	assert_true(ldflags_same_family(EM_AARCH64, EM_ARM));
	assert_true(ldflags_same_family(EM_ARM, EM_AARCH64));
	assert_true(ldflags_same_family(EM_RISCV, EM_RISCV));
	assert_true(ldflags_same_family(0, EM_RISCV));
	assert_false(ldflags_same_family(EM_AARCH64, EM_X86_64));
	assert_false(ldflags_same_family(EM_386, EM_ARM));
	assert_false(ldflags_same_family(EM_AARCH64, 0));
}

static void ldflags_same_class_parts_what_another_loader_takes(void **state)
{
	(void)state;
	assert_true(ldflags_same_class(0x0a03, 0x0a03));
	assert_true(ldflags_same_class(1, 3));
	assert_false(ldflags_same_class(0x0a03, 0x0903));
	assert_false(ldflags_same_class(0x0303, 3));
	assert_false(ldflags_same_class(0x0303, 0x0803));
	assert_false(ldflags_same_class(0x0903, 0x0b03));
}

static void ldflags_unsigned_chars_are_arms(void **state)
{
	(void)state;
	assert_true(ldflags_unsigned_chars(EM_ARM));
	assert_true(ldflags_unsigned_chars(EM_AARCH64));
	assert_false(ldflags_unsigned_chars(EM_X86_64));
	assert_false(ldflags_unsigned_chars(EM_386));
}

static void ldflags_hwcap_is_what_ldconfig_writes(void **state)
{
	static const struct {
		uint16_t machine;
		const char *name;
		uint64_t bits;
	} cases[] = {
		{EM_X86_64, "sse2", 0x1},
		{EM_X86_64, "x86_64", 0x2},
		{EM_X86_64, "avx512_1", 0x4},
		{EM_X86_64, "i586", 0x0001000000000000},
		{EM_X86_64, "i686", 0x0002000000000000},
		{EM_X86_64, "haswell", 0x0004000000000000},
		{EM_X86_64, "xeon_phi", 0x0008000000000000},
		{EM_X86_64, "tls", 0x8000000000000000},
		{EM_386, "i686", 0x0002000000000000},
		{EM_386, "sse2", 0x1},
		{EM_386, "tls", 0x8000000000000000},
		{EM_AARCH64, "atomics", 0x100},
		{EM_AARCH64, "tls", 0x8000000000000000},
		{EM_ARM, "vfp", 0x40},
		{EM_ARM, "neon", 0x1000},
		{EM_ARM, "tls", 0x8000},
		{EM_X86_64, "neon", 0},
		{EM_X86_64, "glibc-hwcaps", 0},
		{EM_386, "i486", 0},
		{EM_AARCH64, "sve", 0},
		{EM_ARM, "v7l", 0},
		{EM_RISCV, "tls", 0},
		{EM_X86_64, "", 0},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		assert_true(ldflags_hwcap(cases[i].machine, 231, cases[i].name) == cases[i].bits);
		assert_true(ldflags_hwcap(cases[i].machine, 236, cases[i].name) == cases[i].bits);
		assert_true(ldflags_hwcap(cases[i].machine, 241, cases[i].name) == 0);
		assert_true(ldflags_hwcap(cases[i].machine, 0, cases[i].name) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldflags_of_machine_and_float_abi_give_the_class),
		cmocka_unit_test(ldflags_as_noted_differs_by_version_of_glibc),
		cmocka_unit_test(ldflags_is_libc_knows_what_every_program_needs),
		cmocka_unit_test(ldflags_same_family_joins_what_one_kernel_runs),
		cmocka_unit_test(ldflags_same_class_parts_what_another_loader_takes),
		cmocka_unit_test(ldflags_unsigned_chars_are_arms),
		cmocka_unit_test(ldflags_hwcap_is_what_ldconfig_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
