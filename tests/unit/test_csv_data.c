/* SPDX-License-Identifier: Apache-2.0 */
/* Every list of ../shared/data/csv: each row has a type, or a fault with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/walk.h"
#include "base/auto.h"
#include "base/str.h"
#include "format/csv.h"
#include "where.h"

struct counts {
	size_t rows;
	size_t faults;
	size_t files;
};

static int check_row(void *arg, const struct csv_row *row)
{
	struct counts *counts = arg;

	assert_true(row->line > 0 && row->column > 0);
	assert_true(row->path_len > 0);
	assert_int_equal(row->fault != NULL, row->type == CSV_MALFORMED);
	counts->rows++;
	counts->faults += row->fault != NULL ? 1 : 0;
	return 0;
}

static void check_file(const char *path, off_t size, struct counts *counts)
{
	auto_file file = fopen(path, "re");
	auto_free char *text = malloc((size_t)size + 1);
	size_t faults = counts->faults;

	assert_non_null(file);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	assert_int_equal(csv_parse(text, (size_t)size, check_row, counts, NULL), 0);
	counts->files++;
	if (counts->faults > faults)
		print_message("%s: %zu faults\n", path, counts->faults - faults);
}

static void check_one(const struct walk *walk, const char *path, const struct stat *st, int error)
{
	assert_int_equal(error, 0);
	if (S_ISREG(st->st_mode) && str_ends_with(path, ".csv"))
		check_file(path, st->st_size, walk->arg);
}

static void csv_lists_of_real_boards_are_read(void **state)
{
	char root[PATH_MAX];
	struct counts counts = {0};
	struct walk walk = {.see = check_one, .arg = &counts};

	(void)state;
	(void)snprintf(root, sizeof(root), "%s", where_shared("/data/csv"));
	if (access(root, R_OK) < 0) {
		print_message("skipped: '%s' is not there\n", root);
		skip();
	}
	walk_tree(&walk, root);
	print_message("%zu rows, %zu faults in %zu files\n", counts.rows, counts.faults,
		      counts.files);
	assert_true(counts.files > 50 && counts.rows > 5000);
	/* Of these lists nearly every row is good: more faults would be ours. */
	assert_true(counts.faults * 100 < counts.rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_lists_of_real_boards_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
