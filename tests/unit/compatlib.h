/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest library with a SONAME and NVIDIA's note on compatibility, in a section of its own.
 */
#ifndef UNIT_COMPATLIB_H
#define UNIT_COMPATLIB_H

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COMPATLIB_SECTION ".note.cuda.fwd_compatibility"
#define COMPATLIB_NAME    "NVIDIA Corporation"

struct compatlib {
	Elf64_Ehdr head;
	Elf64_Phdr parts[2];
	Elf64_Dyn entries[4];
	char strings[64];
	Elf64_Nhdr note;
	char name[20]; /* of the note, padded to four bytes */
	char text[512];
	char names[64]; /* of the sections */
	Elf64_Shdr sections[3];
};

/* json NULL: there is no such section. */
static inline void compatlib_make(struct compatlib *lib, const char *soname, uint16_t machine,
				  const char *json)
{
	*lib = (struct compatlib){
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = machine,
			 .e_version = EV_CURRENT,
			 .e_phoff = offsetof(struct compatlib, parts),
			 .e_shoff = offsetof(struct compatlib, sections),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2,
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = json == NULL ? 2 : 3,
			 .e_shstrndx = 1},
		.parts = {{.p_type = PT_LOAD, .p_filesz = sizeof(*lib), .p_memsz = sizeof(*lib)},
			  {.p_type = PT_DYNAMIC,
			   .p_offset = offsetof(struct compatlib, entries),
			   .p_vaddr = offsetof(struct compatlib, entries),
			   .p_filesz = sizeof(lib->entries)}},
		.entries = {{.d_tag = DT_STRTAB, .d_un.d_ptr = offsetof(struct compatlib, strings)},
			    {.d_tag = DT_STRSZ, .d_un.d_val = sizeof(lib->strings)},
			    {.d_tag = DT_SONAME, .d_un.d_val = 1},
			    {.d_tag = DT_NULL}},
		.sections = {{.sh_type = SHT_NULL},
			     {.sh_name = 1,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct compatlib, names),
			      .sh_size = sizeof(lib->names)},
			     {.sh_name = 11,
			      .sh_type = SHT_NOTE,
			      .sh_offset = offsetof(struct compatlib, note)}},
	};
	(void)snprintf(lib->strings + 1, sizeof(lib->strings) - 1, "%s", soname);
	memcpy(lib->names + 1, ".shstrtab", sizeof(".shstrtab"));
	memcpy(lib->names + 11, COMPATLIB_SECTION, sizeof(COMPATLIB_SECTION));
	memcpy(lib->name, COMPATLIB_NAME, sizeof(COMPATLIB_NAME));
	if (json == NULL)
		return;
	(void)snprintf(lib->text, sizeof(lib->text), "%s", json);
	lib->note = (Elf64_Nhdr){.n_namesz = sizeof(COMPATLIB_NAME),
				 .n_descsz = (Elf64_Word)strlen(lib->text) + 1,
				 .n_type = 1};
	lib->sections[2].sh_size = offsetof(struct compatlib, text) -
				   offsetof(struct compatlib, note) + strlen(lib->text) + 1;
}

#endif
