/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "oci/image.h"
#include "runprog.h"

/* A 64-bit ELF file with that loader, or a static one. */
static void write_program(const struct scratch *scratch, const char *name, uint16_t machine,
			  const char *interp)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		char interp[64];
	} file = {.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_DYN,
			     .e_machine = machine,
			     .e_version = EV_CURRENT,
			     .e_ehsize = sizeof(Elf64_Ehdr),
			     .e_phoff = sizeof(Elf64_Ehdr),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 1}};
	auto_free char *path = scratch_write(scratch, name, "", 0755);
	auto_file out = fopen(path, "we");

	assert_non_null(out);
	file.segment.p_type = interp == NULL ? PT_NOTE : PT_INTERP;
	file.segment.p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
	file.segment.p_filesz = interp == NULL ? 0 : strlen(interp) + 1;
	(void)snprintf(file.interp, sizeof(file.interp), "%s", interp == NULL ? "" : interp);
	assert_int_equal(fwrite(&file, sizeof(file), 1, out), 1);
}

static void expect_image(const struct scratch *scratch, uint16_t machine, enum image_libc libc)
{
	auto_fd root = open(scratch->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct image image = {.known = false};

	assert_true(root >= 0);
	assert_int_equal(image_read(root, &image, NULL), 0);
	assert_true(image.known);
	assert_int_equal(image.machine, machine);
	assert_int_equal(image.libc, libc);
}

static void image_program_tells_machine_and_libc(void **unused)
{
	static const struct {
		const char *interp;
		enum image_libc libc;
	} cases[] = {{"/lib/ld-linux-aarch64.so.1", LIBC_GLIBC},
		     {"/lib/ld-musl-aarch64.so.1", LIBC_MUSL},
		     {NULL, LIBC_NONE}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(scratch) struct scratch scratch = {.dir = ""};

		scratch_open(&scratch);
		write_program(&scratch, "bin/sh", EM_AARCH64, cases[i].interp);
		expect_image(&scratch, EM_AARCH64, cases[i].libc);
	}
}

static void image_static_shell_beside_a_loader_has_a_libc(void **unused)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};

	(void)unused;
	scratch_open(&scratch);
	write_program(&scratch, "bin/busybox", EM_AARCH64, NULL);
	free(scratch_write(&scratch, "lib64/ld-linux-x86-64.so.2", "", 0755));
	free(scratch_write(&scratch, "lib/ld-musl-aarch64.so.1", "", 0755));
	expect_image(&scratch, EM_AARCH64, LIBC_MUSL);
}

static void image_without_programs_is_told_by_its_loader(void **unused)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};

	(void)unused;
	scratch_open(&scratch);
	free(scratch_write(&scratch, "lib/ld-linux-aarch64.so.1", "", 0755));
	expect_image(&scratch, EM_AARCH64, LIBC_GLIBC);
}

static void image_that_is_hostile_stays_unknown(void **unused)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_free char *fifo = NULL;
	auto_free char *link = NULL;

	(void)unused;
	scratch_open(&scratch);
	free(scratch_write(&scratch, "bin/busybox", "\177ELF\2\1\1 but not really", 0755));
	fifo = str_format("%s/bin/sh", scratch.dir);
	link = str_format("%s/bin/bash", scratch.dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	/* would be the host's shell, were it not resolved inside the root */
	assert_int_equal(symlink("../../../../../../../../../../bin/sh", link), 0);
	expect_image(&scratch, 0, LIBC_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_program_tells_machine_and_libc),
		cmocka_unit_test(image_static_shell_beside_a_loader_has_a_libc),
		cmocka_unit_test(image_without_programs_is_told_by_its_loader),
		cmocka_unit_test(image_that_is_hostile_stays_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
