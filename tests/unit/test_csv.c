/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/csv.h"

static const char *const names[] = {"lib", "dir", "dev", "sym", "bad"};

/* "line:column type path" or "... bad fault" for each row. */
static int dump_row(void *arg, const struct csv_row *row)
{
	struct strbuf *out = arg;

	strbuf_addf(out, "%u:%u %s ", row->line, row->column, names[row->type]);
	if (row->type == CSV_MALFORMED)
		strbuf_adds(out, row->fault);
	else
		strbuf_add(out, row->path, row->path_len);
	strbuf_addc(out, '\n');
	return 0;
}

static void csv_lines_give_their_rows(void **state)
{
	static const struct {
		const char *text;
		const char *rows;
	} cases[] = {
		{"", ""},
		{"\n\n \t\r\n", ""},
		{"# lib,/a\n  #x\n", ""},
		{"lib,/a", "1:5 lib /a\n"},
		{"lib, /a\ndir,/b\ndev , /c\nsym,/d\n",
		 "1:6 lib /a\n2:5 dir /b\n3:7 dev /c\n4:5 sym /d\n"},
		{"\xef\xbb\xbflib,/a\n", "1:8 lib /a\n"},
		{"\xef\xbb\xbf# x\nlib,/a\n", "2:5 lib /a\n"},
		{"lib,/a\n\xef\xbb\xbflib,/b\n",
		 "1:5 lib /a\n2:1 bad unknown type, not lib, dir, dev or sym\n"},
		{"lib,/a\r\nlib,/b\r\n", "1:5 lib /a\n2:5 lib /b\n"},
		{"\t lib\t,\t/a b \t\n", "1:9 lib /a b\n"},
		{"lib,/a,b,c\n", "1:5 lib /a,b,c\n"},
		{"\xc2\xa0lib,\xe3\x80\x80/a\xe2\x80\xa8\xc2\x85\n", "1:10 lib /a\n"},
		{"\xe1\x9a\x80lib,\xe2\x80\x8a/a\xe2\x81\x9f\xe2\x80\xaf\n", "1:11 lib /a\n"},
		{"lib,/\xc3\xa9\n", "1:5 lib /\xc3\xa9\n"},
		{"lib,/\xff\n", "1:5 lib /\xff\n"},
		{"lib,/a\xe2\x80", "1:5 lib /a\xe2\x80\n"},
		{"lib,relative\nlib,/../x\ndev,/dev/dri/card*\n",
		 "1:5 lib relative\n2:5 lib /../x\n3:5 dev /dev/dri/card*\n"},
		{"lib\n", "1:1 bad no comma behind the type\n"},
		{" lib /a", "1:2 bad no comma behind the type\n"},
		{"LIB,/a\n", "1:1 bad unknown type, not lib, dir, dev or sym\n"},
		{"libs,/a\n,/a\n", "1:1 bad unknown type, not lib, dir, dev or sym\n"
				   "2:1 bad unknown type, not lib, dir, dev or sym\n"},
		{"lib,\nlib, \t\n",
		 "1:5 bad no path behind the comma\n2:5 bad no path behind the comma\n"},
		{"lib,/a\tb\n", "1:7 bad control character in the path\n"},
		{"lib,/a\x1b[0m\n", "1:7 bad control character in the path\n"},
		{"lib,/a\x7f\n", "1:7 bad control character in the path\n"},
		{"bad\nlib,/a\n", "1:1 bad no comma behind the type\n2:5 lib /a\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf out = {0};
		auto_free char *got = NULL;
		/* A copy without a NUL behind it: a read too far is seen by asan. */
		size_t len = strlen(cases[i].text);
		auto_free char *copy = malloc(len + 1);

		assert_non_null(copy);
		memmove(copy + 1, cases[i].text, len);
		assert_int_equal(csv_parse(copy + 1, len, dump_row, &out, NULL), 0);
		got = strbuf_take(&out);
		assert_string_equal(got, cases[i].rows);
	}
}

static void csv_nul_byte_is_malformed(void **state)
{
	struct strbuf out = {0};
	auto_free char *got = NULL;

	(void)state;
	assert_int_equal(csv_parse("lib,/a\0b\nlib,/c\n", 16, dump_row, &out, NULL), 0);
	got = strbuf_take(&out);
	assert_string_equal(got, "1:7 bad NUL byte in the line\n2:5 lib /c\n");
}

/* "lib,/xxx..." of len bytes, then a good row. */
static char *long_line(size_t len)
{
	struct strbuf text = {0};

	strbuf_adds(&text, "lib,/");
	while (text.len < len)
		strbuf_addc(&text, 'x');
	strbuf_adds(&text, "\ndev,/b\n");
	return strbuf_take(&text);
}

static int count_rows(void *arg, const struct csv_row *row)
{
	unsigned *counts = arg;

	counts[row->type]++;
	return 0;
}

static void csv_line_limit_is_exact_and_the_rest_counts(void **state)
{
	auto_free char *most = long_line(CSV_MAX_LINE);
	auto_free char *more = long_line(CSV_MAX_LINE + 1);
	unsigned counts[5] = {0};

	(void)state;
	assert_int_equal(csv_parse(most, strlen(most), count_rows, counts, NULL), 0);
	assert_int_equal(counts[CSV_LIB], 1);
	assert_int_equal(csv_parse(more, strlen(more), count_rows, counts, NULL), 0);
	assert_int_equal(counts[CSV_LIB], 1);
	assert_int_equal(counts[CSV_MALFORMED], 1);
	assert_int_equal(counts[CSV_DEV], 2);
}

static char *many_rows(size_t n)
{
	struct strbuf text = {0};

	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, "lib, /usr/lib/x\n");
	return strbuf_take(&text);
}

static void csv_million_rows_are_read_and_one_more_is_not(void **state)
{
	auto_free char *text = many_rows(CSV_MAX_ROWS + 1);
	unsigned counts[5] = {0};
	struct err err = {0};
	size_t len = strlen(text);
	struct timespec from;
	struct timespec to;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(csv_parse(text, len - 16, count_rows, counts, &err), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	print_message("%ld ms\n", (long)(to.tv_sec - from.tv_sec) * 1000 +
					  (to.tv_nsec - from.tv_nsec) / 1000000);
	assert_int_equal(counts[CSV_LIB], CSV_MAX_ROWS);
	counts[CSV_LIB] = 0;
	assert_int_equal(csv_parse(text, len, count_rows, counts, &err), -EFBIG);
	assert_int_equal(counts[CSV_LIB], CSV_MAX_ROWS);
	assert_int_equal(err.line, CSV_MAX_ROWS + 1);
}

static int stop(void *arg, const struct csv_row *row)
{
	(void)arg;
	return row->line == 2 ? -ECANCELED : 0;
}

static void csv_callback_stops_the_walk(void **state)
{
	(void)state;
	assert_int_equal(csv_parse("lib,/a\nlib,/b\nlib,/c\n", 21, stop, NULL, NULL), -ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_lines_give_their_rows),
		cmocka_unit_test(csv_nul_byte_is_malformed),
		cmocka_unit_test(csv_line_limit_is_exact_and_the_rest_counts),
		cmocka_unit_test(csv_million_rows_are_read_and_one_more_is_not),
		cmocka_unit_test(csv_callback_stops_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
