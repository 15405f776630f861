/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/udiff.h"

static void diff(const char *old, const char *now, struct strbuf *ret)
{
	const struct udiff_side a = {"a", old, strlen(old)};
	const struct udiff_side b = {"b", now, strlen(now)};

	strbuf_adds(ret, "");
	udiff_write(ret, &a, &b);
	assert_false(strbuf_failed(ret));
}

/* The texts behind "--- a" and "+++ b" are those of diff -u (GNU diffutils). */
static void udiff_is_what_diff_writes(void **unused)
{
	static const struct {
		const char *old;
		const char *now;
		const char *diff;
	} cases[] = {
		{"", "", ""},
		{"1\n", "1\n", ""},
		{"", "1\n2\n", "@@ -0,0 +1,2 @@\n+1\n+2\n"},
		{"1\n2\n", "", "@@ -1,2 +0,0 @@\n-1\n-2\n"},
		{"1\n", "2\n", "@@ -1 +1 @@\n-1\n+2\n"},
		{"1", "1\n", "@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n"},
		{"1\n", "1\n2", "@@ -1 +1,2 @@\n 1\n+2\n\\ No newline at end of file\n"},
		{"1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n", "@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+x\n 5\n"},
		{"1\n2\n3\n4\n5\n", "1\n3\n4\n5\n6\n", "@@ -1,5 +1,5 @@\n 1\n-2\n 3\n 4\n 5\n+6\n"},
		{"a\n2\n3\n4\n5\n6\n7\nb\n", "A\n2\n3\n4\n5\n6\n7\nB\n",
		 "@@ -1,8 +1,8 @@\n-a\n+A\n 2\n 3\n 4\n 5\n 6\n 7\n-b\n+B\n"},
		{"a\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n2\n3\n4\n5\n6\n7\n8\nB\n",
		 "@@ -1,4 +1,4 @@\n-a\n+A\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-b\n+B\n"},
		{"x\n}\n", "x\n},\n  y\n}\n", "@@ -1,2 +1,4 @@\n x\n+},\n+  y\n }\n"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(strbuf) struct strbuf text = {0};
		const char *head = cases[i].diff[0] == '\0' ? "" : "--- a\n+++ b\n";
		auto_free char *expected = str_format("%s%s", head, cases[i].diff);

		diff(cases[i].old, cases[i].now, &text);
		assert_string_equal(text.data, expected);
	}
}

/* More than a table is made for: still right, if not the shortest. */
static void udiff_of_long_texts_exchanges_the_middle(void **unused)
{
	auto_done(strbuf) struct strbuf old = {0};
	auto_done(strbuf) struct strbuf now = {0};
	auto_done(strbuf) struct strbuf text = {0};

	(void)unused;
	strbuf_adds(&old, "first\n");
	strbuf_adds(&now, "first\n");
	for (unsigned i = 0; i < 2000; i++) {
		strbuf_addf(&old, "%u\n", i);
		strbuf_addf(&now, "%u\n", i * 2);
	}
	strbuf_adds(&old, "last\n");
	strbuf_adds(&now, "last\n");
	diff(old.data, now.data, &text);

	assert_non_null(strstr(text.data, "\n@@ -1,2002 +1,2002 @@\n first\n 0\n-1\n-2\n"));
	assert_non_null(strstr(text.data, "\n-1999\n+2\n+4\n"));
	assert_true(str_ends_with(text.data, "\n+3998\n last\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udiff_is_what_diff_writes),
		cmocka_unit_test(udiff_of_long_texts_exchanges_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
