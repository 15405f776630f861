/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "format/fdt_compat.h"

static void fdt_strings_are_split_at_nul(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *strings[3];
	} cases[] = {
		{"", 0, {NULL}},
		{"\0", 1, {NULL}},
		{"nvidia,p3737-0000+p3701-0000\0nvidia,tegra234\0",
		 45,
		 {"nvidia,p3737-0000+p3701-0000", "nvidia,tegra234"}},
		{"quill", 5, {"quill"}},
		{"a\0\0b", 4, {"a", "b"}},
		{"NVIDIA Jetson AGX Orin Developer Kit\0",
		 37,
		 {"NVIDIA Jetson AGX Orin Developer Kit"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(strv) struct strv got = {0};
		size_t n = 0;

		assert_int_equal(fdt_strings_parse(cases[i].data, cases[i].len, &got, NULL), 0);
		for (; cases[i].strings[n] != NULL; n++)
			assert_string_equal(got.items[n], cases[i].strings[n]);
		assert_int_equal(got.n, n);
	}
}

static void fdt_strings_unprintable_bytes_are_an_error(void **state)
{
	static const char *const cases[] = {"a\nb", "a\x7f", "\xc3\xa9", "\x1b[0m"};
	struct strv got = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fdt_strings_parse(cases[i], strlen(cases[i]), &got, NULL),
				 -EINVAL);
	assert_null(got.items);
}

static void fdt_strings_limit_is_exact(void **state)
{
	char data[FDT_MAX_BYTES + 1];
	auto_done(strv) struct strv got = {0};

	(void)state;
	memset(data, 'x', sizeof(data));
	assert_int_equal(fdt_strings_parse(data, sizeof(data), &got, NULL), -EINVAL);
	assert_int_equal(fdt_strings_parse(data, FDT_MAX_BYTES, &got, NULL), 0);
	assert_int_equal(strlen(got.items[0]), FDT_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fdt_strings_are_split_at_nul),
		cmocka_unit_test(fdt_strings_unprintable_bytes_are_an_error),
		cmocka_unit_test(fdt_strings_limit_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
