/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte is the form of the notes, the rest one segment. */
#include "format/elfnote.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elfnote note = {0};
	struct elfnote again = {0};
	struct elfnote_form form = {0};

	if (size == 0)
		return 0;
	form.is64 = (data[0] & 1) != 0;
	form.big = (data[0] & 2) != 0;
	form.wide = (data[0] & 4) != 0;
	form.isa = (data[0] & 8) != 0;
	elfnote_read(data + 1, size - 1, &form, &note);
	claim(note.isa_level <= 31 && (form.isa || note.isa_level == 0));
	elfnote_read(data + 1, size - 1, &form, &again);
	elfnote_read(data + 1, size - 1, &form, &again);
	claim(note.os_version == again.os_version && note.isa_level == again.isa_level);
	return 0;
}
