/* SPDX-License-Identifier: Apache-2.0 */
#include "format/procdriver.h"

#include <string.h>

#include "base/str.h"

#define VERSION_LINE "NVRM version:"
#define DIGITS       "0123456789"
#define BLANKS       " \t\r"
#define MAX_INDEX    65535u /* of a GPU's minor or an instance, in a name */

struct span {
	const char *at;
	size_t len;
};

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static struct span trim(struct span span)
{
	while (span.len > 0 && is_one_of(span.at[0], BLANKS)) {
		span.at++;
		span.len--;
	}
	while (span.len > 0 && is_one_of(span.at[span.len - 1], BLANKS))
		span.len--;
	return span;
}

/* Cuts the next line off text. False at the end. */
static bool next_line(struct span *text, struct span *ret)
{
	const char *end;
	size_t used;

	if (text->len == 0)
		return false;
	end = memchr(text->at, '\n', text->len);
	ret->at = text->at;
	ret->len = end == NULL ? text->len : (size_t)(end - text->at);
	used = ret->len + (end == NULL ? 0 : 1);
	text->at += used;
	text->len -= used;
	return true;
}

static bool next_word(struct span *line, struct span *ret)
{
	struct span rest = trim(*line);
	size_t len = 0;

	while (len < rest.len && !is_one_of(rest.at[len], BLANKS))
		len++;
	*ret = (struct span){rest.at, len};
	*line = (struct span){rest.at + len, rest.len - len};
	return len > 0;
}

static bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

static bool skip(struct span *span, const char *prefix)
{
	size_t len = strlen(prefix);

	if (span->len < len || memcmp(span->at, prefix, len) != 0)
		return false;
	span->at += len;
	span->len -= len;
	return true;
}

/* ---- version ---- */

/* Two numbers or more, with dots: "x86_64", "64" and a year are none. */
static bool is_version(struct span word)
{
	bool dot = false;

	if (word.len == 0 || word.len >= PROCDRIVER_MAX_DIGITS)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '.') {
			if (i == 0 || i + 1 == word.len || word.at[i - 1] == '.')
				return false;
			dot = true;
		} else if (!is_one_of(word.at[i], DIGITS)) {
			return false;
		}
	}
	return dot;
}

bool procdriver_version(const char *text, size_t len, char ret[PROCDRIVER_MAX_DIGITS])
{
	struct span rest = {text, len};
	struct span line;
	struct span word;

	while (next_line(&rest, &line)) {
		if (!skip(&line, VERSION_LINE))
			continue;
		while (next_word(&line, &word)) {
			if (!is_version(word))
				continue;
			memcpy(ret, word.at, word.len);
			ret[word.len] = '\0';
			return true;
		}
		return false;
	}
	return false;
}

/* ---- PCI addresses ---- */

/* Digits up to separator ('\0' = the end), at most max of them. */
static bool take_hex(struct span *span, size_t max, char separator, uint64_t *ret)
{
	size_t n = 0;

	while (n < span->len && n <= max && span->at[n] != separator)
		n++;
	if (n == 0 || n > max || (separator == '\0') != (n == span->len) ||
	    !str_to_u64(span->at, n, 16, UINT32_MAX, ret))
		return false;
	if (separator != '\0')
		n++;
	span->at += n;
	span->len -= n;
	return true;
}

static void put_hex(char **at, uint64_t value, unsigned digits, char separator)
{
	static const char names[] = "0123456789abcdef";

	for (unsigned i = digits; i > 0; i--)
		*(*at)++ = names[(value >> (4 * (i - 1))) & 15];
	*(*at)++ = separator;
}

bool procdriver_busid(const char *text, size_t len, char ret[PROCDRIVER_BUSID])
{
	struct span rest = {text, len};
	uint64_t domain;
	uint64_t bus;
	uint64_t slot;
	uint64_t function;

	if (!take_hex(&rest, 8, ':', &domain) || !take_hex(&rest, 2, ':', &bus) ||
	    !take_hex(&rest, 2, '.', &slot) || !take_hex(&rest, 1, '\0', &function) || slot > 31 ||
	    function > 7)
		return false;
	put_hex(&ret, domain, 8, ':');
	put_hex(&ret, bus, 2, ':');
	put_hex(&ret, slot, 2, '.');
	put_hex(&ret, function, 1, '\0');
	return true;
}

const char *procdriver_short_busid(const char *busid)
{
	return str_starts_with(busid, "0000") ? busid + 4 : busid;
}

/* ---- information ---- */

/* Value behind the key and a colon. */
static bool take_key(struct span line, const char *key, struct span *ret)
{
	if (!skip(&line, key))
		return false;
	line = trim(line);
	if (line.len == 0 || line.at[0] != ':')
		return false;
	*ret = trim((struct span){line.at + 1, line.len - 1});
	return true;
}

/* What a person or a path could be misled by counts as not given. */
static void take_text(struct span value, char *ret, size_t size)
{
	if (value.len >= size || span_is(value, "Unknown"))
		return;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if (c < 0x20 || c > 0x7e)
			return;
	}
	memcpy(ret, value.at, value.len);
	ret[value.len] = '\0';
}

