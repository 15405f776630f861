/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/withdraw.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

static void withdraw_takes_out_what_was_added_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		const char *separators;
		const char *left; /* NULL = nothing */
		size_t taken;
	} cases[] = {
		{"", "\n", NULL, 0},
		{"/a\n/b\n", "\n", NULL, 0},
		{"/x\n", "\n", NULL, 1},
		{"/x", "\n", NULL, 1},
		{"/x\n/a\n", "\n", "/a\n", 1},
		{"/a\n/x\n", "\n", "/a\n", 1},
		{"/a\n/x", "\n", "/a\n", 1},
		{"/a\n/x\n/b", "\n", "/a\n/b", 1},
		{"/a\n\n/x\n\n", "\n", "/a\n\n\n", 1},
		{"/x\n/y\n/x\n", "\n", NULL, 3},
		{"/xx\n/x/\n /x\n/x \n", "\n", NULL, 0},
		{"/a:/x\n", "\n", NULL, 0},
		{"/a:/x\n", "\n:", "/a\n", 1},
		{"/x:/a\n", "\n:", "/a\n", 1},
		{"/a:/x:/b\n", "\n:", "/a:/b\n", 1},
		{"/a:/x:/y\n", "\n:", "/a\n", 2},
		{"/x:/y\n", "\n:", NULL, 2},
		{"/a:/x", "\n:", "/a", 1},
		{"/a\n/x\n/b:/y", "\n:", "/a\n/b", 2},
	};
	char *items[] = {(char[]){"/x"}, (char[]){"/y"}, NULL};
	const struct strv added = {.items = items, .n = 2};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(withdrawal) struct withdrawal got = {0};

		assert_int_equal(withdraw_items(cases[i].text, strlen(cases[i].text),
						cases[i].separators, &added, &got, NULL),
				 0);
		if (got.taken != cases[i].taken)
			fail_msg("case %zu: %zu taken", i, got.taken);
		if (cases[i].left == NULL) {
			assert_null(got.data);
			continue;
		}
		assert_string_equal(got.data, cases[i].left);
		assert_int_equal(got.len, strlen(cases[i].left));
	}
}

static void withdraw_of_a_text_with_nul_bytes_keeps_them(void **state)
{
	static const char text[] = "a\0b\n/x\nc";
	char *items[] = {(char[]){"/x"}, NULL};
	const struct strv added = {.items = items, .n = 1};
	auto_done(withdrawal) struct withdrawal got = {0};

	(void)state;
	assert_int_equal(withdraw_items(text, sizeof(text) - 1, "\n", &added, &got, NULL), 0);

	assert_int_equal(got.len, 5);
	assert_memory_equal(got.data, "a\0b\nc", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(withdraw_takes_out_what_was_added_and_nothing_else),
		cmocka_unit_test(withdraw_of_a_text_with_nul_bytes_keeps_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
