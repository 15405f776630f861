/* SPDX-License-Identifier: Apache-2.0 */
#include "format/elfnote.h"

#include <elf.h>
#include <string.h>

#define HEAD_LEN 12u /* sizes of name and descriptor, type */

/* GNU_PROPERTY_X86_ISA_1_NEEDED, which is an older number in headers before glibc 2.33 */
#define X86_ISA_1_NEEDED 0xc0008002u

/* What is left of the bytes. */
struct rest {
	const uint8_t *data;
	size_t len;
};

static uint32_t word(const uint8_t *at, bool big)
{
	if (big)
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* Takes len bytes, and those that pad them as far as there are any; NULL when there are fewer. */
static const uint8_t *take(struct rest *rest, size_t len, size_t align)
{
	const uint8_t *taken = rest->data;
	size_t padded;

	if (len > rest->len)
		return NULL;
	padded = (len + align - 1) / align * align;
	if (padded > rest->len)
		padded = rest->len;
	rest->data += padded;
	rest->len -= padded;
	return taken;
}

static void read_abi(const uint8_t *text, size_t len, bool big, struct elfnote *ret)
{
	uint32_t version;

	if (len < 16 || ret->os_version != 0)
		return;
	version = word(text, big) << 24;
	for (unsigned i = 1; i < 4; i++)
		version |= (word(text + 4 * (size_t)i, big) & 0xff) << (24 - 8 * i);
	ret->os_version = version;
}

static void read_properties(struct rest rest, const struct elfnote_form *form, struct elfnote *ret)
{
	size_t align = form->is64 ? 8 : 4;
	const uint8_t *head, *value;

	while ((head = take(&rest, 8, 4)) != NULL) {
		uint32_t size = word(head + 4, form->big);

		value = take(&rest, size, align);
		if (value == NULL)
			return;
		if (word(head, form->big) != X86_ISA_1_NEEDED || size != 4)
			continue;
		ret->isa_level = 0;
		for (uint32_t bits = word(value, form->big) >> 1; bits != 0; bits >>= 1)
			ret->isa_level++;
	}
}

struct note {
	const uint8_t *name, *text;
	uint32_t name_len, text_len, type;
};

/* The next note, if it is whole. */
static bool next_note(struct rest *rest, const struct elfnote_form *form, struct note *ret)
{
	const uint8_t *head = take(rest, HEAD_LEN, 1);

	if (head == NULL)
		return false;
	ret->name_len = word(head, form->big);
	ret->text_len = word(head + 4, form->big);
	ret->type = word(head + 8, form->big);
	/* the name's padding brings the descriptor to the alignment from the note's start, which
	 * for "GNU" is the same with both */
	ret->name = take(rest, ret->name_len, 4);
	ret->text = ret->name == NULL ? NULL : take(rest, ret->text_len, form->wide ? 8 : 4);
	return ret->text != NULL;
}

static bool is_named(const struct note *note, const char *name)
{
	size_t len = strlen(name) + 1;

	return note->name_len == len && memcmp(note->name, name, len) == 0;
}

const uint8_t *elfnote_find(const uint8_t *data, size_t len, const struct elfnote_form *form,
			    const char *name, size_t *ret_len)
{
	struct rest rest = {.data = data, .len = len};
	struct note note;

	while (next_note(&rest, form, &note)) {
		if (is_named(&note, name)) {
			*ret_len = note.text_len;
			return note.text;
		}
	}
	return NULL;
}

void elfnote_read(const uint8_t *data, size_t len, const struct elfnote_form *form,
		  struct elfnote *ret)
{
	struct rest rest = {.data = data, .len = len};
	struct note note;

	while (next_note(&rest, form, &note)) {
		if (!is_named(&note, ELF_NOTE_GNU))
			continue;
		if (note.type == NT_GNU_ABI_TAG)
			read_abi(note.text, note.text_len, form->big, ret);
		else if (note.type == NT_GNU_PROPERTY_TYPE_0 && form->isa)
			read_properties((struct rest){note.text, note.text_len}, form, ret);
	}
}
