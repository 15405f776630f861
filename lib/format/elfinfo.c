/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libelf only translates records here (class and byte order). It never sees the file as a whole:
 * its walk over section headers has had faults with crafted files, and the loader's view, program
 * headers and the dynamic table, needs no sections.
 */
#include "format/elfinfo.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "format/elfnote.h"

#define MAX_PROGRAM_HEADERS 1024u
#define MAX_DYNAMIC         65536u /* entries */
#define MAX_NOTES           4u     /* segments of them that are read */
#define MAX_NOTES_LEN       1024u  /* bytes of each */

#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553
#endif

struct image {
	elfinfo_read_fn read;
	void *arg; /* of read */
	uint64_t len;
	bool notes; /* are wanted */
	bool is64;
	unsigned encoding; /* ELFDATA2LSB or ELFDATA2MSB */
	GElf_Ehdr header;
	GElf_Phdr *segments; /* owned; header.e_phnum of them */
};

/* What the dynamic table says, addresses not yet looked up. */
struct dynamic {
	uint64_t strings; /* address of the string table */
	uint64_t strings_len;
	uint64_t soname;
	bool has_soname;
	uint64_t needed[ELFINFO_MAX_NEEDED];
	unsigned n_needed;
};

static void image_done(struct image *image)
{
	free(image->segments);
	image->segments = NULL;
}

static bool in_file(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->len && size <= image->len - offset;
}

static bool copy_at(const struct image *image, uint64_t offset, void *ret, size_t size)
{
	return in_file(image, offset, size) && image->read(image->arg, offset, ret, size);
}

/* Translates one record of the file into the host's form; ret holds the record's class. */
static bool translate(const struct image *image, uint64_t offset, Elf_Type type, void *ret,
		      size_t size)
{
	Elf_Data data = {.d_buf = ret, .d_size = size, .d_type = type, .d_version = EV_CURRENT};

	if (!copy_at(image, offset, ret, size))
		return false;
	if (image->is64)
		return elf64_xlatetom(&data, &data, image->encoding) != NULL;
	return elf32_xlatetom(&data, &data, image->encoding) != NULL;
}

static bool read_header(struct image *image)
{
	GElf_Ehdr *header = &image->header;
	Elf32_Ehdr narrow;

	if (image->is64)
		return translate(image, 0, ELF_T_EHDR, header, sizeof(*header));
	if (!translate(image, 0, ELF_T_EHDR, &narrow, sizeof(narrow)))
		return false;
	memcpy(header->e_ident, narrow.e_ident, EI_NIDENT);
	header->e_type = narrow.e_type;
	header->e_machine = narrow.e_machine;
	header->e_version = narrow.e_version;
	header->e_phoff = narrow.e_phoff;
	header->e_flags = narrow.e_flags;
	header->e_phentsize = narrow.e_phentsize;
	header->e_phnum = narrow.e_phnum;
	return true;
}

static bool read_segment(const struct image *image, uint64_t offset, GElf_Phdr *ret)
{
	Elf32_Phdr narrow;

	if (image->is64)
		return translate(image, offset, ELF_T_PHDR, ret, sizeof(*ret));
	if (!translate(image, offset, ELF_T_PHDR, &narrow, sizeof(narrow)))
		return false;
	ret->p_type = narrow.p_type;
	ret->p_offset = narrow.p_offset;
	ret->p_vaddr = narrow.p_vaddr;
	ret->p_filesz = narrow.p_filesz;
	ret->p_align = narrow.p_align;
	return true;
}

static bool read_dynamic(const struct image *image, uint64_t offset, GElf_Dyn *ret)
{
	Elf32_Dyn narrow;

	if (image->is64)
		return translate(image, offset, ELF_T_DYN, ret, sizeof(*ret));
	if (!translate(image, offset, ELF_T_DYN, &narrow, sizeof(narrow)))
		return false;
	ret->d_tag = narrow.d_tag;
	ret->d_un.d_val = narrow.d_un.d_val;
	return true;
}

