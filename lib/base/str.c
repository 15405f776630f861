/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STR_FORMAT_MOST 256 /* bytes that most texts fit into, so that they are formatted once */

uint64_t str_hash(const char *text)
{
	uint64_t value = 14695981039346656037u;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 1099511628211u;
	return value;
}

static bool strbuf_reserve(struct strbuf *buf, size_t more)
{
	size_t want;
	size_t cap;
	char *data;

	if (buf->failed || more > SIZE_MAX / 4 - buf->len)
		buf->failed = true;
	if (buf->failed)
		return false;
	want = buf->len + more + 1;
	if (want <= buf->cap)
		return true;
	cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap < want)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *buf, const char *data, size_t len)
{
	if (!strbuf_reserve(buf, len))
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || !strbuf_reserve(buf, (size_t)len)) {
		buf->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

bool strbuf_failed(const struct strbuf *buf)
{
	return buf->failed;
}

char *strbuf_take(struct strbuf *buf)
{
	char *text = NULL;

	if (strbuf_reserve(buf, 0)) {
		text = buf->data;
		text[buf->len] = '\0';
		buf->data = NULL;
	}
	strbuf_done(buf);
	return text;
}

void strbuf_done(struct strbuf *buf)
{
	free(buf->data);
	*buf = (struct strbuf){0};
}

char *str_format(const char *fmt, ...)
{
	char most[STR_FORMAT_MOST];
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(most, sizeof(most), fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	text = malloc((size_t)len + 1);
	if (text == NULL)
		return NULL;
	if ((size_t)len < sizeof(most))
		return memcpy(text, most, (size_t)len + 1);
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

bool str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t end = strlen(suffix);

	return len >= end && strcmp(text + len - end, suffix) == 0;
}

bool str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

bool str_to_u64(const char *text, size_t len, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base || digit > max || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

size_t str_utf8_length(const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t want;

	if (len == 0)
		return 0;
	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	want = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (len < want)
		return 0;
	for (size_t i = 1; i < want; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f))
		return 0;
	if ((c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return want;
}

size_t str_plain_length(const char *text, size_t len)
{
	size_t n = str_utf8_length(text, len);
	const unsigned char *c = (const unsigned char *)text;

	/* U+0080 to U+009F are control characters of terminals too. */
	return n == 0 || c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0) ? 0 : n;
}

/* Writes the escaped form of one character into out (at least 5 bytes); returns bytes consumed. */
static size_t escape_one(const unsigned char *text, char *out)
{
	size_t len = str_plain_length((const char *)text, strnlen((const char *)text, 4));
	const char *named = NULL;

	switch (text[0]) {
	case '\n':
		named = "\\n";
		break;
	case '\t':
		named = "\\t";
		break;
	case '\r':
		named = "\\r";
		break;
	case '\\':
		named = "\\\\";
		break;
	default:
		break;
	}
	if (named != NULL) {
		memcpy(out, named, 3);
		return 1;
	}
	if (len == 0) {
		(void)snprintf(out, 5, "\\x%02x", text[0]);
		return 1;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return len;
}

void str_escape(const char *text, char *ret, size_t size)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0;

	while (*in != '\0') {
		char one[8];
		size_t taken = escape_one(in, one);
		size_t len = strlen(one);

		if (used + len + 1 > size)
			break;
		memcpy(ret + used, one, len);
		used += len;
		in += taken;
	}
	if (size > 0)
		ret[used] = '\0';
}
