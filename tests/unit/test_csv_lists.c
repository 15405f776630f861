/* SPDX-License-Identifier: Apache-2.0 */
/* The project's own lists: well formed, sorted, each path once, nothing that would be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "format/csv.h"
#include "host/places.h"
#include "sys/io.h"
#include "where.h"

#define SPDX "# SPDX-License-Identifier: Apache-2.0\n"

static const char *const releases[] = {"l4t-r32", "l4t-r35", "l4t-r36", "l4t-r38", "l4t-r39"};

struct lint {
	struct settings *settings;
	const char *folder;
	const char *name;
	struct strv seen; /* paths of the release */
	unsigned last_line;
	enum csv_type last_type;
	char *last_path;
	unsigned faults;
};

static void lint_done(struct lint *lint)
{
	settings_free(lint->settings);
	strv_done(&lint->seen);
	free(lint->last_path);
}

static void complain(struct lint *lint, unsigned line, const char *what)
{
	lint->faults++;
	print_error("csv/%s/%s:%u: %s\n", lint->folder, lint->name, line, what);
}

/* dev, dir, lib, sym: as the alphabet has them */
static unsigned rank(enum csv_type type)
{
	switch (type) {
	case CSV_DEV:
		return 0;
	case CSV_DIR:
		return 1;
	case CSV_LIB:
		return 2;
	default:
		return 3;
	}
}

static bool comes_before(const struct lint *lint, const struct csv_row *row, const char *path)
{
	if (row->type != lint->last_type)
		return rank(row->type) < rank(lint->last_type);
	return strcmp(path, lint->last_path) < 0;
}

static int check_row(void *arg, const struct csv_row *row)
{
	struct lint *lint = arg;
	auto_free char *path = strndup(row->path, row->path_len);
	auto_free char *normal = path_normal(path);

	assert_true(path != NULL && normal != NULL);
	if (row->fault != NULL) {
		complain(lint, row->line, row->fault);
		return 0;
	}
	if (path == NULL || normal == NULL)
		return -1;
	if (strcmp(path, normal) != 0)
		complain(lint, row->line, "not an absolute path in normal form");
	if (!places_allow(lint->settings, path))
		complain(lint, row->line, "outside the allowed prefixes");
	if ((row->type == CSV_DEV) && !path_is_below(path, "/dev"))
		complain(lint, row->line, "a node outside /dev");
	if (strv_add_unique(&lint->seen, path) == 0)
		complain(lint, row->line, "the path is in a list of this release already");
	/* a group ends at a comment or a blank line */
	if (lint->last_line + 1 == row->line && comes_before(lint, row, path))
		complain(lint, row->line, "not in order of type and path");
	lint->last_line = row->line;
	lint->last_type = row->type;
	free(lint->last_path);
	lint->last_path = take_ptr(&path);
	return 0;
}

static void check_list(struct lint *lint, const char *path)
{
	auto_free char *text = NULL;
	size_t len = 0;

	assert_int_equal(io_read_at(AT_FDCWD, path, CSV_MAX_BYTES, &text, &len, NULL), 0);
	lint->last_line = 0;
	if (!str_starts_with(text, SPDX))
		complain(lint, 1, "the first line is not the licence");
	if (!str_ends_with(text, "\n"))
		complain(lint, 0, "the last line has no newline");
	if (strpbrk(text, "\r\t") != NULL)
		complain(lint, 0, "tabs or CRLF");
	assert_int_equal(csv_parse(text, len, check_row, lint, NULL), 0);
}

static void check_release(const char *folder)
{
	auto_done(lint) struct lint lint = {.settings = settings_new(), .folder = folder};
	auto_free char *dir_path = str_format("%s/%s", where_data("/csv"), folder);
	auto_dir dir = opendir(dir_path);
	auto_done(strv) struct strv names = {0};

	assert_non_null(lint.settings);
	assert_non_null(dir);
	assert_false(places_allow(lint.settings, "/srv/x"));
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] != '.')
			assert_int_equal(strv_add(&names, entry->d_name), 0);
	}
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *path = str_format("%s/%s", dir_path, names.items[i]);

		lint.name = names.items[i];
		if (!str_ends_with(lint.name, ".csv"))
			complain(&lint, 0, "not a list");
		else
			check_list(&lint, path);
	}
	lint.name = "";
	if (!strv_contains(&names, "l4t.csv") &&
	    !(strv_contains(&names, "devices.csv") && strv_contains(&names, "drivers.csv")))
		complain(&lint, 0, "neither l4t.csv nor devices.csv and drivers.csv");
	assert_true(lint.seen.n > 50);
	assert_int_equal(lint.faults, 0);
}

static void csv_list_of_each_release_is_clean(void **state)
{
	check_release(*state);
}

static void csv_folders_are_those_of_the_readme(void **state)
{
	auto_dir dir = opendir(where_data("/csv"));
	auto_free char *readme = NULL;
	size_t folders = 0;
	size_t len;

	(void)state;
	assert_non_null(dir);
	assert_int_equal(io_read_at(AT_FDCWD, where_data("/csv/README.md"), CSV_MAX_BYTES, &readme,
				    &len, NULL),
			 0);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		folders += str_starts_with(entry->d_name, "l4t-");
	assert_int_equal(folders, sizeof(releases) / sizeof(releases[0]));
	for (size_t i = 0; i < folders; i++) {
		auto_free char *row = str_format("| %s | R%s | ", releases[i], releases[i] + 5);

		assert_non_null(strstr(readme, row));
	}
}

int main(void)
{
	struct CMUnitTest tests[sizeof(releases) / sizeof(releases[0]) + 1];
	size_t n = 0;

	for (; n < sizeof(releases) / sizeof(releases[0]); n++)
		tests[n] = (struct CMUnitTest){
			.name = releases[n],
			.test_func = csv_list_of_each_release_is_clean,
			.initial_state = (void *)(uintptr_t)releases[n],
		};
	tests[n] = (struct CMUnitTest)cmocka_unit_test(csv_folders_are_those_of_the_readme);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