/* "GPU-" and 8-4-4-4-12 hexadecimal digits; question marks until the GPU has been used. */
static void take_uuid(struct span value, char *ret, size_t size)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	struct span digits = value;

	(void)skip(&digits, "GPU-");
	if (digits.len != strlen(form) || value.len >= size)
		return;
	for (size_t i = 0; i < digits.len; i++) {
		if (form[i] == '-' ? digits.at[i] != '-'
				   : !is_one_of(digits.at[i], DIGITS "abcdefABCDEF"))
			return;
	}
	memcpy(ret, value.at, value.len);
	ret[value.len] = '\0';
}

void procdriver_gpu_parse(const char *text, size_t len, struct procdriver_gpu *ret)
{
	struct procdriver_gpu gpu = {.minor = -1};
	struct span rest = {text, len};
	struct span line;
	struct span value;
	uint64_t number;

	while (next_line(&rest, &line)) {
		if (take_key(line, "Model", &value))
			take_text(value, gpu.model, sizeof(gpu.model));
		else if (take_key(line, "GPU UUID", &value))
			take_uuid(value, gpu.uuid, sizeof(gpu.uuid));
		else if (take_key(line, "Bus Location", &value))
			(void)procdriver_busid(value.at, value.len, gpu.busid);
		else if (take_key(line, "GPU Excluded", &value))
			gpu.excluded = span_is(value, "Yes");
		else if (take_key(line, "Device Minor", &value) &&
			 str_to_u64(value.at, value.len, 10, PROCDRIVER_MAX_MINOR, &number))
			gpu.minor = (int)number;
	}
	*ret = gpu;
}

bool procdriver_number(const char *text, size_t len, const char *key, uint64_t max, uint64_t *ret)
{
	struct span rest = {text, len};
	struct span line;
	struct span value;

	while (next_line(&rest, &line)) {
		if (take_key(line, key, &value))
			return str_to_u64(value.at, value.len, 10, max, ret);
	}
	return false;
}

/* ---- capabilities ---- */

/* "gpu12/": digits up to the slash, no zeros in front, so that a path has one name only. */
static bool take_index(struct span *span, const char *word, unsigned *ret)
{
	uint64_t value;
	size_t n = 0;

	if (!skip(span, word))
		return false;
	while (n < span->len && span->at[n] != '/')
		n++;
	if (n == span->len || (n > 1 && span->at[0] == '0') ||
	    !str_to_u64(span->at, n, 10, MAX_INDEX, &value))
		return false;
	span->at += n + 1;
	span->len -= n + 1;
	*ret = (unsigned)value;
	return true;
}

static bool take_cap(struct span name, struct procdriver_cap *ret)
{
	struct procdriver_cap cap = {.kind = CAP_GI};

	if (span_is(name, "config") || span_is(name, "monitor")) {
		ret->kind = name.at[0] == 'c' ? CAP_CONFIG : CAP_MONITOR;
		return true;
	}
	if (!take_index(&name, "gpu", &cap.gpu) || !take_index(&name, "gi", &cap.gi))
		return false;
	if (take_index(&name, "ci", &cap.ci))
		cap.kind = CAP_CI;
	*ret = cap;
	return span_is(name, "access");
}

bool procdriver_next_cap(const char **text, size_t *len, struct procdriver_cap *ret)
{
	struct span rest = {*text, *len};
	struct span line;
	bool found = false;

	while (!found && next_line(&rest, &line)) {
		struct procdriver_cap cap = {.kind = CAP_CONFIG};
		struct span name;
		uint64_t minor;

		if (!next_word(&line, &name) || !take_cap(name, &cap))
			continue;
		line = trim(line);
		found = str_to_u64(line.at, line.len, 10, PROCDRIVER_MAX_MINOR, &minor);
		if (!found)
			continue;
		cap.minor = (unsigned)minor;
		*ret = cap;
	}
	*text = rest.at;
	*len = rest.len;
	return found;
}

static void put_text(char **at, const char *text)
{
	size_t len = strlen(text);

	memcpy(*at, text, len);
	*at += len;
}

static void put_number(char **at, unsigned value)
{
	char digits[10];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (n > 0)
		*(*at)++ = digits[--n];
}

void procdriver_cap_path(const struct procdriver_cap *cap, char ret[PROCDRIVER_CAP_PATH])
{
	put_text(&ret, PROCDRIVER_CAP_FILES);
	if (cap->kind == CAP_CONFIG || cap->kind == CAP_MONITOR) {
		put_text(&ret, cap->kind == CAP_CONFIG ? "/mig/config" : "/mig/monitor");
		*ret = '\0';
		return;
	}
	put_text(&ret, "/gpu");
	put_number(&ret, cap->gpu);
	put_text(&ret, "/mig/gi");
	put_number(&ret, cap->gi);
	if (cap->kind == CAP_CI) {
		put_text(&ret, "/ci");
		put_number(&ret, cap->ci);
	}
	put_text(&ret, "/access");
	*ret = '\0';
}
