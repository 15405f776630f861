/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the cases of ../shared/vectors/FILE.json and compares with tests/vectors-differences.txt: a
 * case that differs must be listed there, a listed one must differ. Include behind cmocka.h.
 */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/strv.h"
#include "where.h"

enum vectors_result { VECTORS_SAME, VECTORS_DIFFERENT, VECTORS_SKIPPED };

/* Runs one case; detail (256 bytes) may say what differs. */
typedef enum vectors_result (*vectors_fn)(const char *test, const json_t *input,
					  const json_t *expected, char *detail, size_t size);

/** Case names of the list that belong to file; duplicates stay. */
static inline void vectors_read_differences(const char *file, struct strv *ret)
{
	auto_file list = fopen(where_data("/tests/vectors-differences.txt"), "re");
	auto_free char *line = NULL;
	size_t cap = 0;

	assert_non_null(list);
	while (getline(&line, &cap, list) > 0) {
		char *name = strchr(line, '\t');
		char *reason = name == NULL ? NULL : strchr(name + 1, '\t');

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (reason == NULL || strlen(reason) < 4) {
			fail_msg("vectors-differences.txt: not FILE<TAB>NAME<TAB>REASON: %s", line);
			continue;
		}
		*name++ = '\0';
		*reason = '\0';
		if (strcmp(line, file) == 0)
			assert_int_equal(strv_add(ret, name), 0);
	}
}

/** The array of cases; skips the test when the shared folder is not there. */
static inline json_t *vectors_load(const char *file)
{
	/* skip() does not come back to free anything */
	static char path[PATH_MAX];
	json_error_t error;
	json_t *cases;

	(void)snprintf(path, sizeof(path), "%s/%s.json", where_shared("/vectors"), file);
	if (access(path, R_OK) < 0) {
		print_message("skipped: '%s' is not there\n", path);
		skip();
	}
	cases = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (cases == NULL)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	assert_true(json_is_array(cases));
	return cases;
}

/** Runs every case of the file whose "test" is test (NULL = every case). Names that occur twice
 *  are told apart in the list as "NAME#2". */
static inline void vectors_run(const char *file, const char *test, vectors_fn run)
{
	auto_done(strv) struct strv listed = {0};
	auto_done(strv) struct strv seen = {0};
	json_t *cases = vectors_load(file);
	json_t *one;
	size_t i;
	unsigned ran = 0;
	unsigned wrong = 0;

	vectors_read_differences(file, &listed);
	json_array_foreach(cases, i, one)
	{
		const char *its_test = json_string_value(json_object_get(one, "test"));
		auto_free char *name = strdup(json_string_value(json_object_get(one, "name")));
		char detail[256] = "";
		enum vectors_result result;
		bool expected;

		for (unsigned twin = 2; strv_add_unique(&seen, name) == 0; twin++) {
			free(name);
			name = str_format("%s#%u", json_string_value(json_object_get(one, "name")),
					  twin);
		}
		if (test != NULL && strcmp(its_test, test) != 0)
			continue;
		result = run(its_test, json_object_get(one, "input"),
			     json_object_get(one, "expected"), detail, sizeof(detail));
		if (result == VECTORS_SKIPPED)
			continue;
		ran++;
		expected = strv_contains(&listed, name);
		if (expected == (result == VECTORS_DIFFERENT))
			continue;
		wrong++;
		print_error("%s: '%s' (%s): %s %s\n", file, name, its_test,
			    expected ? "listed as different, but is the same" : "differs:", detail);
	}
	json_decref(cases);
	print_message("%u cases of %s\n", ran, file);
	assert_int_not_equal(ran, 0);
	assert_int_equal(wrong, 0);
}

#endif
