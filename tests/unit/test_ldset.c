/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ldset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

static void ldset_wants_takes_the_names_that_ldconfig_looks_at(void **state)
{
	static const struct {
		const char *name;
		bool wanted;
	} cases[] = {
		{"libcuda.so.1.1", true},
		{"lib.so", true},
		{"lib.sox", true},
		{"libx.so-gdb.py", true},
		{"ld-linux.so.2", true},
		{"ld-2.31.so", true},
		{"ld.so.1", true},
		{"ld64.so.1", true},
		{"libx.so.dpkg-dist", true},
		{"libx.so.dpkg-newx", true},
		{"libx.so.#prelink#.ABCDEFG", true},
		{"libx.so.#prelink#.abc", true},
		{"ld.so", false},
		{"libx", false},
		{"ld-x", false},
		{"libxso", false},
		{"foo.so", false},
		{"x-libq.so", false},
		{".libx.so", false},
		{"", false},
		{"libx.so.dpkg-new", false},
		{"libx.so.dpkg-tmp", false},
		{"libx.so.#prelink#", false},
		{"libx.so.#prelink#.ABCDEF", false},
		{"libx.so.1;5a5a5a5a", false},
		{"libx.so.1;5a5a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (ldset_wants(cases[i].name) != cases[i].wanted)
			fail_msg("%s", cases[i].name);
	}
}

#define MAX_FILES 4

struct file {
	const char *name; /* "@name": a link */
	const char *soname;
};

/* A file of the table; what tells winners apart is its number. */
static void add(struct ldset *set, const struct file *file, uint32_t number)
{
	const struct ldset_file added = {
		.name = file->name + (*file->name == '@'),
		.is_link = *file->name == '@',
		.soname = file->soname,
		.machine = 62,
		.flags = number,
		.osversion = number + 1,
		.isa_level = number + 2,
	};

	assert_int_equal(ldset_add(set, &added, NULL), 0);
}

static void check(const struct file files[MAX_FILES], bool reverse, const char *expected)
{
	auto_done(ldset) struct ldset set = {0};
	char got[256] = "";
	uint32_t n = 0;

	while (n < MAX_FILES && files[n].name != NULL)
		n++;
	for (uint32_t i = 0; i < n; i++)
		add(&set, &files[reverse ? n - 1 - i : i], reverse ? n - 1 - i : i);
	vec_each(item, &set.items)
	{
		size_t len = strlen(got);

		assert_int_equal(item->machine, 62);
		assert_int_equal(item->osversion, item->flags + 1);
		assert_int_equal(item->isa_level, item->flags + 2);
		assert_string_equal(item->name,
				    files[item->flags].name + (*files[item->flags].name == '@'));
		(void)snprintf(got + len, sizeof(got) - len, "%s<%s%s ", item->soname,
			       item->is_link ? "@" : "", item->name);
	}
	assert_string_equal(got, expected);
}

/* What ldconfig of 2.31, 2.36 and 2.41 did with these files. */
static void ldset_add_chooses_as_ldconfig(void **state)
{
	static const struct {
		struct file files[MAX_FILES];
		const char *forward, *backward; /* SONAME<name, in order of appearance */
	} cases[] = {
		{{{"liba.so.1.0", "liba.so.1"}}, "liba.so.1<liba.so.1.0 ", NULL},
		/* digits are numbers; the higher one is meant */
		{{{"libb.so.1.9", "libb.so.1"}, {"libb.so.1.10", "libb.so.1"}},
		 "libb.so.1<libb.so.1.10 ",
		 NULL},
		/* even where its own link says otherwise */
		{{{"libd.so.1.0", "libd.so.1"},
		  {"libd.so.1.1", "libd.so.1"},
		  {"@libd.so.1", "libd.so.1"}},
		 "libd.so.1<libd.so.1.1 ",
		 NULL},
		/* a link for ld(1) is an entry of its own */
		{{{"libcuda.so.1.1", "libcuda.so.1"}, {"@libcuda.so", "libcuda.so.1"}},
		 "libcuda.so.1<libcuda.so.1.1 libcuda.so<@libcuda.so ",
		 "libcuda.so<@libcuda.so libcuda.so.1<libcuda.so.1.1 "},
		{{{"@liby.so.1.so", "liby.so.1.so.2"}}, "liby.so.1.so<@liby.so.1.so ", NULL},
		/* any other link counts as a file */
		{{{"@libk.so.1", "libk.so.1.2"}}, "libk.so.1.2<libk.so.1 ", NULL},
		{{{"libg.so.1.0", "libg.so.1"}, {"@libgg.so", "libg.so.1"}},
		 "libg.so.1<libgg.so ",
		 NULL},
		{{{"libh.so.1.0", "libh.so.1"}, {"@libh.so.1.0.0", "libh.so.1"}},
		 "libh.so.1<libh.so.1.0.0 ",
		 NULL},
		{{{"@libw.so.1.so", "libw.so.1"}}, "libw.so.1<libw.so.1.so ", NULL},
		{{{"@libt.so.1.1", "libt.so.1"}, {"@libt.so.1.2", "libt.so.1"}},
		 "libt.so.1<libt.so.1.2 ",
		 NULL},
		/* a file beats a link, higher or not */
		{{{"@libu.so.1", "libu.so.1"}, {"libt.so.1.0", "libu.so.1"}},
		 "libu.so.1<libt.so.1.0 ",
		 NULL},
		{{{"@libxx.so.1", "libxx.so.1"}}, "libxx.so.1<@libxx.so.1 ", NULL},
		/* without SONAME each name is one */
		{{{"libi.so.3.2", NULL}, {"@libi.so", NULL}},
		 "libi.so.3.2<libi.so.3.2 libi.so<@libi.so ",
		 "libi.so<@libi.so libi.so.3.2<libi.so.3.2 "},
		/* a file with the SONAME's name is one of several */
		{{{"libf.so.1", "libf.so.1"}, {"libf.so.1.5", "libf.so.1"}},
		 "libf.so.1<libf.so.1.5 ",
		 NULL},
		/* neither is higher: the first */
		{{{"libs.so.1.01", "libs.so.1"}, {"libs.so.1.1", "libs.so.1"}},
		 "libs.so.1<libs.so.1.01 ",
		 "libs.so.1<libs.so.1.1 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(cases[i].files, false, cases[i].forward);
		check(cases[i].files, true,
		      cases[i].backward == NULL ? cases[i].forward : cases[i].backward);
	}
}

static void ldset_add_unsigned_chars_decide_what_is_higher(void **state)
{
	static const struct file files[] = {{"libx.so.1.a", "libx.so.1"},
					    {"libx.so.1.\xc3\xa4", "libx.so.1"}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		auto_done(ldset) struct ldset set = {.unsigned_chars = i == 1};

		add(&set, &files[0], 0);
		add(&set, &files[1], 1);
		assert_int_equal(set.items.n, 1);
		assert_string_equal(set.items.items[0].name, files[i].name);
	}
}

static void ldset_add_a_hundred_thousand_names_are_each_found_again(void **state)
{
	enum { COUNT = 100000, LEN = 24 };
	auto_done(ldset) struct ldset set = {0};
	auto_free char *names = malloc((size_t)COUNT * LEN);

	(void)state;
	assert_non_null(names);
	for (size_t i = 0; i < COUNT; i++) {
		struct file file = {.name = names + i * LEN};

		(void)snprintf(names + i * LEN, LEN, "libn%zu.so", i);
		add(&set, &file, 0);
		add(&set, &file, 0);
	}
	assert_int_equal(set.items.n, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		assert_ptr_equal(set.items.items[i].soname, names + i * LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldset_wants_takes_the_names_that_ldconfig_looks_at),
		cmocka_unit_test(ldset_add_chooses_as_ldconfig),
		cmocka_unit_test(ldset_add_unsigned_chars_decide_what_is_higher),
		cmocka_unit_test(ldset_add_a_hundred_thousand_names_are_each_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
