/* SPDX-License-Identifier: Apache-2.0 */
#include "format/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Length of the white space character at p, 0 if there is none: Unicode's White_Space in UTF-8. */
static size_t space_at(const char *p, const char *end)
{
	const unsigned char *c = (const unsigned char *)p;
	size_t left = (size_t)(end - p);

	if (left == 0)
		return 0;
	if (c[0] < 0x80)
		return c[0] == ' ' || (c[0] >= '\t' && c[0] <= '\r') ? 1 : 0;
	if (left >= 2 && c[0] == 0xc2)
		return c[1] == 0x85 || c[1] == 0xa0 ? 2 : 0;
	if (left < 3)
		return 0;
	if (c[0] == 0xe1)
		return c[1] == 0x9a && c[2] == 0x80 ? 3 : 0;
	if (c[0] == 0xe2 && c[1] == 0x80)
		return c[2] <= 0x8a || c[2] == 0xa8 || c[2] == 0xa9 || c[2] == 0xaf ? 3 : 0;
	if (c[0] == 0xe2)
		return c[1] == 0x81 && c[2] == 0x9f ? 3 : 0;
	if (c[0] == 0xe3)
		return c[1] == 0x80 && c[2] == 0x80 ? 3 : 0;
	return 0;
}

/* Length of the white space character that ends at end, 0 if there is none. */
static size_t space_before(const char *start, const char *end)
{
	for (size_t len = 1; len <= 3 && len <= (size_t)(end - start); len++) {
		if (space_at(end - len, end) == len)
			return len;
	}
	return 0;
}

static void trim(const char **start, const char **end)
{
	size_t len;

	while ((len = space_at(*start, *end)) > 0)
		*start += len;
	while ((len = space_before(*start, *end)) > 0)
		*end -= len;
}

static enum csv_type type_of(const char *start, const char *end)
{
	static const char names[][4] = {"lib", "dir", "dev", "sym"};

	if (end - start != 3)
		return CSV_MALFORMED;
	for (unsigned i = 0; i < 4; i++) {
		if (memcmp(names[i], start, 3) == 0)
			return (enum csv_type)i;
	}
	return CSV_MALFORMED;
}

/* First ASCII control character, or NULL. */
static const char *find_control(const char *start, const char *end)
{
	for (const char *p = start; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f)
			return p;
	}
	return NULL;
}

static void set_fault(struct csv_row *row, const char *line, const char *at, const char *fault)
{
	row->type = CSV_MALFORMED;
	row->column = (unsigned)(at - line) + 1;
	row->fault = fault;
}

/* start is the first character of the line that is no space. */
static void split_line(struct csv_row *row, const char *line, const char *start, const char *end)
{
	const char *comma = memchr(start, ',', (size_t)(end - start));
	const char *path = comma == NULL ? end : comma + 1;
	const char *type_end = comma == NULL ? end : comma;
	const char *type = start;
	const char *bad;

	trim(&type, &type_end);
	if (comma == NULL) {
		set_fault(row, line, start, "no comma behind the type");
		return;
	}
	row->type = type_of(type, type_end);
	if (row->type == CSV_MALFORMED) {
		set_fault(row, line, start, "unknown type, not lib, dir, dev or sym");
		return;
	}
	trim(&path, &end);
	bad = find_control(path, end);
	if (path == end) {
		set_fault(row, line, comma + 1, "no path behind the comma");
	} else if (bad != NULL) {
		set_fault(row, line, bad, "control character in the path");
	} else {
		row->path = path;
		row->path_len = (size_t)(end - path);
		row->column = (unsigned)(path - line) + 1;
	}
}

/* False for a line that is no row: blank, or a comment. */
static bool read_line(struct csv_row *row, const char *line, const char *start, const char *end)
{
	const char *last = end;
	const char *nul;

	trim(&start, &last);
	if (start == last || *start == '#')
		return false;
	row->path = line;
	row->path_len = (size_t)(end - line);
	nul = memchr(start, '\0', (size_t)(last - start));
	if (row->path_len > CSV_MAX_LINE)
		set_fault(row, line, line + CSV_MAX_LINE, "line is longer than 65536 bytes");
	else if (nul != NULL)
		set_fault(row, line, nul, "NUL byte in the line");
	else
		split_line(row, line, start, last);
	return true;
}

int csv_parse(const char *text, size_t len, csv_row_fn fn, void *arg, struct err *err)
{
	const char *end = text + len;
	const char *start = text;
	unsigned rows = 0;
	unsigned number = 0;

	if (len > CSV_MAX_BYTES)
		return err_set(err, EFBIG, "read the mount list: more than %u bytes",
			       CSV_MAX_BYTES);
	/* Editors on other systems put the mark there, and it would make a row of a comment. */
	if (len >= 3 && memcmp(text, byte_order_mark, 3) == 0)
		start += 3;
	for (const char *line = text; line < end; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline == NULL ? end : newline;
		struct csv_row row = {.line = number + 1};
		int ret;

		if (read_line(&row, line, start, line_end)) {
			if (rows++ == CSV_MAX_ROWS)
				return err_at(err, EFBIG, row.line, 0,
					      "read the mount list: more than %u rows",
					      CSV_MAX_ROWS);
			ret = fn(arg, &row);
			if (ret < 0)
				return ret;
		}
		line = newline == NULL ? end : newline + 1;
		start = line;
	}
	return 0;
}
