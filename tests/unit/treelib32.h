/* SPDX-License-Identifier: Apache-2.0 */
/* As treelib.h, of 32 bits. */
#ifndef UNIT_TREELIB32_H
#define UNIT_TREELIB32_H

#include <elf.h>

#include "tree.h"

struct treelib32 {
	Elf32_Ehdr head;
	Elf32_Phdr parts[2];
	Elf32_Dyn entries[4];
	char strings[128];
};

static inline void treelib32_write(const struct tree *tree, const char *path, const char *soname)
{
	struct treelib32 lib = {
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				     EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = EM_386,
			 .e_version = EV_CURRENT,
			 .e_phoff = offsetof(struct treelib32, parts),
			 .e_ehsize = sizeof(Elf32_Ehdr),
			 .e_phentsize = sizeof(Elf32_Phdr),
			 .e_phnum = 2},
		.parts = {{.p_type = PT_LOAD,
			   .p_flags = PF_R,
			   .p_filesz = sizeof(lib),
			   .p_memsz = sizeof(lib),
			   .p_align = 4096},
			  {.p_type = PT_DYNAMIC,
			   .p_flags = PF_R,
			   .p_offset = offsetof(struct treelib32, entries),
			   .p_vaddr = offsetof(struct treelib32, entries),
			   .p_filesz = sizeof(lib.entries),
			   .p_memsz = sizeof(lib.entries),
			   .p_align = 4}},
		.entries = {{.d_tag = DT_STRTAB, .d_un.d_ptr = offsetof(struct treelib32, strings)},
			    {.d_tag = DT_STRSZ, .d_un.d_val = sizeof(lib.strings)},
			    {.d_tag = DT_SONAME, .d_un.d_val = 1},
			    {.d_tag = DT_NULL}},
	};

	(void)snprintf(lib.strings + 1, sizeof(lib.strings) - 1, "%s", soname);
	tree_write(tree, path, (const char *)&lib, sizeof(lib), 0644);
}

#endif
