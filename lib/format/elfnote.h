/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes of an ELF file: what ldconfig puts into the loader's cache, and those of others by
 * name. Pure, bounded, safe on hostile input: what is broken says nothing.
 */
#ifndef FORMAT_ELFNOTE_H
#define FORMAT_ELFNOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elfnote_form {
	bool is64;
	bool big;  /* most significant byte first */
	bool wide; /* notes are padded to 8 bytes: p_align of their segment */
	bool isa;  /* of x86: properties say levels of its instruction set */
};

struct elfnote {
	uint32_t os_version; /* NT_GNU_ABI_TAG: 0x00030200 for Linux 3.2.0; 0 = none */
	uint32_t isa_level;  /* x86 ISA needed: 0 = baseline or none, 1 = x86-64-v2 ... */
};

/** Adds what the notes of one segment say. */
void elfnote_read(const uint8_t *data, size_t len, const struct elfnote_form *form,
		  struct elfnote *ret);

/** The descriptor of the first note of that name, inside data; NULL = there is none. */
const uint8_t *elfnote_find(const uint8_t *data, size_t len, const struct elfnote_form *form,
			    const char *name, size_t *ret_len);

#endif
