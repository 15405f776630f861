/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/toml.h"
#include "where.h"

#define CASES where_data("/tests/cases/toml")

/* The content, or NULL when there is no such file. */
static char *read_file(const char *dir, const char *name, size_t *ret_len)
{
	auto_free char *path = str_format("%s/%s", dir, name);
	auto_file file = fopen(path, "re");
	struct stat st;
	char *text;

	if (file == NULL)
		return NULL;
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	*ret_len = fread(text, 1, (size_t)st.st_size, file);
	text[*ret_len] = '\0';
	return text;
}

static void dump_text(struct strbuf *out, const char *text)
{
	char escaped[512];

	str_escape(text, escaped, sizeof(escaped));
	strbuf_addf(out, " \"%s\"", escaped);
}

static void dump_entry(struct strbuf *out, const struct toml_entry *entry)
{
	char escaped[512];

	str_escape(entry->key, escaped, sizeof(escaped));
	strbuf_addf(out, "%u:%u %s %u:%u", entry->key_line, entry->key_column, escaped, entry->line,
		    entry->column);
	if (entry->type == TOML_STRING)
		dump_text(out, entry->string);
	if (entry->type == TOML_INTEGER)
		strbuf_addf(out, " %" PRId64, entry->integer);
	if (entry->type == TOML_BOOLEAN)
		strbuf_adds(out, entry->boolean ? " true" : " false");
	if (entry->type == TOML_ARRAY)
		strbuf_adds(out, " array");
	for (size_t i = 0; i < entry->array.n; i++)
		dump_text(out, entry->array.items[i]);
	strbuf_addc(out, '\n');
}

/* One line for each table and key, or one for the error. */
static char *dump(const char *text, size_t len)
{
	auto_done(toml) struct toml toml = {0};
	struct strbuf out = {0};
	struct err err = {0};

	if (toml_parse(text, len, &toml, &err) < 0) {
		strbuf_addf(&out, "%u:%u: %s\n", err.line, err.column, err.msg);
		return strbuf_take(&out);
	}
	for (size_t i = 0; i < toml.tables.n; i++)
		strbuf_addf(&out, "[%s]\n", toml.tables.items[i]);
	vec_each(entry, &toml.entries) dump_entry(&out, entry);
	return strbuf_take(&out);
}

static void run_case(const char *name)
{
	auto_free char *dir = str_format("%s/%s", CASES, name);
	size_t len = 0;
	size_t ignored;
	auto_free char *input = read_file(dir, "input.toml", &len);
	auto_free char *good = read_file(dir, "expected.txt", &ignored);
	auto_free char *bad = read_file(dir, "expected.err", &ignored);
	auto_free char *got = NULL;

	assert_non_null(input);
	if ((good == NULL) == (bad == NULL))
		fail_msg("%s: one of expected.txt and expected.err", name);
	got = dump(input, len);
	if (strcmp(got, good != NULL ? good : bad) != 0)
		fail_msg("%s: got\n%s", name, got);
}

static void toml_cases_give_what_is_expected(void **state)
{
	auto_dir dir = opendir(CASES);
	unsigned ran = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		run_case(entry->d_name);
		ran++;
	}
	print_message("%u cases\n", ran);
	assert_true(ran > 20);
}

static void toml_find_gives_the_entry_or_null(void **state)
{
	static const char text[] = "a = 1\n[b]\n'c d' = true\n";
	auto_done(toml) struct toml toml = {0};

	(void)state;
	assert_int_equal(toml_parse(text, strlen(text), &toml, NULL), 0);
	assert_int_equal(toml_find(&toml, "a")->integer, 1);
	assert_true(toml_find(&toml, "b.\"c d\"")->boolean);
	assert_null(toml_find(&toml, "b"));
	assert_null(toml_find(&toml, "b.c d"));
}

static void toml_nul_byte_is_an_error(void **state)
{
	auto_done(toml) struct toml toml = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(toml_parse("a = 1\nb\0 = 2", 13, &toml, &err), -EINVAL);
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 2);
}

static void toml_failure_leaves_the_result_alone(void **state)
{
	struct toml toml = {0};

	(void)state;
	assert_int_equal(toml_parse("a = 1\nb", 7, &toml, NULL), -EINVAL);
	assert_null(toml.entries.items);
	assert_null(toml.tables.items);
}

/* n lines "kN = 1"; with a table in front when table is true, each in its own. */
static char *many(unsigned n, bool table)
{
	struct strbuf text = {0};

	for (unsigned i = 0; i < n; i++)
		strbuf_addf(&text, table ? "[t%u]\nk = 1\n" : "k%u = 1\n", i);
	return strbuf_take(&text);
}

static void toml_key_limit_is_exact(void **state)
{
	auto_done(toml) struct toml toml = {0};
	auto_free char *most = many(TOML_MAX_ENTRIES, false);
	auto_free char *more = many(TOML_MAX_ENTRIES + 1, false);
	auto_free char *tables = many(TOML_MAX_ENTRIES, true);
	struct err err = {0};

	(void)state;
	assert_int_equal(toml_parse(most, strlen(most), &toml, NULL), 0);
	assert_int_equal(toml.entries.n, TOML_MAX_ENTRIES);
	toml_done(&toml);
	assert_int_equal(toml_parse(more, strlen(more), &toml, &err), -EINVAL);
	assert_int_equal(err.line, TOML_MAX_ENTRIES + 1);
	assert_int_equal(toml_parse(tables, strlen(tables), &toml, NULL), 0);
}

static void toml_string_limit_is_exact(void **state)
{
	auto_done(toml) struct toml toml = {0};
	struct strbuf text = {0};
	auto_free char *whole = NULL;

	(void)state;
	strbuf_adds(&text, "a = '");
	for (unsigned i = 0; i < TOML_MAX_STRING + 1; i++)
		strbuf_addc(&text, 'x');
	strbuf_addc(&text, '\'');
	whole = strbuf_take(&text);
	assert_int_equal(toml_parse(whole, strlen(whole), &toml, NULL), -EINVAL);
	memmove(whole + 5, whole + 6, TOML_MAX_STRING + 2);
	assert_int_equal(toml_parse(whole, strlen(whole), &toml, NULL), 0);
	assert_int_equal(strlen(toml_find(&toml, "a")->string), TOML_MAX_STRING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toml_cases_give_what_is_expected),
		cmocka_unit_test(toml_find_gives_the_entry_or_null),
		cmocka_unit_test(toml_nul_byte_is_an_error),
		cmocka_unit_test(toml_failure_leaves_the_result_alone),
		cmocka_unit_test(toml_key_limit_is_exact),
		cmocka_unit_test(toml_string_limit_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
