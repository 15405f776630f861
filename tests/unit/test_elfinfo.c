/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abinote.h"
#include "base/auto.h"
#include "format/elfinfo.h"

#define LOAD_ADDRESS 0x10000u
#define STRINGS_AT   0x300u
#define DYNAMIC_AT   0x200u
#define INTERP_AT    0x280u
#define FILE_LEN     0x400u

/* A small shared object: header, PT_LOAD, PT_DYNAMIC, PT_INTERP, and the tables. */
struct image {
	uint8_t data[FILE_LEN];
	bool is64;
	bool big;
};

static void put(struct image *image, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t shift = image->big ? size - 1 - i : i;

		image->data[at + i] = (uint8_t)(value >> (8 * shift));
	}
}

static size_t header_size(const struct image *image)
{
	return image->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static void put_segment(struct image *image, unsigned i, uint32_t type, uint64_t offset,
			uint64_t size)
{
	if (image->is64) {
		size_t at = header_size(image) + i * sizeof(Elf64_Phdr);

		put(image, at, type, 4);
		put(image, at + offsetof(Elf64_Phdr, p_offset), offset, 8);
		put(image, at + offsetof(Elf64_Phdr, p_vaddr), offset + LOAD_ADDRESS, 8);
		put(image, at + offsetof(Elf64_Phdr, p_filesz), size, 8);
	} else {
		size_t at = header_size(image) + i * sizeof(Elf32_Phdr);

		put(image, at, type, 4);
		put(image, at + offsetof(Elf32_Phdr, p_offset), offset, 4);
		put(image, at + offsetof(Elf32_Phdr, p_vaddr), offset + LOAD_ADDRESS, 4);
		put(image, at + offsetof(Elf32_Phdr, p_filesz), size, 4);
	}
}

static void put_dynamic(struct image *image, unsigned i, uint64_t tag, uint64_t value)
{
	size_t size = image->is64 ? 8 : 4;

	put(image, DYNAMIC_AT + i * 2 * size, tag, size);
	put(image, DYNAMIC_AT + i * 2 * size + size, value, size);
}

static struct image make_image(bool is64, bool big)
{
	struct image image = {.is64 = is64, .big = big};
	uint8_t *data = image.data;

	memcpy(data, ELFMAG, SELFMAG);
	data[EI_CLASS] = is64 ? ELFCLASS64 : ELFCLASS32;
	data[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	data[EI_VERSION] = EV_CURRENT;
	put(&image, 16, ET_DYN, 2);
	put(&image, 18, EM_AARCH64, 2);
	put(&image, 20, EV_CURRENT, 4);
	put(&image, is64 ? 32 : 28, header_size(&image), is64 ? 8 : 4);
	put(&image, is64 ? 48 : 36, 0x5000400, 4);
	put(&image, is64 ? 54 : 42, is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	put(&image, is64 ? 56 : 44, 3, 2);
	put_segment(&image, 0, PT_LOAD, 0, FILE_LEN);
	put_segment(&image, 1, PT_DYNAMIC, DYNAMIC_AT, 0x80);
	put_segment(&image, 2, PT_INTERP, INTERP_AT, 10);
	memcpy(data + INTERP_AT, "/lib/ld.s\0", 10);
	memcpy(data + STRINGS_AT, "\0libx.so.1\0libc.so.6\0libm.so.6\0", 31);
	put_dynamic(&image, 0, DT_NEEDED, 11);
	put_dynamic(&image, 1, DT_SONAME, 1);
	put_dynamic(&image, 2, DT_NEEDED, 21);
	put_dynamic(&image, 3, DT_STRTAB, STRINGS_AT + LOAD_ADDRESS);
	put_dynamic(&image, 4, DT_STRSZ, 0x100);
	put_dynamic(&image, 5, DT_NULL, 0);
	return image;
}

static void elfinfo_both_classes_and_byte_orders_are_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		auto_done(elfinfo) struct elfinfo info = {0};
		struct image image = make_image((i & 1) != 0, (i & 2) != 0);
		struct image before = image;
		struct err err = {0};

		if (elfinfo_parse(image.data, FILE_LEN, &info, &err) < 0)
			fail_msg("%u: %s", i, err.msg);
		assert_int_equal(info.bits, image.is64 ? 64 : 32);
		assert_int_equal(info.machine, EM_AARCH64);
		assert_int_equal(info.type, ET_DYN);
		assert_int_equal(info.flags, 0x5000400);
		assert_string_equal(info.soname, "libx.so.1");
		assert_string_equal(info.interp, "/lib/ld.s");
		assert_int_equal(info.needed.n, 2);
		assert_string_equal(info.needed.items[0], "libc.so.6");
		assert_string_equal(info.needed.items[1], "libm.so.6");
		assert_memory_equal(image.data, before.data, FILE_LEN);
	}
}

static void elfinfo_every_cut_is_an_error(void **state)
{
	struct image image = make_image(true, false);

	(void)state;
	for (size_t len = 0; len < FILE_LEN; len++) {
		auto_free uint8_t *copy = malloc(len + 1);
		struct elfinfo info = {0};

		assert_non_null(copy);
		memcpy(copy + 1, image.data, len);
		assert_int_equal(elfinfo_parse(copy + 1, len, &info, NULL), -ENOEXEC);
		assert_null(info.soname);
	}
}

static void elfinfo_broken_files_are_errors(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t value;
		size_t size;
	} cases[] = {
		{"magic", 0, 'X', 1},
		{"class", EI_CLASS, 3, 1},
		{"byte order", EI_DATA, 0, 1},
		{"version", EI_VERSION, 2, 1},
		{"headers behind the end", 32, FILE_LEN - 8, 8},
		{"headers wrap", 32, UINT64_MAX - 7, 8},
		{"header size", 54, 55, 2},
		{"too many headers", 56, 0xffff, 2},
		{"dynamic behind the end", 64 + 56 + 8, FILE_LEN - 8, 8},
		{"dynamic wraps", 64 + 56 + 8, UINT64_MAX, 8},
		{"dynamic too long", 64 + 56 + 32, UINT64_MAX, 8},
		{"interpreter behind the end", 64 + 112 + 8, FILE_LEN, 8},
		{"interpreter empty", 64 + 112 + 32, 0, 8},
		{"interpreter without end", 64 + 112 + 32, 5, 8},
		{"load behind the end", 64 + 32, FILE_LEN + 1, 8},
		{"load wraps", 64 + 8, UINT64_MAX, 8},
		{"soname behind the table", DYNAMIC_AT + 24, 0x100, 8},
		{"soname wraps", DYNAMIC_AT + 24, UINT64_MAX, 8},
		{"needed behind the table", DYNAMIC_AT + 8, 0xfffff, 8},
		{"string table nowhere", DYNAMIC_AT + 56, 1, 8},
		{"string table too short", DYNAMIC_AT + 72, 5, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image image = make_image(true, false);
		struct elfinfo info = {0};
		struct err err = {0};

		put(&image, cases[i].at, cases[i].value, cases[i].size);
		if (elfinfo_parse(image.data, FILE_LEN, &info, &err) != -ENOEXEC)
			fail_msg("%s is no error", cases[i].name);
		assert_int_equal(err.code, ENOEXEC);
		assert_null(info.soname);
	}
}

static void elfinfo_long_soname_is_an_error(void **state)
{
	enum { BIG = 0x1000 };
	auto_free uint8_t *data = calloc(1, BIG);
	struct image image = make_image(true, false);
	struct elfinfo info = {0};

	(void)state;
	assert_non_null(data);
	put_segment(&image, 0, PT_LOAD, 0, BIG);
	put_dynamic(&image, 4, DT_STRSZ, 0x800);
	memcpy(data, image.data, FILE_LEN);
	memset(data + STRINGS_AT + 40, 'x', ELFINFO_MAX_SONAME + 1);
	data[DYNAMIC_AT + 24] = 40;
	assert_int_equal(elfinfo_parse(data, BIG, &info, NULL), -ENOEXEC);
	data[DYNAMIC_AT + 24] = 41;
	assert_int_equal(elfinfo_parse(data, BIG, &info, NULL), 0);
	assert_int_equal(strlen(info.soname), ELFINFO_MAX_SONAME);
	elfinfo_done(&info);
}

static void elfinfo_file_without_segments_has_a_header_only(void **state)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct image image = make_image(true, false);

	(void)state;
	put(&image, 56, 0, 2);
	assert_int_equal(elfinfo_parse(image.data, sizeof(Elf64_Ehdr), &info, NULL), 0);
	assert_int_equal(info.machine, EM_AARCH64);
	assert_null(info.soname);
	assert_null(info.interp);
}

