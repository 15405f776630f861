/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/jscan.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

int jscan_fault(const struct jscan *scan, size_t pos, const char *what, struct err *err)
{
	unsigned line = 1;
	unsigned column = 1;

	for (size_t i = 0; i < pos && i < scan->len; i++) {
		if (scan->text[i] == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
	}
	return err_at(err, EINVAL, line, column, "JSON:%u:%u: %s", line, column, what);
}

/* The byte at pos, -1 at the end. */
static int peek(const struct jscan *scan)
{
	return scan->pos < scan->len ? (unsigned char)scan->text[scan->pos] : -1;
}

static void skip_blanks(struct jscan *scan)
{
	while (scan->pos < scan->len && scan->text[scan->pos] != '\0' &&
	       strchr(" \t\r\n", scan->text[scan->pos]) != NULL)
		scan->pos++;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool skip_digits(struct jscan *scan)
{
	size_t start = scan->pos;

	while (is_digit(peek(scan)))
		scan->pos++;
	return scan->pos > start;
}

static int skip_number(struct jscan *scan, struct err *err)
{
	size_t start = scan->pos;
	bool good = true;

	if (peek(scan) == '-')
		scan->pos++;
	if (peek(scan) == '0')
		scan->pos++;
	else
		good = skip_digits(scan);
	if (good && peek(scan) == '.') {
		scan->pos++;
		good = skip_digits(scan);
	}
	if (good && (peek(scan) == 'e' || peek(scan) == 'E')) {
		scan->pos++;
		if (peek(scan) == '+' || peek(scan) == '-')
			scan->pos++;
		good = skip_digits(scan);
	}
	if (!good || is_digit(peek(scan)))
		return jscan_fault(scan, start, "not a number", err);
	return 0;
}

static int skip_string(struct jscan *scan, struct err *err)
{
	size_t start = scan->pos++;
	uint64_t code;

	for (int c = peek(scan); c != '"'; c = peek(scan)) {
		if (c < 0)
			return jscan_fault(scan, start, "string without end", err);
		if (c < 0x20)
			return jscan_fault(scan, scan->pos, "control character in a string", err);
		scan->pos++;
		if (c != '\\')
			continue;
		c = peek(scan);
		if (c == 'u' && scan->len - scan->pos > 4 &&
		    str_to_u64(scan->text + scan->pos + 1, 4, 16, 0xffff, &code))
			scan->pos += 5;
		else if (c > 0 && strchr("\"\\/bfnrt", c) != NULL)
			scan->pos++;
		else
			return jscan_fault(scan, scan->pos, "unknown escape in a string", err);
	}
	scan->pos++;
	return 0;
}

static int skip_word(struct jscan *scan, struct err *err)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (scan->len - scan->pos >= len &&
		    memcmp(scan->text + scan->pos, words[i], len) == 0) {
			scan->pos += len;
			return 0;
		}
	}
	return jscan_fault(scan, scan->pos, peek(scan) < 0 ? "the text ends" : "no JSON value",
			   err);
}

static int skip_scalar(struct jscan *scan, struct err *err)
{
	int c = peek(scan);

	if (c == '"')
		return skip_string(scan, err);
	if (c == '-' || is_digit(c))
		return skip_number(scan, err);
	return skip_word(scan, err);
}

/* Goes past `"key" :` with blanks around; *ret is the key with its quotes. */
static int skip_key(struct jscan *scan, struct jscan_span *ret, struct err *err)
{
	int rc;

	skip_blanks(scan);
	ret->start = scan->pos;
	if (peek(scan) != '"')
		return jscan_fault(scan, scan->pos, "no key", err);
	rc = skip_string(scan, err);
	if (rc < 0)
		return rc;
	ret->end = scan->pos;
	skip_blanks(scan);
	if (peek(scan) != ':')
		return jscan_fault(scan, scan->pos, "no ':' behind the key", err);
	scan->pos++;
	return 0;
}

/* Open objects and arrays. */
struct nesting {
	bool object[JSCAN_MAX_DEPTH];
	size_t depth;
};

/* Goes into the object or array at pos. 1 = it is empty and has been closed again. */
static int enter(struct jscan *scan, struct nesting *nesting, struct err *err)
{
	bool object = peek(scan) == '{';
	struct jscan_span key;

	if (nesting->depth == JSCAN_MAX_DEPTH)
		return jscan_fault(scan, scan->pos, "nested too deeply", err);
	scan->pos++;
	skip_blanks(scan);
	if (peek(scan) == (object ? '}' : ']')) {
		scan->pos++;
		return 1;
	}
	nesting->object[nesting->depth++] = object;
	return object ? skip_key(scan, &key, err) : 0;
}

