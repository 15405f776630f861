/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/wildcard.h"

static const struct {
	const char *pattern;
	const char *name;
	bool fits;
} cases[] = {
	{"card*", "card0", true},
	{"card*", "card", true},
	{"card*", "renderD128", false},
	{"*", "", true},
	{"*", "a", true},
	{"*", ".hidden", false},
	{".*", ".hidden", true},
	{"?idden", ".idden", false},
	{"[.]idden", ".idden", false},
	{"a?c", "abc", true},
	{"a?c", "ac", false},
	{"*.so.*", "libcuda.so.1.1", true},
	{"*.so", "libcuda.so.1", false},
	{"nvidia[0-9]", "nvidia7", true},
	{"nvidia[0-9]", "nvidiactl", false},
	{"nvidia[!0-9]*", "nvidiactl", true},
	{"nvidia[^0-9]", "nvidia1", false},
	{"[]a]", "]", true},
	{"[^]a]", "]", false},
	{"[a-]", "-", true},
	{"[\\]]x", "]x", true},
	{"[z-a]", "m", false},
	{"[abc", "[abc", true},
	{"[abc", "a", false},
	{"[", "[", true},
	{"\\*", "*", true},
	{"\\*", "a", false},
	{"a\\", "a\\", true},
	{"**a**", "xay", true},
	{"a*b*c", "a1b2b3c", true},
	{"a*b*c", "a1b2b3", false},
	{"", "", true},
	{"", "a", false},
	{"a", "", false},
	{"[\xff-\xff]", "\xff", true},
};

static void wildcard_cases_fit_as_listed(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool fits = wildcard_match(cases[i].pattern, cases[i].name);

		if (fits != cases[i].fits)
			print_error("'%s' on '%s'\n", cases[i].pattern, cases[i].name);
		assert_int_equal(fits, cases[i].fits);
	}
}

static void wildcard_many_stars_take_no_exponential_time(void **state)
{
	char pattern[256] = "";
	char name[256];

	(void)state;
	for (size_t i = 0; i < 120; i++)
		strcat(pattern, "*a");
	strcat(pattern, "b");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';

	assert_false(wildcard_match(pattern, name));
}

static void wildcard_text_without_special_characters_is_no_pattern(void **state)
{
	(void)state;

	assert_false(wildcard_is_pattern("/dev/nvhost-ctrl\\x"));
	assert_true(wildcard_is_pattern("/dev/dri/card*"));
	assert_true(wildcard_is_pattern("/dev/nvidia[0-9]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcard_cases_fit_as_listed),
		cmocka_unit_test(wildcard_many_stars_take_no_exponential_time),
		cmocka_unit_test(wildcard_text_without_special_characters_is_no_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
