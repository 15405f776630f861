/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compatlib.h"
#include "format/elfnote.h"
#include "format/elfsection.h"
#include "oci/compat.h"
#include "runprog.h"

#define NOTE "{\"CUDA Version\": \"12.6\", \"Driver\": [535, 550], \"Device\": [8, 9]}"

static void put(const struct scratch *scratch, const char *name, const char *soname,
		const char *note)
{
	auto_free char *path = scratch_write(scratch, name, "", 0644);
	auto_file out = fopen(path, "we");
	struct compatlib lib;

	assert_non_null(out);
	compatlib_make(&lib, soname, EM_AARCH64, note);
	assert_int_equal(fwrite(&lib, sizeof(lib), 1, out), 1);
}

static void read_it(const struct scratch *scratch, struct image_compat *ret)
{
	auto_fd root = open(scratch->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(root >= 0);
	assert_int_equal(compat_read(root, COMPAT_DIR, ret, NULL), 0);
}

static void compat_folder_and_note_are_read(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};

	(void)state;
	scratch_open(&scratch);
	put(&scratch, "usr/local/cuda/compat/libcuda.so.560.35.03", "libcuda.so.1", NOTE);
	put(&scratch, "usr/local/cuda/compat/libnvidia-nvvm.so.560.35.03", "libnvidia-nvvm.so.4",
	    NULL);
	free(scratch_write(&scratch, "usr/local/cuda/compat/README", "no library", 0644));

	read_it(&scratch, &compat);

	assert_null(compat.fault);
	assert_string_equal(compat.dir, "/usr/local/cuda/compat");
	assert_string_equal(compat.version, "560.35.03");
	assert_true(compat.noted);
	assert_string_equal(compat.cuda, "12.6");
	assert_int_equal(compat.drivers.n, 2);
	assert_string_equal(compat.drivers.items[1], "550");
	assert_int_equal(compat.devices.n, 2);
	assert_int_equal(compat.libraries.n, 2);
	assert_string_equal(compat.libraries.items[0].name, "libcuda.so.560.35.03");
	assert_string_equal(compat.libraries.items[0].soname, "libcuda.so.1");
	assert_int_equal(compat.libraries.items[0].machine, EM_AARCH64);
	assert_true(compat.libraries.items[0].is64);
}

static void compat_links_of_the_folder_are_resolved_inside(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_free char *link = NULL;
	auto_free char *folder = NULL;

	(void)state;
	scratch_open(&scratch);
	put(&scratch, "opt/cuda-12.6/compat/libcuda.so.560.35.03", "libcuda.so.1", NOTE);
	folder = str_format("%s/usr", scratch.dir);
	link = str_format("%s/usr/local", scratch.dir);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mkdir(link, 0755), 0);
	free(link);
	link = str_format("%s/usr/local/cuda", scratch.dir);
	assert_int_equal(symlink("/../../opt/cuda-12.6", link), 0);

	read_it(&scratch, &compat);

	assert_string_equal(compat.dir, "/opt/cuda-12.6/compat");
}

static void compat_libcuda_that_is_a_link_does_not_count(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_free char *link = NULL;

	(void)state;
	scratch_open(&scratch);
	put(&scratch, "usr/local/cuda/compat/other", "libcuda.so.1", NOTE);
	link = str_format("%s/usr/local/cuda/compat/libcuda.so.560.1", scratch.dir);
	assert_int_equal(symlink("other", link), 0);

	read_it(&scratch, &compat);

	assert_null(compat.dir);
	assert_int_equal(compat.libraries.n, 0);
}

static void compat_fifo_does_not_stop_anybody(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_free char *fifo = NULL;

	(void)state;
	scratch_open(&scratch);
	free(scratch_write(&scratch, "usr/local/cuda/compat/x", "", 0644));
	fifo = str_format("%s/usr/local/cuda/compat/libcuda.so.560.1", scratch.dir);
	assert_int_equal(mkfifo(fifo, 0644), 0);

	read_it(&scratch, &compat);

	assert_null(compat.dir);
}

static void compat_two_libcudas_are_a_fault(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};

	(void)state;
	scratch_open(&scratch);
	put(&scratch, "usr/local/cuda/compat/libcuda.so.560.1", "libcuda.so.1", NOTE);
	put(&scratch, "usr/local/cuda/compat/libcuda.so.555.1", "libcuda.so.1", NULL);

	read_it(&scratch, &compat);

	assert_non_null(compat.dir);
	assert_string_equal(compat.fault, "there is more than one libcuda in it");
}