static const char *open_header(struct image *image)
{
	uint8_t ident[EI_NIDENT];

	if (!copy_at(image, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return "not an ELF file";
	if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
	    (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB) ||
	    ident[EI_VERSION] != EV_CURRENT || elf_version(EV_CURRENT) == EV_NONE)
		return "an ELF file of an unknown class, byte order or version";
	image->is64 = ident[EI_CLASS] == ELFCLASS64;
	image->encoding = ident[EI_DATA];
	return read_header(image) ? NULL : "the ELF header is cut off";
}

/* NULL, or what is wrong. -ENOMEM shows as image->segments == NULL with e_phnum > 0. */
static const char *open_segments(struct image *image)
{
	size_t size = image->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t n = image->header.e_phnum;

	if (n == 0)
		return NULL;
	if (n > MAX_PROGRAM_HEADERS || image->header.e_phentsize != size ||
	    !in_file(image, image->header.e_phoff, n * size))
		return "the program headers lie outside of the file";
	image->segments = calloc(n, sizeof(*image->segments));
	for (size_t i = 0; image->segments != NULL && i < n; i++) {
		if (!read_segment(image, image->header.e_phoff + i * size, &image->segments[i]))
			return "a program header cannot be read";
	}
	return NULL;
}

static const GElf_Phdr *find_segment(const struct image *image, uint32_t type)
{
	for (size_t i = 0; i < image->header.e_phnum; i++) {
		if (image->segments[i].p_type == type)
			return &image->segments[i];
	}
	return NULL;
}

/* Where an address lies in the file, and how many bytes of its segment follow there. */
static bool find_address(const struct image *image, uint64_t address, uint64_t *ret_offset,
			 uint64_t *ret_left)
{
	for (size_t i = 0; i < image->header.e_phnum; i++) {
		const GElf_Phdr *segment = &image->segments[i];
		uint64_t inside = address - segment->p_vaddr;

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    inside >= segment->p_filesz ||
		    !in_file(image, segment->p_offset, segment->p_filesz))
			continue;
		*ret_offset = segment->p_offset + inside;
		*ret_left = segment->p_filesz - inside;
		return true;
	}
	return false;
}

/* 0, or -ENOEXEC when there are too many needed libraries. */
static int note_dynamic(struct dynamic *dynamic, const GElf_Dyn *entry)
{
	switch (entry->d_tag) {
	case DT_STRTAB:
		dynamic->strings = entry->d_un.d_ptr;
		break;
	case DT_STRSZ:
		dynamic->strings_len = entry->d_un.d_val;
		break;
	case DT_SONAME:
		dynamic->soname = entry->d_un.d_val;
		dynamic->has_soname = true;
		break;
	case DT_NEEDED:
		if (dynamic->n_needed == ELFINFO_MAX_NEEDED)
			return -ENOEXEC;
		dynamic->needed[dynamic->n_needed++] = entry->d_un.d_val;
		break;
	default:
		break;
	}
	return 0;
}

static const char *walk_dynamic(const struct image *image, const GElf_Phdr *segment,
				struct dynamic *dynamic)
{
	size_t size = image->is64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	uint64_t n = segment->p_filesz / size;

	if (!in_file(image, segment->p_offset, segment->p_filesz))
		return "the dynamic table lies outside of the file";
	for (uint64_t i = 0; i < n; i++) {
		GElf_Dyn entry;

		if (i == MAX_DYNAMIC)
			return "the dynamic table is too long";
		if (!read_dynamic(image, segment->p_offset + i * size, &entry))
			return "the dynamic table cannot be read";
		if (entry.d_tag == DT_NULL)
			break;
		if (note_dynamic(dynamic, &entry) < 0)
			return "more than 256 needed libraries";
	}
	return NULL;
}

/* Copies the string at an offset of the string table; false when it is not whole or too long. */
static bool string_at(const struct image *image, const struct dynamic *dynamic, uint64_t index,
		      char ret[ELFINFO_MAX_SONAME + 1])
{
	uint64_t offset;
	uint64_t left;

	if (!find_address(image, dynamic->strings, &offset, &left))
		return false;
	if (left > dynamic->strings_len)
		left = dynamic->strings_len;
	if (index >= left)
		return false;
	left -= index;
	if (left > ELFINFO_MAX_SONAME + 1)
		left = ELFINFO_MAX_SONAME + 1;
	return copy_at(image, offset + index, ret, (size_t)left) &&
	       memchr(ret, '\0', (size_t)left) != NULL;
}

/* 0, -ENOEXEC or -ENOMEM. */
static int take_names(const struct image *image, const struct dynamic *dynamic,
		      struct elfinfo *info)
{
	char text[ELFINFO_MAX_SONAME + 1];

