/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "format/l4trelease.h"

#define HEAD                                                                                       \
	"# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: x\n"

static void l4trelease_known_files_give_their_numbers(void **state)
{
	static const struct {
		const char *text;
		unsigned major, minor, patch;
		const char *board, *lib_dir;
	} cases[] = {
		{"# R32 (release), REVISION: 4.3, GCID: 21589087, BOARD: t210ref, EABI: aarch64, "
		 "DATE: Fri Jun 26 04:38:25 UTC 2020\n",
		 32, 4, 3, "t210ref", ""},
		{"# R35 (release), REVISION: 3.1, GCID: 32790763, BOARD: t186ref, EABI: aarch64, "
		 "DATE: Wed Mar 15 07:54:12 UTC 2023",
		 35, 3, 1, "t186ref", ""},
		{HEAD "# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n"
		      "TARGET_USERSPACE_LIB_DIR_PATH=usr/lib/aarch64-linux-gnu/nvidia\n",
		 36, 4, 3, "generic", "/usr/lib/aarch64-linux-gnu/nvidia"},
		{"# R39 (release), REVISION: 2.0, GCID: 45755727, BOARD: generic, EABI: aarch64, "
		 "DATE: Mon Jun  1 09:28:48 PM UTC 2026\nINSTALL_TYPE=\n# oem = 1\n",
		 39, 2, 0, "generic", ""},
		{"# R38 (release), REVISION: 2\r\n", 38, 2, 0, "", ""},
		{"# R38 (release), REVISION: 2.2.1.7, BOARD: x\r\n", 38, 2, 2, "x", ""},
		{HEAD "TARGET_USERSPACE_LIB_DIR_PATH=\"/usr/lib/x\"\r\n", 36, 4, 3, "generic",
		 "/usr/lib/x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct l4trelease got = {0};

		assert_int_equal(l4trelease_parse(cases[i].text, strlen(cases[i].text), &got, NULL),
				 0);
		assert_int_equal(got.major, cases[i].major);
		assert_int_equal(got.minor, cases[i].minor);
		assert_int_equal(got.patch, cases[i].patch);
		assert_string_equal(got.board, cases[i].board);
		assert_string_equal(got.lib_dir, cases[i].lib_dir);
	}
}

static void l4trelease_other_first_lines_are_errors(void **state)
{
	static const char *const cases[] = {
		"",
		"\n",
		"R36 (release), REVISION: 4.3",
		"# R (release), REVISION: 4.3",
		"# R36 (release), REVISION: ",
		"# R36 (release), REVISION: 4.",
		"# R36 (release), REVISION: 4.x",
		"# R36 (release), REVISION: 4.3x",
		"# R-1 (release), REVISION: 4.3",
		"# R99999 (release), REVISION: 4.3",
		"# R36 (release), REVISION: 4.3.99999999999999999999",
		"# R36 (devel), REVISION: 4.3",
		"\n# R36 (release), REVISION: 4.3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct l4trelease got = {.major = 7};
		struct err err = {0};

		assert_int_equal(l4trelease_parse(cases[i], strlen(cases[i]), &got, &err), -EINVAL);
		assert_int_equal(err.line, 1);
		assert_int_equal(got.major, 7);
	}
}

static void l4trelease_unusable_extras_count_as_not_given(void **state)
{
	static const char *const cases[] = {
		HEAD "TARGET_USERSPACE_LIB_DIR_PATH=",
		HEAD "TARGET_USERSPACE_LIB_DIR_PATH=usr/../../etc",
		HEAD "TARGET_USERSPACE_LIB_DIR_PATH=usr/ lib",
		HEAD "TARGET_USERSPACE_LIB_DIR_PATH=\"\"",
		HEAD " TARGET_USERSPACE_LIB_DIR_PATH=usr/lib",
	};
	char long_text[1024] = HEAD "TARGET_USERSPACE_LIB_DIR_PATH=";
	struct l4trelease got = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(l4trelease_parse(cases[i], strlen(cases[i]), &got, NULL), 0);
		assert_string_equal(got.lib_dir, "");
	}
	memset(long_text + strlen(long_text), 'x', 255);
	assert_int_equal(l4trelease_parse(long_text, strlen(long_text), &got, NULL), 0);
	assert_string_equal(got.lib_dir, "");
	long_text[strlen(long_text) - 1] = '\0';
	assert_int_equal(l4trelease_parse(long_text, strlen(long_text), &got, NULL), 0);
	assert_int_equal(strlen(got.lib_dir), 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(l4trelease_known_files_give_their_numbers),
		cmocka_unit_test(l4trelease_other_first_lines_are_errors),
		cmocka_unit_test(l4trelease_unusable_extras_count_as_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
