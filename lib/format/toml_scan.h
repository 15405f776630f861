/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a TOML line, for toml.c only: blanks, keys, values. Nothing is remembered. Pure. */
#ifndef FORMAT_TOML_SCAN_H
#define FORMAT_TOML_SCAN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "format/toml.h"

struct toml_scan {
	const char *at; /* next byte */
	const char *end;
	const char *line_start;
	unsigned line; /* from 1 */
	struct err *err;
};

/** -EINVAL with the line, the column of where and the text. */
int toml_scan_fail(const struct toml_scan *scan, const char *where, const char *what);

/** Column of a place in the current line, from 1, in bytes. */
unsigned toml_scan_column(const struct toml_scan *scan, const char *where);

/** Steps over one character; false when another one, or the end, is there. */
bool toml_scan_take(struct toml_scan *scan, char c);

void toml_scan_blanks(struct toml_scan *scan);

/** Steps over blanks, a comment and the newline; -EINVAL when something else follows. */
int toml_scan_line_end(struct toml_scan *scan);

/** Appends one part of a key in the form of toml_entry.key. */
int toml_scan_key_part(struct toml_scan *scan, struct strbuf *key);

/** Fills type, place and content of a value; what was put there is released by the caller. */
int toml_scan_value(struct toml_scan *scan, struct toml_entry *entry);

#endif
