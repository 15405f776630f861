/* SPDX-License-Identifier: Apache-2.0 */
#include "stub.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "code.h"

/*
 * File: headers, then the sections below in this order. Everything up to .text is one read-only,
 * executable segment; .dynamic is in a writable one, since the loader relocates its pointers in
 * place.
 */
enum part_id {
	PART_HASH,
	PART_DYNSYM,
	PART_DYNSTR,
	PART_NOTE,
	PART_TEXT,
	PART_DYNAMIC,
	PART_NAMES,
	PART_N
};

static const struct {
	const char *name;
	uint32_t type;
	uint64_t flags;
	uint32_t link; /* section numbers are part_id + 1 */
	Elf_Type data;
} part_table[PART_N] = {
	[PART_HASH] = {".hash", SHT_HASH, SHF_ALLOC, PART_DYNSYM + 1, ELF_T_WORD},
	[PART_DYNSYM] = {".dynsym", SHT_DYNSYM, SHF_ALLOC, PART_DYNSTR + 1, ELF_T_SYM},
	[PART_DYNSTR] = {".dynstr", SHT_STRTAB, SHF_ALLOC, 0, ELF_T_BYTE},
	[PART_NOTE] = {".note.ABI-tag", SHT_NOTE, SHF_ALLOC, 0, ELF_T_BYTE},
	[PART_TEXT] = {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, ELF_T_BYTE},
	[PART_DYNAMIC] = {".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, PART_DYNSTR + 1,
			  ELF_T_DYN},
	[PART_NAMES] = {".shstrtab", SHT_STRTAB, 0, 0, ELF_T_BYTE},
};

#define MAX_DYN   (STUB_MAX_NEEDED + 8u)
#define MAX_WORDS (4u + STUB_MAX_FUNCTIONS)

#define STUB_MAX_NEEDED 16u
#define N_PHDR          5u
#define NOTE_WORDS      8u

struct part {
	uint64_t offset;
	uint64_t addr;
	size_t size; /* bytes in the file */
	void *buf;
	size_t buf_size;
	size_t entry;
	uint32_t name;
};

struct work {
	Elf *elf;
	int class;
	uint64_t page;
	uint64_t end; /* of the laid out parts */
	struct part parts[PART_N];
	struct strbuf strings, names;
	size_t needed[STUB_MAX_NEEDED], n_needed, soname; /* offsets in strings */
	size_t symbol[STUB_MAX_FUNCTIONS];
	uint8_t code[STUB_MAX_FUNCTIONS * CODE_MAX];
	uint32_t hash[MAX_WORDS];
	uint32_t note[NOTE_WORDS];
	uint8_t syms[(1 + STUB_MAX_FUNCTIONS) * sizeof(Elf64_Sym)];
	uint8_t dyn[MAX_DYN * sizeof(Elf64_Dyn)];
};

static void work_done(struct work *work)
{
	(void)elf_end(work->elf);
	strbuf_done(&work->strings);
	strbuf_done(&work->names);
}

static size_t add_string(struct strbuf *strings, const char *text)
{
	size_t at = strings->len;

	strbuf_add(strings, text, strlen(text) + 1);
	return at;
}

static int elf_error(struct err *err, const char *what)
{
	return err_set(err, EIO, "%s: %s", what, elf_errmsg(-1));
}

/* Texts, code and hash table: what does not depend on addresses. */
static int work_collect(struct work *work, const struct stub *stub, struct err *err)
{
	uint32_t n = (uint32_t)stub->n_functions;

	strbuf_addc(&work->strings, '\0');
	strbuf_addc(&work->names, '\0');
	for (unsigned i = 0; i < PART_N; i++)
		work->parts[i].name = (uint32_t)add_string(&work->names, part_table[i].name);
	work->soname = add_string(&work->strings, stub->soname);
	for (size_t i = 0; i < stub->needed.n && i < STUB_MAX_NEEDED; i++)
		work->needed[work->n_needed++] = add_string(&work->strings, stub->needed.items[i]);
	for (uint32_t i = 0; i < n; i++) {
		const struct stub_function *function = &stub->functions[i];

		work->symbol[i] = add_string(&work->strings, function->name);
		if (!code_function(stub->machine, function, work->code + i * CODE_MAX))
			return err_set(err, EINVAL, "no code for ELF machine %u", stub->machine);
	}
	if (strbuf_failed(&work->strings) || strbuf_failed(&work->names))
		return err_nomem(err);

	/* name size, content size, NT_GNU_ABI_TAG, "GNU", Linux, and three numbers */
	memcpy(work->note,
	       (const uint32_t[NOTE_WORDS]){4, 16, 1, 0x00554e47u, 0, stub->os_version >> 16,
					    stub->os_version >> 8 & 0xffu,
					    stub->os_version & 0xffu},
	       sizeof(work->note));

	/* one bucket that chains all symbols */
	work->hash[0] = 1;
	work->hash[1] = n + 1;
	work->hash[2] = n > 0 ? 1 : 0;
	for (uint32_t i = 1; i < n; i++)
		work->hash[3 + i] = i + 1;
	return 0;
}

