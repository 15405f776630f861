/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "expand.h"

struct line {
	enum object_kind kind;
	char *path; /* owned */
};

struct lines {
	VEC(struct line) all;
};

static void lines_done(struct lines *lines)
{
	vec_each(line, &lines->all) free(line->path);
	vec_done(&lines->all);
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

static bool kind_of(const char *type, enum object_kind *ret)
{
	static const struct {
		const char *type;
		enum object_kind kind;
	} table[] = {{"lib", OBJECT_FILE},
		     {"dir", OBJECT_DIR},
		     {"dev", OBJECT_NODE},
		     {"sym", OBJECT_LINK}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].type, type) != 0)
			continue;
		*ret = table[i].kind;
		return true;
	}
	return false;
}

static int read_list(struct rows *rows, struct lines *lines, const char *path, struct err *err)
{
	auto_file file = fopen(path, "re");
	auto_free char *text = NULL;
	size_t cap = 0;

	if (file == NULL)
		return err_sys(err, errno, "open '%s'", path);
	while (getline(&text, &cap, file) > 0) {
		char *row = trim(text);
		char *comma = strchr(row, ',');
		enum object_kind kind;
		struct line *line;

		if (*row == '\0' || *row == '#')
			continue;
		if (comma != NULL)
			*comma = '\0';
		if (comma == NULL || !kind_of(trim(row), &kind) || *trim(comma + 1) == '\0') {
			rows->skipped++;
			continue;
		}
		line = vec_add(&lines->all);
		if (line == NULL)
			return err_nomem(err);
		line->kind = kind;
		comma = trim(comma + 1);
		/* lists of the first releases name nodes without their directory */
		line->path = kind == OBJECT_NODE && *comma != '/' ? path_join("/dev", comma)
								  : path_normal(comma);
		if (line->path == NULL)
			return err_nomem(err);
	}
	return 0;
}

static int find_lists(struct strv *ret, const char *folder, struct err *err)
{
	auto_dir dir = opendir(folder);
	struct dirent *entry;

	if (dir == NULL)
		return err_sys(err, errno, "open list folder '%s'", folder);
	while ((entry = readdir(dir)) != NULL)
		if (str_ends_with(entry->d_name, ".csv") &&
		    strv_addf(ret, "%s/%s", folder, entry->d_name) < 0)
			return err_nomem(err);
	if (ret->n == 0)
		return err_set(err, ENOENT, "no *.csv in '%s'", folder);
	strv_sort(ret);
	return 0;
}

static int add_line(struct rows *rows, const struct line *line, const struct release *release,
		    const struct layout *layout, struct err *err)
{
	auto_done(strv) struct strv paths = {0};
	auto_free char *row = layout_row(layout, release, line->path);

	if (row == NULL || expand_glob(row, release, &paths) < 0)
		return err_nomem(err);
	for (size_t i = 0; i < paths.n; i++) {
		struct object *object = vec_add(&rows->objects);

		if (object == NULL)
			return err_nomem(err);
		object->kind = line->kind;
		object->path = layout_object(layout, paths.items[i]);
		if (object->path == NULL)
			return err_nomem(err);
	}
	return 0;
}

int rows_read(struct rows *rows, const char *folder, const struct release *release,
	      const struct layout *layout, size_t missing, struct err *err)
{
	auto_done(lines) struct lines lines = {0};
	size_t n;
	int r = find_lists(&rows->lists, folder, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < rows->lists.n; i++) {
		r = read_list(rows, &lines, rows->lists.items[i], err);
		if (r < 0)
			return r;
	}
	n = lines.all.n > missing ? lines.all.n - missing : 0;
	for (size_t i = 0; i < n; i++) {
		r = add_line(rows, &lines.all.items[i], release, layout, err);
		if (r < 0)
			return r;
	}
	rows_sort(rows);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct object *first = a, *second = b;
	int r = strcmp(first->path, second->path);

	if (r == 0)
		r = (int)first->kind - (int)second->kind;
	return r;
}

void rows_sort(struct rows *rows)
{
	size_t kept = 0;
	struct object *items = rows->objects.items;

	if (rows->objects.n == 0)
		return;
	qsort(items, rows->objects.n, sizeof(*items), compare);
	for (size_t i = 1; i < rows->objects.n; i++) {
		if (strcmp(items[kept].path, items[i].path) == 0) {
			free(items[i].path);
			free(items[i].text);
		} else {
			items[++kept] = items[i];
		}
	}
	rows->objects.n = kept + 1;
}

static int compare_path(const void *key, const void *element)
{
	return strcmp(key, ((const struct object *)element)->path);
}

struct object *rows_find(const struct rows *rows, const char *path)
{
	if (rows->objects.n == 0)
		return NULL;
	return bsearch(path, rows->objects.items, rows->objects.n, sizeof(*rows->objects.items),
		       compare_path);
}

bool rows_has_library(const struct rows *rows, const char *name)
{
	vec_each(object,
		 &rows->objects) if (object->kind == OBJECT_FILE &&
				     strcmp(path_basename(object->path), name) == 0) return true;
	return false;
}

void rows_done(struct rows *rows)
{
	vec_each(object, &rows->objects)
	{
		free(object->path);
		free(object->text);
	}
	vec_done(&rows->objects);
	strv_done(&rows->lists);
}
