/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict subset of TOML 1.0: comments, tables with bare, quoted and dotted keys, basic and
 * literal strings, integers, booleans, arrays of strings (over several lines, trailing comma).
 * Everything else (floats, dates, inline tables, arrays of tables, multi-line strings) is an error
 * with line and column, never a guess. Pure.
 */
#ifndef FORMAT_TOML_H
#define FORMAT_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "base/vec.h"

#define TOML_MAX_DEPTH   8u
#define TOML_MAX_ENTRIES 4096u
#define TOML_MAX_STRING  65536u

enum toml_type { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN, TOML_ARRAY };

struct toml_entry {
	char *key; /* full dotted key; a part that is not bare is in double quotes; owned */
	enum toml_type type;
	unsigned line, column; /* of the value */
	unsigned key_line, key_column;
	char *string; /* owned */
	int64_t integer;
	bool boolean;
	struct strv array;
};

struct toml {
	VEC(struct toml_entry) entries; /* in order of the text */
	struct strv tables;             /* full names of the table headers seen */
};

/** A byte order mark in front is left out. -EINVAL with line and column: syntax, not UTF-8, NUL
 * byte, a key twice, a limit; the text is one phrase, the caller puts the name of the file before
 * it. */
int toml_parse(const char *text, size_t len, struct toml *ret, struct err *err);
void toml_done(struct toml *toml);
/** NULL = not there. */
const struct toml_entry *toml_find(const struct toml *toml, const char *key);

#endif
