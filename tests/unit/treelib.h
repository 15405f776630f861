/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest shared library that has a SONAME, for boards in a folder. */
#ifndef UNIT_TREELIB_H
#define UNIT_TREELIB_H

#include <elf.h>

#include "tree.h"

struct treelib {
	Elf64_Ehdr head;
	Elf64_Phdr parts[2];
	Elf64_Dyn entries[4];
	char strings[256];
};

/* soname NULL: it has none. */
static inline void treelib_write_for(const struct tree *tree, const char *path, const char *soname,
				     uint16_t machine)
{
	static const char padding[1] = "";
	struct treelib lib = {
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = machine,
			 .e_version = EV_CURRENT,
			 .e_phoff = offsetof(struct treelib, parts),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2},
		.parts = {{.p_type = PT_LOAD,
			   .p_flags = PF_R,
			   .p_filesz = sizeof(lib),
			   .p_memsz = sizeof(lib),
			   .p_align = 4096},
			  {.p_type = PT_DYNAMIC,
			   .p_flags = PF_R,
			   .p_offset = offsetof(struct treelib, entries),
			   .p_vaddr = offsetof(struct treelib, entries),
			   .p_filesz = sizeof(lib.entries),
			   .p_memsz = sizeof(lib.entries),
			   .p_align = 8}},
		.entries = {{.d_tag = DT_STRTAB, .d_un.d_ptr = offsetof(struct treelib, strings)},
			    {.d_tag = DT_STRSZ, .d_un.d_val = sizeof(lib.strings)},
			    {.d_tag = soname == NULL ? DT_NULL : DT_SONAME,
			     .d_un.d_val = sizeof(padding)},
			    {.d_tag = DT_NULL}},
	};

	(void)snprintf(lib.strings + 1, sizeof(lib.strings) - 1, "%s",
		       soname == NULL ? "" : soname);
	tree_write(tree, path, (const char *)&lib, sizeof(lib), 0644);
}

static inline void treelib_write(const struct tree *tree, const char *path, const char *soname)
{
	treelib_write_for(tree, path, soname, EM_AARCH64);
}

#endif
