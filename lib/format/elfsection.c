/* SPDX-License-Identifier: Apache-2.0 */
#include "format/elfsection.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct elf_file {
	elfinfo_read_fn read;
	void *arg;
	uint64_t len;
	bool is64;
	bool big;
	uint64_t table; /* offset of the section headers */
	unsigned n;
	uint64_t names; /* offset of the section with names */
	uint64_t names_len;
};

struct place {
	uint64_t offset, size;
	uint32_t name, type;
};

void elfsection_done(struct elfsection *section)
{
	free(section->data);
	*section = (struct elfsection){0};
}

static bool read_at(const struct elf_file *file, uint64_t offset, void *ret, size_t size)
{
	return offset <= file->len && size <= file->len - offset &&
	       file->read(file->arg, offset, ret, size);
}

#define FIELD(file, bytes, type, member)                                                           \
	number(file, (bytes) + offsetof(type, member), sizeof(((type *)NULL)->member))

/* An unsigned number of size bytes; the caller has asked for them. */
static uint64_t number(const struct elf_file *file, const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[file->big ? i : size - 1 - i];
	return value;
}

static bool read_place(const struct elf_file *file, unsigned index, struct place *ret)
{
	uint8_t raw[sizeof(Elf64_Shdr)];
	size_t size = file->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	/* the table may lie anywhere: the sum must not wrap */
	if (file->table > file->len || !read_at(file, file->table + index * size, raw, size))
		return false;
	if (file->is64)
		*ret = (struct place){
			.offset = FIELD(file, raw, Elf64_Shdr, sh_offset),
			.size = FIELD(file, raw, Elf64_Shdr, sh_size),
			.name = (uint32_t)FIELD(file, raw, Elf64_Shdr, sh_name),
			.type = (uint32_t)FIELD(file, raw, Elf64_Shdr, sh_type),
		};
	else
		*ret = (struct place){
			.offset = FIELD(file, raw, Elf32_Shdr, sh_offset),
			.size = FIELD(file, raw, Elf32_Shdr, sh_size),
			.name = (uint32_t)FIELD(file, raw, Elf32_Shdr, sh_name),
			.type = (uint32_t)FIELD(file, raw, Elf32_Shdr, sh_type),
		};
	return true;
}

static bool read_header(struct elf_file *file, unsigned *ret_names)
{
	uint8_t raw[sizeof(Elf64_Ehdr)];
	size_t size;

	if (!read_at(file, 0, raw, EI_NIDENT) || memcmp(raw, ELFMAG, SELFMAG) != 0)
		return false;
	file->is64 = raw[EI_CLASS] == ELFCLASS64;
	file->big = raw[EI_DATA] == ELFDATA2MSB;
	size = file->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	if (!read_at(file, 0, raw, size))
		return false;
	if (file->is64) {
		file->table = FIELD(file, raw, Elf64_Ehdr, e_shoff);
		file->n = (unsigned)FIELD(file, raw, Elf64_Ehdr, e_shnum);
		*ret_names = (unsigned)FIELD(file, raw, Elf64_Ehdr, e_shstrndx);
	} else {
		file->table = FIELD(file, raw, Elf32_Ehdr, e_shoff);
		file->n = (unsigned)FIELD(file, raw, Elf32_Ehdr, e_shnum);
		*ret_names = (unsigned)FIELD(file, raw, Elf32_Ehdr, e_shstrndx);
	}
	return file->table != 0 && file->n <= ELFSECTION_MAX && *ret_names < file->n;
}

static bool is_named(const struct elf_file *file, const struct place *place, const char *name)
{
	char text[ELFSECTION_MAX_NAME + 1];
	size_t size = strlen(name) + 1;

	return place->name < file->names_len && size <= file->names_len - place->name &&
	       read_at(file, file->names + place->name, text, size) &&
	       memcmp(text, name, size) == 0;
}

static int copy(const struct elf_file *file, const struct place *place, size_t max,
		struct elfsection *ret)
{
	struct elfsection section = {.is64 = file->is64, .big = file->big};

	if (place->type == SHT_NOBITS || place->size > max)
		return 0;
	section.len = (size_t)place->size;
	section.data = malloc(section.len + 1);
	if (section.data == NULL)
		return -ENOMEM;
	if (!read_at(file, place->offset, section.data, section.len)) {
		elfsection_done(&section);
		return 0;
	}
	*ret = section;
	return 1;
}

int elfsection_read(elfinfo_read_fn read, void *arg, uint64_t len, const char *name, size_t max,
		    struct elfsection *ret)
{
	struct elf_file file = {.read = read, .arg = arg, .len = len};
	struct place place;
	unsigned names;

	if (strlen(name) > ELFSECTION_MAX_NAME || !read_header(&file, &names) ||
	    !read_place(&file, names, &place) || place.offset > len ||
	    place.size > len - place.offset)
		return 0;
	file.names = place.offset;
	file.names_len = place.size;
	for (unsigned i = 0; i < file.n; i++) {
		if (!read_place(&file, i, &place))
			return 0;
		if (is_named(&file, &place, name))
			return copy(&file, &place, max, ret);
	}
	return 0;
}