static void part_set(struct work *work, enum part_id id, void *buf, size_t size, size_t entry)
{
	struct part *part = &work->parts[id];

	part->buf = buf;
	part->buf_size = part->size = size;
	part->entry = entry;
}

static void work_layout(struct work *work, const struct stub *stub)
{
	size_t n = stub->n_functions;
	size_t sym = gelf_fsize(work->elf, ELF_T_SYM, 1, EV_CURRENT);
	size_t dyn = gelf_fsize(work->elf, ELF_T_DYN, 1, EV_CURRENT);
	uint64_t offset = gelf_fsize(work->elf, ELF_T_EHDR, 1, EV_CURRENT) +
			  gelf_fsize(work->elf, ELF_T_PHDR, N_PHDR, EV_CURRENT);

	part_set(work, PART_HASH, work->hash, (4 + n) * 4, 4);
	part_set(work, PART_DYNSYM, work->syms, (1 + n) * sym, sym);
	part_set(work, PART_DYNSTR, work->strings.data, work->strings.len, 0);
	part_set(work, PART_NOTE, work->note, stub->os_version == 0 ? 0 : sizeof(work->note), 0);
	part_set(work, PART_TEXT, work->code, n * CODE_MAX, 0);
	part_set(work, PART_DYNAMIC, work->dyn, (work->n_needed + 7) * dyn, dyn);
	part_set(work, PART_NAMES, work->names.data, work->names.len, 0);
	for (unsigned i = 0; i < PART_N; i++) {
		struct part *part = &work->parts[i];

		part->offset = (offset + 15) & ~(uint64_t)15;
		part->addr = part->offset;
		if (i == PART_DYNAMIC)
			part->addr += work->page; /* same place in the page, another page */
		if (i == PART_NAMES)
			part->addr = 0;
		offset = part->offset + part->size;
	}
	work->end = offset;
}

static bool fill_symbols(struct work *work, Elf_Data *data, const struct stub *stub)
{
	for (size_t i = 0; i < stub->n_functions; i++) {
		GElf_Sym sym = {
			.st_name = (uint32_t)work->symbol[i],
			.st_info = GELF_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = PART_TEXT + 1,
			.st_value = work->parts[PART_TEXT].addr + i * CODE_MAX,
			.st_size = CODE_MAX,
		};

		if (gelf_update_sym(data, (int)i + 1, &sym) == 0)
			return false;
	}
	return true;
}

