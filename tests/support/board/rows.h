/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a board, from the rows of its lists. An own reader on purpose: a fault of the
 * product's parser must not be mirrored in the boards it is tested with.
 */
#ifndef BOARD_ROWS_H
#define BOARD_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "base/vec.h"
#include "layout.h"
#include "profile.h"

enum object_kind { OBJECT_FILE, OBJECT_DIR, OBJECT_NODE, OBJECT_LINK };

struct object {
	enum object_kind kind;
	char *path; /* normal, absolute; owned */
	char *text; /* OBJECT_LINK: its text; NULL = not known yet; owned */
};

struct rows {
	VEC(struct object) objects; /* in order of path after rows_sort(), each path once */
	struct strv lists;          /* paths of the lists, in byte order of name */
	size_t skipped;             /* rows that say nothing */
};

/** Reads every *.csv of the folder. missing = number of rows, counted from the last, that are left
 *  out. */
int rows_read(struct rows *rows, const char *folder, const struct release *release,
	      const struct layout *layout, size_t missing, struct err *err);
/** Sorts and leaves out what is there twice: of a link and something else the link goes. */
void rows_sort(struct rows *rows);
/** NULL = none. Sorted rows only. */
struct object *rows_find(const struct rows *rows, const char *path);
/** True if a library of that file name is on the board. */
bool rows_has_library(const struct rows *rows, const char *name);
void rows_done(struct rows *rows);

#endif
