/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static void strbuf_collects_text_of_every_kind(void **state)
{
	struct strbuf buf = {0};
	auto_free char *text = NULL;

	(void)state;
	strbuf_adds(&buf, "ab");
	strbuf_addc(&buf, 'c');
	strbuf_add(&buf, "defg", 2);
	strbuf_addf(&buf, "%d-%s", 7, "x");
	assert_false(strbuf_failed(&buf));
	text = strbuf_take(&buf);
	assert_string_equal(text, "abcde7-x");
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
}

static void strbuf_empty_gives_an_empty_text(void **state)
{
	struct strbuf buf = {0};
	auto_free char *text = strbuf_take(&buf);

	(void)state;
	assert_string_equal(text, "");
}

static void strbuf_grows_over_its_first_size(void **state)
{
	struct strbuf buf = {0};
	auto_free char *text = NULL;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		strbuf_addf(&buf, "%c", 'a' + (int)(i % 26));
	text = strbuf_take(&buf);
	assert_int_equal(strlen(text), 10000);
	assert_int_equal(text[9999], 'a' + 9999 % 26);
}

static void strbuf_failure_is_sticky(void **state)
{
	struct strbuf buf = {0};

	(void)state;
	strbuf_adds(&buf, "a");
	strbuf_add(&buf, "x", SIZE_MAX / 2);
	assert_true(strbuf_failed(&buf));
	strbuf_adds(&buf, "b");
	assert_true(strbuf_failed(&buf));
	assert_null(strbuf_take(&buf));
	assert_false(strbuf_failed(&buf));
}

static void str_to_u64_takes_digits_only(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
		{"0", 10, 10, true, 0},
		{"10", 10, 10, true, 10},
		{"11", 10, 10, false, 7},
		{"007", 10, 10, true, 7},
		{"1", 10, 0, false, 7},
		{"18446744073709551615", 10, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 10, UINT64_MAX, false, 7},
		{"99999999999999999999", 10, UINT64_MAX, false, 7},
		{"fF", 16, 255, true, 255},
		{"ffffffffffffffff", 16, UINT64_MAX, true, UINT64_MAX},
		{"10000000000000000", 16, UINT64_MAX, false, 7},
		{"777", 8, 511, true, 511},
		{"8", 8, 511, false, 7},
		{"101", 2, 5, true, 5},
		{"", 10, 10, false, 7},
		{"-1", 10, 10, false, 7},
		{"+1", 10, 10, false, 7},
		{" 1", 10, 10, false, 7},
		{"1 ", 10, 10, false, 7},
		{"0x1", 16, 255, false, 7},
		{"g", 16, 255, false, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 7;

		if (str_to_u64(cases[i].text, strlen(cases[i].text), cases[i].base, cases[i].max,
			       &value) != cases[i].good ||
		    value != cases[i].value)
			fail_msg("'%s' in base %u", cases[i].text, cases[i].base);
	}
}

static void str_utf8_length_knows_whole_characters_only(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a", 1},
		{"\xc3\xa9", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\x80", 0},
		{"\xc0\xaf", 0},
		{"\xc1\xbf", 0},
		{"\xc3", 0},
		{"\xc3(", 0},
		{"\xe0\x9f\xbf", 0},
		{"\xed\xa0\x80", 0},
		{"\xe2\x82", 0},
		{"\xf0\x8f\xbf\xbf", 0},
		{"\xf4\x90\x80\x80", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\xff", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(str_utf8_length(cases[i].text, strlen(cases[i].text)),
				 cases[i].length);
	assert_int_equal(str_utf8_length("\0", 1), 1);
	assert_int_equal(str_utf8_length("\xc3\xa9", 1), 0);
}

static void str_escape_leaves_no_control_character(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"plain /path-1", "plain /path-1"},
		{"a\nb\tc\rd\\e", "a\\nb\\tc\\rd\\\\e"},
		{"\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"},
		{"\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac"},
		{"\xc2\x9b[31m", "\\xc2\\x9b[31m"},
		{"\xff\xc0\xaf", "\\xff\\xc0\\xaf"},
		{"cut\xe2\x82", "cut\\xe2\\x82"},
	};
	char escaped[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_escape(cases[i].text, escaped, sizeof(escaped));
		assert_string_equal(escaped, cases[i].escaped);
	}
}

static void str_escape_cuts_between_characters(void **state)
{
	char small[5] = "????";

	(void)state;
	str_escape("ab\n--", small, sizeof(small));
	assert_string_equal(small, "ab\\n");
	str_escape("abc\n-", small, sizeof(small));
	assert_string_equal(small, "abc");
	str_escape("abc", small, 1);
	assert_string_equal(small, "");
	small[0] = '?';
	str_escape("abc", small, 0);
	assert_int_equal(small[0], '?');
}

static void str_predicates_say_what_they_are_named(void **state)
{
	(void)state;
	assert_true(str_starts_with("abc", "ab"));
	assert_true(str_starts_with("abc", ""));
	assert_false(str_starts_with("ab", "abc"));
	assert_true(str_ends_with("a.csv", ".csv"));
	assert_false(str_ends_with("csv", ".csv"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_true(str_equal("a", "a"));
	assert_false(str_equal("a", "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_collects_text_of_every_kind),
		cmocka_unit_test(strbuf_empty_gives_an_empty_text),
		cmocka_unit_test(strbuf_grows_over_its_first_size),
		cmocka_unit_test(strbuf_failure_is_sticky),
		cmocka_unit_test(str_to_u64_takes_digits_only),
		cmocka_unit_test(str_utf8_length_knows_whole_characters_only),
		cmocka_unit_test(str_escape_leaves_no_control_character),
		cmocka_unit_test(str_escape_cuts_between_characters),
		cmocka_unit_test(str_predicates_say_what_they_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