static bool read_image(void *arg, uint64_t offset, void *ret, size_t len)
{
	memcpy(ret, (const uint8_t *)arg + offset, len);
	return true;
}

static void elfinfo_notes_are_read_where_they_are_asked_for(void **state)
{
	static const uint8_t abi[] = {4, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 'G', 'N', 'U', 0,
				      0, 0, 0, 0, 3,  0, 0, 0, 2, 0, 0, 0, 0,   0,   0,   0};
	static const uint8_t isa[] = {4, 0,    0, 0,    16, 0, 0, 0, 5, 0, 0, 0, 'G', 'N', 'U', 0,
				      2, 0x80, 0, 0xc0, 4,  0, 0, 0, 4, 0, 0, 0, 0,   0,   0,   0};
	struct image image = make_image(true, false);
	auto_done(elfinfo) struct elfinfo with = {0};
	auto_done(elfinfo) struct elfinfo without = {0};
	auto_done(elfinfo) struct elfinfo far = {0};

	(void)state;
	put(&image, 18, EM_X86_64, 2);
	put(&image, 56, 5, 2);
	put_segment(&image, 3, PT_NOTE, 0x320, sizeof(abi));
	put_segment(&image, 4, 0x6474e553, 0x340, sizeof(isa));
	put(&image, 64 + 4 * 56 + offsetof(Elf64_Phdr, p_align), 8, 8);
	memcpy(image.data + 0x320, abi, sizeof(abi));
	memcpy(image.data + 0x340, isa, sizeof(isa));

	assert_int_equal(elfinfo_parse_notes_by(read_image, image.data, FILE_LEN, &with, NULL), 0);
	assert_true(with.noted && with.dynamic);
	assert_int_equal(with.os_version, 0x00030200);
	assert_int_equal(with.isa_level, 2);
	assert_string_equal(with.soname, "libx.so.1");
	assert_int_equal(elfinfo_parse_by(read_image, image.data, FILE_LEN, &without, NULL), 0);
	assert_false(without.noted);
	assert_int_equal(without.os_version, 0);
	put_segment(&image, 3, PT_NOTE, FILE_LEN - 8, 32);
	assert_int_equal(elfinfo_parse(image.data, FILE_LEN, &far, NULL), 0);
	assert_int_equal(far.os_version, 0);
	assert_int_equal(far.isa_level, 2);
}

static void elfinfo_reads_a_mapped_program(void **state)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	auto_fd fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool libc = false;
	struct stat st;
	void *map;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(elfinfo_parse(map, (size_t)st.st_size, &info, NULL), 0);
	(void)munmap(map, (size_t)st.st_size);
	assert_int_equal(info.bits, 8 * sizeof(void *));
	assert_non_null(info.interp);
	assert_true(info.dynamic);
	assert_true(info.os_version >= 0x00020000 && info.os_version < 0x01000000);
	for (size_t i = 0; i < info.needed.n; i++)
		libc |= strncmp(info.needed.items[i], "libc.", 5) == 0;
	assert_true(libc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elfinfo_both_classes_and_byte_orders_are_read),
		cmocka_unit_test(elfinfo_every_cut_is_an_error),
		cmocka_unit_test(elfinfo_broken_files_are_errors),
		cmocka_unit_test(elfinfo_long_soname_is_an_error),
		cmocka_unit_test(elfinfo_file_without_segments_has_a_header_only),
		cmocka_unit_test(elfinfo_notes_are_read_where_they_are_asked_for),
		cmocka_unit_test(elfinfo_reads_a_mapped_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