	if (dynamic->has_soname) {
		if (!string_at(image, dynamic, dynamic->soname, text))
			return -ENOEXEC;
		/* The loader takes an empty one for none. */
		info->soname = *text == '\0' ? NULL : strdup(text);
		if (*text != '\0' && info->soname == NULL)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < dynamic->n_needed; i++) {
		if (!string_at(image, dynamic, dynamic->needed[i], text))
			return -ENOEXEC;
		if (strv_add(&info->needed, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int take_interp(const struct image *image, struct elfinfo *info)
{
	const GElf_Phdr *segment = find_segment(image, PT_INTERP);
	char text[PATH_MAX];
	size_t len;

	if (segment == NULL)
		return 0;
	if (segment->p_filesz == 0 || segment->p_filesz > sizeof(text))
		return -ENOEXEC;
	len = (size_t)segment->p_filesz;
	if (!copy_at(image, segment->p_offset, text, len) || memchr(text, '\0', len) == NULL)
		return -ENOEXEC;
	info->interp = strdup(text);
	return info->interp == NULL ? -ENOMEM : 0;
}

/* ldconfig looks for the ABI in PT_NOTE and for the ISA in PT_GNU_PROPERTY. */
static void take_notes(const struct image *image, struct elfinfo *info)
{
	struct elfnote abi = {0}, property = {0};
	unsigned n = 0;

	for (size_t i = 0; i < image->header.e_phnum && n < MAX_NOTES; i++) {
		const GElf_Phdr *segment = &image->segments[i];
		const struct elfnote_form form = {
			.is64 = image->is64,
			.big = image->encoding == ELFDATA2MSB,
			.wide = segment->p_align == 8,
			.isa = info->machine == EM_X86_64 || info->machine == EM_386,
		};
		uint8_t text[MAX_NOTES_LEN];
		size_t len =
			segment->p_filesz < sizeof(text) ? (size_t)segment->p_filesz : sizeof(text);

		if (segment->p_type != PT_NOTE && segment->p_type != PT_GNU_PROPERTY)
			continue;
		n++;
		if (copy_at(image, segment->p_offset, text, len))
			elfnote_read(text, len, &form,
				     segment->p_type == PT_NOTE ? &abi : &property);
	}
	info->noted = true;
	info->os_version = abi.os_version;
	info->isa_level = property.isa_level;
}

static int broken(struct err *err, const char *what)
{
	return err_set(err, ENOEXEC, "read the ELF file: %s", what);
}

static int fill(const struct image *image, struct elfinfo *info, struct err *err)
{
	const GElf_Phdr *segment = find_segment(image, PT_DYNAMIC);
	struct dynamic dynamic = {0};
	const char *fault = NULL;
	int ret;

	info->dynamic = segment != NULL;
	if (segment != NULL)
		fault = walk_dynamic(image, segment, &dynamic);
	if (fault != NULL)
		return broken(err, fault);
	ret = take_names(image, &dynamic, info);
	if (ret == -ENOEXEC)
		return broken(err, "a name in the dynamic table is not a string of the file");
	if (ret == 0) {
		ret = take_interp(image, info);
		if (ret == -ENOEXEC)
			return broken(err, "the interpreter is not a string of the file");
	}
	if (ret == -ENOMEM)
		return err_nomem(err);
	return 0;
}

static int parse(struct image *image, struct elfinfo *ret, struct err *err)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	const char *fault = open_header(image);
	int rc;

	if (fault == NULL)
		fault = open_segments(image);
	if (fault != NULL)
		return broken(err, fault);
	if (image->header.e_phnum > 0 && image->segments == NULL)
		return err_nomem(err);
	info.bits = image->is64 ? 64 : 32;
	info.machine = image->header.e_machine;
	info.type = image->header.e_type;
	info.flags = image->header.e_flags;
	if (image->notes)
		take_notes(image, &info);
	rc = fill(image, &info, err);
	if (rc < 0)
		return rc;
	*ret = info;
	info = (struct elfinfo){0};
	return 0;
}

int elfinfo_parse_by(elfinfo_read_fn read, void *arg, uint64_t len, struct elfinfo *ret,
		     struct err *err)
{
	auto_done(image) struct image image = {.read = read, .arg = arg, .len = len};

	return parse(&image, ret, err);
}

int elfinfo_parse_notes_by(elfinfo_read_fn read, void *arg, uint64_t len, struct elfinfo *ret,
			   struct err *err)
{
	auto_done(image) struct image image = {.read = read, .arg = arg, .len = len, .notes = true};

	return parse(&image, ret, err);
}

/* arg is the variable that holds the file's address. */
static bool read_memory(void *arg, uint64_t offset, void *ret, size_t len)
{
	memcpy(ret, *(const uint8_t *const *)arg + offset, len);
	return true;
}

int elfinfo_parse(const void *data, size_t len, struct elfinfo *ret, struct err *err)
{
	return elfinfo_parse_notes_by(read_memory, &data, len, ret, err);
}

void elfinfo_done(struct elfinfo *info)
{
	free(info->soname);
	free(info->interp);
	strv_done(&info->needed);
	*info = (struct elfinfo){0};
}
