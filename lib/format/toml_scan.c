/* SPDX-License-Identifier: Apache-2.0 */
#include "format/toml_scan.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"

#define MAX_TOKEN 128u /* bytes of a number or word */

int toml_scan_fail(const struct toml_scan *scan, const char *where, const char *what)
{
	return err_at(scan->err, EINVAL, scan->line, toml_scan_column(scan, where), "%s", what);
}

unsigned toml_scan_column(const struct toml_scan *scan, const char *where)
{
	return (unsigned)(where - scan->line_start) + 1;
}

static bool has(const struct toml_scan *scan, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(scan->end - scan->at) >= len && memcmp(scan->at, word, len) == 0;
}

bool toml_scan_take(struct toml_scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

void toml_scan_blanks(struct toml_scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
		scan->at++;
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool take_newline(struct toml_scan *scan)
{
	if (has(scan, "\r\n"))
		scan->at++;
	if (!toml_scan_take(scan, '\n'))
		return false;
	scan->line++;
	scan->line_start = scan->at;
	return true;
}

static int skip_comment(struct toml_scan *scan)
{
	if (!toml_scan_take(scan, '#'))
		return 0;
	while (scan->at < scan->end && *scan->at != '\n' && !has(scan, "\r\n")) {
		if (is_control(*scan->at))
			return toml_scan_fail(scan, scan->at, "control character in a comment");
		scan->at++;
	}
	return 0;
}

int toml_scan_line_end(struct toml_scan *scan)
{
	int ret;

	toml_scan_blanks(scan);
	ret = skip_comment(scan);
	if (ret < 0)
		return ret;
	if (scan->at < scan->end && !take_newline(scan))
		return toml_scan_fail(scan, scan->at, "expected the end of the line");
	return 0;
}

static void add_utf8(struct strbuf *text, uint32_t code)
{
	if (code < 0x80) {
		strbuf_addc(text, (char)code);
		return;
	}
	if (code < 0x800) {
		strbuf_addc(text, (char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			strbuf_addc(text, (char)(0xe0 | code >> 12));
		} else {
			strbuf_addc(text, (char)(0xf0 | code >> 18));
			strbuf_addc(text, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		strbuf_addc(text, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	strbuf_addc(text, (char)(0x80 | (code & 0x3f)));
}

/* \uXXXX or \UXXXXXXXX; at stands behind the letter. */
static int take_code_point(struct toml_scan *scan, size_t digits, struct strbuf *text)
{
	uint64_t code;

	if ((size_t)(scan->end - scan->at) < digits ||
	    !str_to_u64(scan->at, digits, 16, 0x10ffff, &code) || code == 0 ||
	    (code >= 0xd800 && code <= 0xdfff))
		return toml_scan_fail(scan, scan->at, "not the number of a character");
	add_utf8(text, (uint32_t)code);
	scan->at += digits;
	return 0;
}

/* at stands behind the backslash. */
static int take_escape(struct toml_scan *scan, struct strbuf *text)
{
	static const char names[] = "btnfr\"\\";
	static const char values[] = "\b\t\n\f\r\"\\";
	const char *found;
	char c = scan->at < scan->end ? *scan->at : '\0';

	if (c == 'u' || c == 'U') {
		scan->at++;
		return take_code_point(scan, c == 'u' ? 4 : 8, text);
	}
	found = c == '\0' ? NULL : strchr(names, c);
	if (found == NULL)
		return toml_scan_fail(scan, scan->at, "unknown escape in a string");
	strbuf_addc(text, values[found - names]);
	scan->at++;
	return 0;
}

/* A basic or literal string on one line; at stands at its quote. */
static int take_string(struct toml_scan *scan, struct strbuf *text)
{
	const char *start = scan->at;
	char quote = *scan->at;

	if (has(scan, "\"\"\"") || has(scan, "'''"))
		return toml_scan_fail(scan, start, "strings over several lines are not supported");
	scan->at++;
	while (!toml_scan_take(scan, quote)) {
		int ret = 0;

		if (scan->at == scan->end || *scan->at == '\n' || has(scan, "\r\n"))
			return toml_scan_fail(scan, start, "the string has no end");
		if (is_control(*scan->at))
			return toml_scan_fail(scan, scan->at, "control character in a string");
		if (text->len >= TOML_MAX_STRING)
			return toml_scan_fail(scan, start, "the string is too long");
		if (quote == '"' && toml_scan_take(scan, '\\'))
			ret = take_escape(scan, text);
		else
			strbuf_addc(text, *scan->at++);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The same, as a new string of the caller's. */
static int take_new_string(struct toml_scan *scan, char **ret)
{
	auto_done(strbuf) struct strbuf text = {0};
	char *taken;
	int rc = take_string(scan, &text);

	if (rc < 0)
		return rc;
	taken = strbuf_take(&text);
	if (taken == NULL) {
		(void)err_nomem(scan->err);
		return -ENOMEM;
	}
	*ret = taken;
	return 0;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static void add_part(struct strbuf *key, const char *part)
{
	bool bare = *part != '\0';

	for (const char *p = part; *p != '\0'; p++)
		bare = bare && is_bare(*p);
	if (bare) {
		strbuf_adds(key, part);
		return;
	}
	strbuf_addc(key, '"');
	for (; *part != '\0'; part++) {
		if (*part == '"' || *part == '\\')
			strbuf_addc(key, '\\');
		strbuf_addc(key, *part);
	}
	strbuf_addc(key, '"');
}

int toml_scan_key_part(struct toml_scan *scan, struct strbuf *key)
{
	const char *start = scan->at;
	auto_free char *part = NULL;
	int ret;

	if (scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'')) {
		ret = take_new_string(scan, &part);
		if (ret < 0)
			return ret;
		add_part(key, part);
		return 0;
	}
	while (scan->at < scan->end && is_bare(*scan->at))
		scan->at++;
	if (scan->at == start)
		return toml_scan_fail(scan, start, "expected a key");
	if ((size_t)(scan->at - start) > TOML_MAX_STRING)
		return toml_scan_fail(scan, start, "the key is too long");
	strbuf_add(key, start, (size_t)(scan->at - start));
	return 0;
}

/* Blanks, comments and newlines between the elements of an array. */
static int skip_lines(struct toml_scan *scan)
{
	int ret = 0;

	do {
		toml_scan_blanks(scan);
		ret = skip_comment(scan);
	} while (ret == 0 && take_newline(scan));
	return ret;
}

static int take_element(struct toml_scan *scan, struct strv *list)
{
	auto_free char *text = NULL;
	int ret;

	if (scan->at == scan->end)
		return toml_scan_fail(scan, scan->at, "the array has no end");
	if (*scan->at != '"' && *scan->at != '\'')
		return toml_scan_fail(scan, scan->at, "expected a string in the array");
	if (list->n == TOML_MAX_ENTRIES)
		return toml_scan_fail(scan, scan->at, "too many elements");
	ret = take_new_string(scan, &text);
	if (ret < 0)
		return ret;
	return strv_add(list, text) < 0 ? err_nomem(scan->err) : 0;
}

/* at stands behind the bracket. */
static int take_array(struct toml_scan *scan, struct strv *list)
{
	int ret = skip_lines(scan);

	while (ret == 0 && !toml_scan_take(scan, ']')) {
		ret = take_element(scan, list);
		if (ret == 0)
			ret = skip_lines(scan);
		if (ret < 0)
			return ret;
		if (toml_scan_take(scan, ','))
			ret = skip_lines(scan);
		else if (scan->at == scan->end || *scan->at != ']')
			return toml_scan_fail(scan, scan->at, "expected ',' or ']' in the array");
	}
	return ret;
}

/* Digits with single underscores between them, of one base; the limit is the sign's. */
static bool parse_digits(const char *text, unsigned base, bool negative, int64_t *ret)
{
	char digits[MAX_TOKEN];
	size_t n = 0;
	uint64_t value;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] != '_')
			digits[n++] = text[i];
		else if (i == 0 || text[i - 1] == '_' || text[i + 1] == '\0')
			return false;
	}
	if (base == 10 && n > 1 && digits[0] == '0')
		return false;
	if (!str_to_u64(digits, n, base, (uint64_t)INT64_MAX + (negative ? 1 : 0), &value))
		return false;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static bool parse_integer(const char *text, int64_t *ret)
{
	if (str_starts_with(text, "0x"))
		return parse_digits(text + 2, 16, false, ret);
	if (str_starts_with(text, "0o"))
		return parse_digits(text + 2, 8, false, ret);
	if (str_starts_with(text, "0b"))
		return parse_digits(text + 2, 2, false, ret);
	if (*text == '+' || *text == '-')
		return parse_digits(text + 1, 10, *text == '-', ret);
	return parse_digits(text, 10, false, ret);
}

static const char *word_fault(const char *word)
{
	const char *number = *word == '+' || *word == '-' ? word + 1 : word;

	if (*word == '\0')
		return "expected a value";
	if (strcmp(number, "inf") == 0 || strcmp(number, "nan") == 0)
		return "floats are not supported";
	if (*number < '0' || *number > '9')
		return "not a value; texts need quotes";
	if (number[1] != 'x' && strpbrk(number, ".eE:-") != NULL)
		return "floats and dates are not supported";
	return "not a number, or one out of range";
}

/* A boolean or an integer. */
static int take_word(struct toml_scan *scan, struct toml_entry *entry)
{
	const char *start = scan->at;
	char word[MAX_TOKEN] = "";
	size_t len;

	while (scan->at < scan->end &&
	       (is_bare(*scan->at) || *scan->at == '+' || *scan->at == '.' || *scan->at == ':'))
		scan->at++;
	len = (size_t)(scan->at - start);
	if (len >= sizeof(word))
		return toml_scan_fail(scan, start, "not a value");
	memcpy(word, start, len);
	word[len] = '\0';
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		entry->type = TOML_BOOLEAN;
		entry->boolean = word[0] == 't';
		return 0;
	}
	entry->type = TOML_INTEGER;
	if (!parse_integer(word, &entry->integer))
		return toml_scan_fail(scan, start, word_fault(word));
	return 0;
}

int toml_scan_value(struct toml_scan *scan, struct toml_entry *entry)
{
	entry->line = scan->line;
	entry->column = toml_scan_column(scan, scan->at);
	if (scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'')) {
		entry->type = TOML_STRING;
		return take_new_string(scan, &entry->string);
	}
	if (toml_scan_take(scan, '[')) {
		entry->type = TOML_ARRAY;
		return take_array(scan, &entry->array);
	}
	if (scan->at < scan->end && *scan->at == '{')
		return toml_scan_fail(scan, scan->at, "inline tables are not supported");
	return take_word(scan, entry);
}
