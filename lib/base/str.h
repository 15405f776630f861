/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings: a growing buffer whose failure is sticky, strict numbers, escaping. Pure.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
	char *data; /* NUL-terminated whenever it is not NULL; owned */
	size_t len;
	size_t cap;
	bool failed; /* an allocation failed: the content is not whole; sticky */
};

/** Appends bytes. After a failure nothing more is added; ask strbuf_failed() once at the end. */
void strbuf_add(struct strbuf *buf, const char *data, size_t len);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool strbuf_failed(const struct strbuf *buf);

/** Hands the text over (the caller frees it) and empties the buffer. NULL after a failure; an empty
 *  buffer gives "". */
char *strbuf_take(struct strbuf *buf);
void strbuf_done(struct strbuf *buf);

/** FNV-1a: for names, not against somebody who looks for two of one value. */
uint64_t str_hash(const char *text);

/** Formats into a new string of the caller's; NULL without memory. */
char *str_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);
/** True if both are NULL, or both are not and equal. */
bool str_equal(const char *a, const char *b);

/** Reads digits of base 2 to 16 and nothing else (no sign, no blanks, no 0x), at most max.
 *  False: not a number, empty, or out of range; *ret is untouched then. */
bool str_to_u64(const char *text, size_t len, unsigned base, uint64_t max, uint64_t *ret);

/** Bytes of the UTF-8 character at text, of which len bytes are there; 0 if there is none (no
 *  overlong forms, no surrogates, nothing above U+10FFFF). Source: RFC 3629. */
size_t str_utf8_length(const char *text, size_t len);

/** The same for one that is no control character: 0 for those, and for U+0080 to U+009F. */
size_t str_plain_length(const char *text, size_t len);

/** Copies with control characters, backslashes and bytes that are not UTF-8 written as \xNN (\n,
 * \t, \r by name), cut to size (with NUL). */
void str_escape(const char *text, char *ret, size_t size);

#endif