static bool fill_dynamic(struct work *work, Elf_Data *data)
{
	const struct part *parts = work->parts;
	GElf_Dyn fixed[] = {
		{.d_tag = DT_SONAME, .d_un.d_val = work->soname},
		{.d_tag = DT_HASH, .d_un.d_ptr = parts[PART_HASH].addr},
		{.d_tag = DT_STRTAB, .d_un.d_ptr = parts[PART_DYNSTR].addr},
		{.d_tag = DT_SYMTAB, .d_un.d_ptr = parts[PART_DYNSYM].addr},
		{.d_tag = DT_STRSZ, .d_un.d_val = parts[PART_DYNSTR].size},
		{.d_tag = DT_SYMENT, .d_un.d_val = parts[PART_DYNSYM].entry},
		{.d_tag = DT_NULL},
	};
	int at = 0;

	for (size_t i = 0; i < work->n_needed; i++) {
		GElf_Dyn dyn = {.d_tag = DT_NEEDED, .d_un.d_val = work->needed[i]};

		if (gelf_update_dyn(data, at++, &dyn) == 0)
			return false;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (gelf_update_dyn(data, at++, &fixed[i]) == 0)
			return false;
	return true;
}

static int add_section(struct work *work, enum part_id id, const struct stub *stub, struct err *err)
{
	const struct part *part = &work->parts[id];
	Elf_Scn *section = elf_newscn(work->elf);
	Elf_Data *data = section == NULL ? NULL : elf_newdata(section);
	GElf_Shdr shdr;
	bool ok = true;

	if (data == NULL || gelf_getshdr(section, &shdr) == NULL)
		return elf_error(err, "new section");
	data->d_buf = part->buf;
	data->d_size = part->buf_size;
	data->d_type = part_table[id].data;
	data->d_version = EV_CURRENT;
	data->d_align = 1;
	shdr.sh_name = part->name;
	shdr.sh_type = part_table[id].type;
	shdr.sh_flags = part_table[id].flags;
	shdr.sh_link = part_table[id].link;
	shdr.sh_info = id == PART_DYNSYM ? 1 : 0; /* first symbol that is not local */
	shdr.sh_offset = part->offset;
	shdr.sh_addr = part->addr;
	shdr.sh_size = part->size;
	shdr.sh_entsize = part->entry;
	shdr.sh_addralign = id == PART_NOTE ? 4 : 16;
	if (id == PART_DYNSYM)
		ok = fill_symbols(work, data, stub);
	else if (id == PART_DYNAMIC)
		ok = fill_dynamic(work, data);
	if (!ok || gelf_update_shdr(section, &shdr) == 0)
		return elf_error(err, "fill section");
	return 0;
}

static int add_segments(struct work *work, struct err *err)
{
	const struct part *text = &work->parts[PART_TEXT];
	const struct part *dynamic = &work->parts[PART_DYNAMIC];
	const struct part *note = &work->parts[PART_NOTE];
	GElf_Phdr table[N_PHDR] = {
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = text->offset + text->size},
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_W},
		{.p_type = PT_DYNAMIC, .p_flags = PF_R | PF_W, .p_align = 8},
		{.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16},
		{.p_type = note->size == 0 ? PT_NULL : PT_NOTE, .p_flags = PF_R, .p_align = 4},
	};

	for (unsigned i = 1; i <= 2; i++) {
		table[i].p_offset = dynamic->offset;
		table[i].p_vaddr = table[i].p_paddr = dynamic->addr;
		table[i].p_filesz = table[i].p_memsz = dynamic->size;
	}
	table[4].p_offset = note->offset;
	table[4].p_vaddr = table[4].p_paddr = note->addr;
	table[4].p_filesz = table[4].p_memsz = note->size;
	table[0].p_memsz = table[0].p_filesz;
	table[0].p_align = table[1].p_align = work->page;
	if (gelf_newphdr(work->elf, N_PHDR) == NULL)
		return elf_error(err, "program headers");
	for (unsigned i = 0; i < N_PHDR; i++)
		if (gelf_update_phdr(work->elf, (int)i, &table[i]) == 0)
			return elf_error(err, "program header");
	return 0;
}

static int add_header(struct work *work, uint16_t machine, struct err *err)
{
	GElf_Ehdr ehdr;

	if (gelf_getehdr(work->elf, &ehdr) == NULL)
		return elf_error(err, "header");
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_type = ET_DYN;
	ehdr.e_machine = machine;
	ehdr.e_version = EV_CURRENT;
	ehdr.e_flags = machine == EM_ARM ? EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD : 0;
	ehdr.e_phoff = gelf_fsize(work->elf, ELF_T_EHDR, 1, EV_CURRENT);
	ehdr.e_shoff = (work->end + 15) & ~(uint64_t)15;
	ehdr.e_shstrndx = PART_NAMES + 1;
	if (gelf_update_ehdr(work->elf, &ehdr) == 0)
		return elf_error(err, "header");
	return 0;
}

int stub_write(int fd, const struct stub *stub, struct err *err)
{
	auto_done(work) struct work work = {
		.class = stub->machine == EM_ARM || stub->machine == EM_386 ? ELFCLASS32
									    : ELFCLASS64,
		.page = stub->machine == EM_X86_64 || stub->machine == EM_386 ? 0x1000 : 0x10000,
	};
	int r;

	(void)elf_version(EV_CURRENT);
	work.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (work.elf == NULL || gelf_newehdr(work.elf, work.class) == 0)
		return elf_error(err, "new ELF file");
	(void)elf_flagelf(work.elf, ELF_C_SET, ELF_F_LAYOUT);
	r = work_collect(&work, stub, err);
	if (r < 0)
		return r;
	r = add_header(&work, stub->machine, err);
	if (r < 0)
		return r;
	work_layout(&work, stub);
	r = add_segments(&work, err);
	if (r < 0)
		return r;
	for (enum part_id id = 0; id < PART_N; id++) {
		r = add_section(&work, id, stub, err);
		if (r < 0)
			return r;
	}
	r = add_header(&work, stub->machine, err); /* again, with the place of the sections */
	if (r < 0)
		return r;
	if (elf_update(work.elf, ELF_C_WRITE) < 0)
		return elf_error(err, "write ELF file");
	return 0;
}
