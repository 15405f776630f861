/* SPDX-License-Identifier: Apache-2.0 */
#include "format/l4trelease.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define MAX_NUMBER 9999u /* of a release or revision */

struct span {
	const char *at;
	const char *end;
};

static size_t span_len(const struct span *span)
{
	return (size_t)(span->end - span->at);
}

static bool skip(struct span *span, const char *word)
{
	size_t len = strlen(word);

	if (span_len(span) < len || memcmp(span->at, word, len) != 0)
		return false;
	span->at += len;
	return true;
}

static bool take_number(struct span *span, unsigned *ret)
{
	const char *digits = span->at;
	uint64_t value;

	while (span->at < span->end && *span->at >= '0' && *span->at <= '9')
		span->at++;
	if (!str_to_u64(digits, (size_t)(span->at - digits), 10, MAX_NUMBER, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

/* Cuts one line off the text, without its CR. */
static struct span take_line(struct span *text)
{
	const char *newline = memchr(text->at, '\n', span_len(text));
	struct span line = {text->at, newline == NULL ? text->end : newline};

	text->at = newline == NULL ? text->end : newline + 1;
	while (line.end > line.at && strchr(" \t\r", line.end[-1]) != NULL && line.end[-1] != '\0')
		line.end--;
	return line;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return false;
	}
	return true;
}

/* "# R35 (release), REVISION: 3.1" and what follows up to a comma or the end. */
static bool parse_numbers(struct span *line, struct l4trelease *release)
{
	unsigned ignored;

	if (!skip(line, "# R") || !take_number(line, &release->major) ||
	    !skip(line, " (release), REVISION: ") || !take_number(line, &release->minor))
		return false;
	if (skip(line, ".") && !take_number(line, &release->patch))
		return false;
	while (skip(line, ".")) {
		if (!take_number(line, &ignored))
			return false;
	}
	return line->at == line->end || *line->at == ',';
}

static void parse_board(struct span line, struct l4trelease *release)
{
	static const char key[] = ", BOARD: ";
	const char *found = memmem(line.at, span_len(&line), key, strlen(key));
	const char *comma;
	size_t len;

	if (found == NULL)
		return;
	found += strlen(key);
	comma = memchr(found, ',', (size_t)(line.end - found));
	len = (size_t)((comma == NULL ? line.end : comma) - found);
	if (len < sizeof(release->board) && is_printable(found, len))
		memcpy(release->board, found, len);
}

/* A value that is no usable path counts as not given: the line is a hint only. */
static void parse_lib_dir(struct span line, struct l4trelease *release)
{
	size_t slash;
	size_t len;

	if (!skip(&line, "TARGET_USERSPACE_LIB_DIR_PATH="))
		return;
	if (span_len(&line) >= 2 && *line.at == '"' && line.end[-1] == '"') {
		line.at++;
		line.end--;
	}
	len = span_len(&line);
	if (len == 0 || !is_printable(line.at, len))
		return;
	slash = *line.at == '/' ? 0 : 1;
	if (slash + len >= sizeof(release->lib_dir) || memmem(line.at, len, "..", 2) != NULL)
		return;
	release->lib_dir[0] = '/';
	memcpy(release->lib_dir + slash, line.at, len);
	release->lib_dir[slash + len] = '\0';
}

int l4trelease_parse(const char *text, size_t len, struct l4trelease *ret, struct err *err)
{
	struct l4trelease release = {0};
	struct span rest = {text, text + len};
	struct span line = take_line(&rest);

	if (!parse_numbers(&line, &release))
		return err_at(err, EINVAL, 1, 0,
			      "read the L4T release: the first line is not "
			      "'# R<n> (release), REVISION: <n>.<n>, ...'");
	parse_board(line, &release);
	while (rest.at < rest.end)
		parse_lib_dir(take_line(&rest), &release);
	*ret = release;
	return 0;
}
