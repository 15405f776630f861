/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount lists: one "type, path" a line. The path is everything behind the first comma, blanks,
 * tabs, CR and other Unicode space around it taken off. Pure. Format: csv/README.md.
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include <stddef.h>

#include "base/err.h"

#define CSV_MAX_BYTES (64u * 1024 * 1024) /* of one list */
#define CSV_MAX_ROWS  1000000u            /* of one list */
#define CSV_MAX_LINE  65536u              /* bytes of one line; longer ones are malformed rows */

enum csv_type { CSV_LIB, CSV_DIR, CSV_DEV, CSV_SYM, CSV_MALFORMED };

struct csv_row {
	enum csv_type type;
	unsigned line;    /* from 1, every line counted */
	unsigned column;  /* from 1, bytes: start of the path, or of the fault */
	const char *path; /* into the text, not NUL-terminated; the raw line when malformed */
	size_t path_len;
	const char *fault; /* why malformed, one phrase, a literal; else NULL */
};

/* Called for each row in order; blank lines and lines whose first character that is no space is "#"
 * are left out. Negative stops and is returned. */
typedef int (*csv_row_fn)(void *arg, const struct csv_row *row);

/** Walks a whole list; a byte order mark in front of it is left out. -EFBIG: too many bytes (no row
 *  is given then) or too many rows (those up to the limit were given). */
int csv_parse(const char *text, size_t len, csv_row_fn fn, void *arg, struct err *err);

#endif
