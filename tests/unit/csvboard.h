/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board in a folder on which every row of a folder of lists names something. Where rows
 * contradict each other the first one that can be had wins. Include cmocka.h first.
 */
#ifndef UNIT_CSVBOARD_H
#define UNIT_CSVBOARD_H

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/csv.h"
#include "hostsetup.h"
#include "treelib.h"

struct csvboard_row {
	enum csv_type type;
	char *path; /* absolute, one name that fits where the row is a pattern */
};

struct csvboard {
	struct tree tree;
	VEC(struct csvboard_row) rows;
	unsigned major, minor; /* of L4T; 0 = the folder's name does not tell */
};

static inline void csvboard_done(struct csvboard *board)
{
	vec_each(row, &board->rows) free(row->path);
	vec_done(&board->rows);
	tree_remove(&board->tree);
}

/* "libx.so.540.*" -> "libx.so.540.1", "a[bc]?" -> "ab1" */
static inline void csvboard_settle(char *path)
{
	char *out = path;

	for (const char *in = path; *in != '\0'; in++) {
		const char *end = *in == '[' ? strchr(in, ']') : NULL;

		if (end != NULL) {
			*out++ = in[1];
			in = end;
		} else {
			*out++ = *in == '*' || *in == '?' ? '1' : *in;
		}
	}
	*out = '\0';
}

static inline int csvboard_add_row(void *arg, const struct csv_row *row)
{
	struct csvboard *board = arg;
	auto_free char *path = strndup(row->path, row->path_len);
	struct csvboard_row *added;

	assert_non_null(path);
	csvboard_settle(path);
	if (row->fault != NULL || (path[0] != '/' && row->type != CSV_DEV))
		return 0;
	added = vec_add(&board->rows);
	assert_non_null(added);
	*added = (struct csvboard_row){row->type, path_join("/dev", path)};
	assert_non_null(added->path);
	return 0;
}

/* Copies one list onto the board and keeps its rows. */
static inline void csvboard_add_list(struct csvboard *board, const char *folder, const char *name)
{
	auto_free char *path = str_format("%s/%s", folder, name);
	auto_free char *target = str_format("%s/%s", LISTS, name);
	auto_file file = fopen(path, "re");
	auto_free char *text = NULL;
	struct stat st;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	assert_int_equal(csv_parse(text, (size_t)st.st_size, csvboard_add_row, board, NULL), 0);
	tree_write(&board->tree, target, text, (size_t)st.st_size, 0644);
}

/* True if path is free and its directory is there now. */
static inline bool csvboard_room(const struct csvboard *board, const char *path, char *ret)
{
	struct stat st;

	tree_path(&board->tree, path, ret);
	for (char *slash = strchr(ret + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		int rc;

		*slash = '\0';
		rc = mkdir(ret, 0755);
		*slash = '/';
		if (rc < 0 && errno != EEXIST)
			return false;
	}
	return lstat(ret, &st) < 0 && errno == ENOENT;
}

static inline void csvboard_add_file(struct csvboard *board, const char *path)
{
	const char *suffix = strstr(path_basename(path), ".so");
	auto_free char *soname = NULL;
	char full[PATH_MAX];

	if (!csvboard_room(board, path, full))
		return;
	if (suffix == NULL) {
		tree_write(&board->tree, path, path, strlen(path), 0644);
		return;
	}
	soname = str_format("%.*s.so.1", (int)(suffix - path_basename(path)), path_basename(path));
	assert_non_null(soname);
	treelib_write(&board->tree, path, soname);
}

/* A link to the library of that name with a version behind it, else to a new sibling: a directory
 * where the name has no dot. */
static inline void csvboard_add_link(struct csvboard *board, const char *path)
{
	auto_free char *longer = str_format("%s.", path);
	auto_free char *end = str_format("%s.end", path);
	const char *found = NULL;
	char full[PATH_MAX];

	assert_true(longer != NULL && end != NULL);
	if (!csvboard_room(board, path, full))
		return;
	vec_each(row, &board->rows)
	{
		if (found == NULL && row->type == CSV_LIB && str_starts_with(row->path, longer))
			found = row->path;
	}
	if (found == NULL && strchr(path_basename(path), '.') == NULL) {
		struct tree_entry dir = {TREE_DIR, end, NULL, 0};

		tree_add(&board->tree, &dir);
	} else if (found == NULL) {
		csvboard_add_file(board, end);
	}
	assert_int_equal(symlink(path_basename(found == NULL ? end : found), full), 0);
}

static inline void csvboard_add_objects(struct csvboard *board, enum csv_type type)
{
	char full[PATH_MAX];

	vec_each(row, &board->rows)
	{
		if (row->type != type)
			continue;
		if (type == CSV_LIB)
			csvboard_add_file(board, row->path);
		else if (type == CSV_SYM)
			csvboard_add_link(board, row->path);
		else if (csvboard_room(board, row->path, full) && type == CSV_DIR)
			assert_int_equal(mkdir(full, 0755), 0);
		else if (type == CSV_DEV && geteuid() == 0)
			(void)mknod(full, S_IFCHR | 0666, makedev(1, 3));
	}
}

#endif