static void compat_broken_libcuda_is_a_fault(void **state)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};

	(void)state;
	scratch_open(&scratch);
	free(scratch_write(&scratch, "usr/local/cuda/compat/libcuda.so.560.1", "no ELF", 0644));

	read_it(&scratch, &compat);

	assert_string_equal(compat.fault, "its libcuda is no library");
	assert_int_equal(compat.libraries.n, 0);
}

static void compat_note_that_is_none_is_refused(void **state)
{
	static const char *const notes[] = {
		"",
		"[]",
		"{",
		"{\"CUDA Version\": 12.6}",
		"{\"CUDA Version\": \"12.6\\n\"}",
		"{\"CUDA Version\": \"\"}",
		"{\"CUDA Version\": \"1111111111.2222222222.3333333333\"}",
		"{\"Driver\": 535}",
		"{\"Driver\": [\"535\"]}",
		"{\"Driver\": [-1]}",
		"{\"Device\": [1.5]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		auto_done(image_compat) struct image_compat compat = {.dir = NULL};
		struct err err = {0};

		if (compat_parse_note(notes[i], strlen(notes[i]), &compat, &err) != -EINVAL)
			fail_msg("taken for a note: %s", notes[i]);
		assert_false(compat.noted);
		assert_int_not_equal(err.msg[0], '\0');
	}
}

static bool from_memory(void *arg, uint64_t offset, void *ret, size_t len)
{
	memcpy(ret, (const uint8_t *)arg + offset, len);
	return true;
}

static int find_section(struct compatlib *lib, uint64_t len, size_t max)
{
	auto_done(elfsection) struct elfsection section = {.data = NULL};

	return elfsection_read(from_memory, lib, len, COMPATLIB_SECTION, max, &section);
}

static void elfsection_is_bounded(void **state)
{
	struct compatlib lib;

	(void)state;
	compatlib_make(&lib, "libcuda.so.1", EM_X86_64, NOTE);
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 1);
	assert_int_equal(find_section(&lib, sizeof(lib), (size_t)lib.sections[2].sh_size - 1), 0);
	/* the file is cut off in the table */
	assert_int_equal(find_section(&lib, sizeof(lib) - 1, 4096), 0);
	/* places far outside, where sums wrap */
	lib.sections[2].sh_offset = UINT64_MAX - 4;
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 0);
	lib.sections[1].sh_offset = UINT64_MAX - 4;
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 0);
	lib.head.e_shoff = UINT64_MAX - 63;
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 0);
}

static void elfsection_without_bytes_in_the_file_is_none(void **state)
{
	struct compatlib lib;

	(void)state;
	compatlib_make(&lib, "libcuda.so.1", EM_X86_64, NOTE);
	lib.sections[2].sh_type = SHT_NOBITS;
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 0);
	compatlib_make(&lib, "libcuda.so.1", EM_X86_64, NULL);
	assert_int_equal(find_section(&lib, sizeof(lib), 4096), 0);
}

static void elfnote_of_another_name_is_stepped_over(void **state)
{
	static const uint8_t notes[] = {4,   0, 0, 0, 2,   0,   0,   0, 9,   0,   0,   0, 'G', 'N',
					'U', 0, 1, 2, 0,   0,   4,   0, 0,   0,   3,   0, 0,   0,
					9,   0, 0, 0, 'a', 'b', 'c', 0, 'x', 'y', 'z', 0};
	const struct elfnote_form form = {.is64 = true};
	const uint8_t *text;
	size_t len = 0;

	(void)state;
	text = elfnote_find(notes, sizeof(notes), &form, "abc", &len);
	assert_ptr_equal(text, notes + 36);
	assert_int_equal(len, 3);
	assert_null(elfnote_find(notes, sizeof(notes), &form, "abcd", &len));
	assert_null(elfnote_find(notes, 38, &form, "abc", &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compat_folder_and_note_are_read),
		cmocka_unit_test(compat_links_of_the_folder_are_resolved_inside),
		cmocka_unit_test(compat_libcuda_that_is_a_link_does_not_count),
		cmocka_unit_test(compat_fifo_does_not_stop_anybody),
		cmocka_unit_test(compat_two_libcudas_are_a_fault),
		cmocka_unit_test(compat_broken_libcuda_is_a_fault),
		cmocka_unit_test(compat_note_that_is_none_is_refused),
		cmocka_unit_test(elfsection_is_bounded),
		cmocka_unit_test(elfsection_without_bytes_in_the_file_is_none),
		cmocka_unit_test(elfnote_of_another_name_is_stepped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