/* Behind a whole value: closes what ends here, and goes past the comma to the next value.
 * 1 = the outermost value is whole. */
static int leave(struct jscan *scan, struct nesting *nesting, struct err *err)
{
	while (nesting->depth > 0) {
		bool object = nesting->object[nesting->depth - 1];
		struct jscan_span key;

		skip_blanks(scan);
		if (peek(scan) == ',') {
			scan->pos++;
			return object ? skip_key(scan, &key, err) : 0;
		}
		if (peek(scan) != (object ? '}' : ']'))
			return jscan_fault(scan, scan->pos,
					   object ? "neither ',' nor '}'" : "neither ',' nor ']'",
					   err);
		scan->pos++;
		nesting->depth--;
	}
	return 1;
}

int jscan_value(struct jscan *scan, struct jscan_span *ret, struct err *err)
{
	struct nesting nesting = {.depth = 0};
	size_t start;
	int rc;

	skip_blanks(scan);
	start = scan->pos;
	do {
		skip_blanks(scan);
		if (peek(scan) == '{' || peek(scan) == '[') {
			rc = enter(scan, &nesting, err);
			if (rc == 0)
				continue;
		} else {
			rc = skip_scalar(scan, err);
		}
		if (rc >= 0)
			rc = leave(scan, &nesting, err);
	} while (rc == 0);
	if (rc < 0)
		return rc;
	if (ret != NULL)
		*ret = (struct jscan_span){.start = start, .end = scan->pos};
	return 0;
}

int jscan_document(const char *text, size_t len, struct jscan_span *ret, struct err *err)
{
	struct jscan scan = {.text = text, .len = len};
	int rc;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return jscan_fault(&scan, 0, "byte order mark", err);
	rc = jscan_value(&scan, ret, err);
	if (rc < 0)
		return rc;
	skip_blanks(&scan);
	if (scan.pos < len)
		return jscan_fault(&scan, scan.pos, "more text behind the value", err);
	return 0;
}

/* The character that an escape stands for, -1 for one that no key of ours holds. *used = its bytes
 * behind the backslash. The escape has been checked before. */
static int unescape(const char *text, size_t *used)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint64_t code;

	if (text[0] == 'u') {
		*used = 5;
		return str_to_u64(text + 1, 4, 16, 0x7f, &code) ? (int)code : -1;
	}
	*used = 1;
	at = strchr(from, text[0]);
	return at == NULL ? -1 : to[at - from];
}

bool jscan_is_key(const struct jscan *scan, struct jscan_span quoted, const char *key)
{
	size_t pos = quoted.start + 1;

	while (pos < quoted.end - 1) {
		int c = (unsigned char)scan->text[pos++];

		if (c == '\\') {
			size_t used;

			c = unescape(scan->text + pos, &used);
			pos += used;
		}
		if (*key == '\0' || c != (unsigned char)*key)
			return false;
		key++;
	}
	return *key == '\0';
}

int jscan_next(struct jscan *scan, struct jscan_span *ret_key, struct jscan_span *ret_value,
	       struct err *err)
{
	bool first = scan->text[scan->pos - 1] == '{';
	int rc;

	skip_blanks(scan);
	if (peek(scan) == '}')
		return 0;
	if (!first && peek(scan) != ',')
		return jscan_fault(scan, scan->pos, "neither ',' nor '}'", err);
	if (!first)
		scan->pos++;
	rc = skip_key(scan, ret_key, err);
	if (rc == 0)
		rc = jscan_value(scan, ret_value, err);
	return rc < 0 ? rc : 1;
}

int jscan_find(const struct jscan *scan, size_t pos, const char *key, struct jscan_member *ret,
	       struct err *err)
{
	struct jscan walk = {.text = scan->text, .len = scan->len, .pos = pos};
	struct jscan_member member = {.tail = pos + 1, .empty = true};
	struct jscan_span name;
	struct jscan_span value;
	int rc;

	if (peek(&walk) != '{')
		return jscan_fault(scan, pos, "not an object", err);
	walk.pos++;
	while ((rc = jscan_next(&walk, &name, &value, err)) > 0) {
		member.empty = false;
		member.tail = value.end;
		if (!jscan_is_key(scan, name, key))
			continue;
		if (member.found)
			return jscan_fault(scan, name.start, "duplicate key", err);
		member.found = true;
		member.value = value;
	}
	if (rc == 0)
		*ret = member;
	return rc;
}

int jscan_blame(const char *name, struct err *err)
{
	struct err old;

	if (err == NULL)
		return -EINVAL;
	old = *err;
	if (!str_starts_with(old.msg, "JSON:"))
		return -old.code;
	return err_at(err, old.code, old.line, old.column, "%s%s", name, old.msg + 4);
}
