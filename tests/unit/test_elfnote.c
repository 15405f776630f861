/* SPDX-License-Identifier: Apache-2.0 */
#include "format/elfnote.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

#define MAX_WORDS 16

struct words {
	uint32_t at[MAX_WORDS];
	size_t n;
};

#define WORDS(...)                                                                                 \
	{                                                                                          \
		{__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)                \
	}

#define GNU 0x00554e47u /* "GNU" with its end, least significant byte first */

static struct elfnote read_words(const struct words *words, const struct elfnote_form *form,
				 size_t cut)
{
	size_t len = words->n * 4 - cut;
	auto_free uint8_t *data = malloc(len + 1); /* so that one byte too far is seen */
	struct elfnote note = {0};

	assert_non_null(data);
	for (size_t i = 0; i < len; i++) {
		uint32_t word = words->at[i / 4];
		size_t shift = form->big && word != GNU ? 3 - i % 4 : i % 4;

		data[i] = (uint8_t)(word >> (8 * shift));
	}
	elfnote_read(data, len, form, &note);
	return note;
}

static const struct {
	const char *name;
	struct elfnote_form form;
	struct words words;
	uint32_t os_version, isa_level;
} cases[] = {
	{"abi tag", {.is64 = true}, WORDS(4, 16, 1, GNU, 0, 3, 2, 0), 0x00030200, 0},
	{"abi tag, other byte order",
	 {.big = true},
	 WORDS(4, 16, 1, GNU, 0, 3, 7, 9),
	 0x00030709,
	 0},
	{"hurd's", {.is64 = true}, WORDS(4, 16, 1, GNU, 1, 0, 0, 1), 0x01000001, 0},
	{"behind a build id",
	 {.is64 = true},
	 WORDS(4, 6, 3, GNU, 0x11111111, 0x1111, 4, 16, 1, GNU, 0, 2, 6, 32),
	 0x00020620,
	 0},
	{"another owner", {.is64 = true}, WORDS(4, 16, 1, 0x00474f58, 0, 3, 2, 0), 0, 0},
	{"too short", {.is64 = true}, WORDS(4, 12, 1, GNU, 0, 3, 2), 0, 0},
	{"longer than there is", {.is64 = true}, WORDS(4, 20, 1, GNU, 0, 3, 2, 0), 0, 0},
	{"name longer than there is",
	 {.is64 = true},
	 WORDS(0xfffffffe, 16, 1, GNU, 0, 3, 2, 0),
	 0,
	 0},
	{"v3",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 16, 5, GNU, 0xc0008002, 4, 4, 0),
	 0,
	 2},
	{"baseline",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 16, 5, GNU, 0xc0008002, 4, 1, 0),
	 0,
	 0},
	{"v4 and what it includes",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 32, 5, GNU, 0xc0000002, 4, 3, 0, 0xc0008002, 4, 15, 0),
	 0,
	 3},
	{"32 bits", {.isa = true}, WORDS(4, 24, 5, GNU, 0xc0000002, 4, 3, 0xc0008002, 4, 2), 0, 1},
	{"used, not needed",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 16, 5, GNU, 0xc0010002, 4, 4, 0),
	 0,
	 0},
	{"another machine's",
	 {.is64 = true, .wide = true},
	 WORDS(4, 16, 5, GNU, 0xc0008002, 4, 4, 0),
	 0,
	 0},
	{"property of eight bytes",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 16, 5, GNU, 0xc0008002, 8, 4, 0),
	 0,
	 0},
	{"property longer than its note",
	 {.is64 = true, .wide = true, .isa = true},
	 WORDS(4, 16, 5, GNU, 0xc0008002, 12, 4, 0, 0),
	 0,
	 0},
};

static void elfnote_read_finds_version_and_level(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfnote note = read_words(&cases[i].words, &cases[i].form, 0);

		if (note.os_version != cases[i].os_version || note.isa_level != cases[i].isa_level)
			fail_msg("%s: %#x %u", cases[i].name, note.os_version, note.isa_level);
	}
}

/* Padding may be missing at the end, nothing else. */
static void elfnote_read_cut_notes_say_nothing_or_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t cut = 1; cut <= cases[i].words.n * 4; cut++) {
			struct elfnote note = read_words(&cases[i].words, &cases[i].form, cut);

			assert_true(note.os_version == 0 || note.os_version == cases[i].os_version);
			assert_true(note.isa_level == 0 || note.isa_level == cases[i].isa_level);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elfnote_read_finds_version_and_level),
		cmocka_unit_test(elfnote_read_cut_notes_say_nothing_or_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
