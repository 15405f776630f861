/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"

#include "format/csv.h"
#include "format/require.h"

static const char *const csv_names[] = {"lib", "dir", "dev", "sym"};

/* Adds {"type", "path"} of each good row to the array in arg. */
static int collect(void *arg, const struct csv_row *row)
{
	if (row->type == CSV_MALFORMED)
		return 0;
	return json_array_append_new(arg, json_pack("{s:s, s:s%}", "type", csv_names[row->type],
						    "path", row->path, row->path_len));
}

static json_t *parse_csv(const json_t *text)
{
	json_t *rows = json_array();

	assert_int_equal(
		csv_parse(json_string_value(text), json_string_length(text), collect, rows, NULL),
		0);
	return rows;
}

static bool same_rows(json_t *rows, const json_t *expected)
{
	if (json_is_null(expected))
		return json_array_size(rows) == 0;
	return json_equal(rows, expected) == 1;
}

static enum vectors_result run_csv(const char *test, const json_t *input, const json_t *expected,
				   char *detail, size_t size)
{
	const json_t *line = json_object_get(input, "line");
	const json_t *contents = json_object_get(input, "contents");
	const json_t *error = json_object_get(expected, "error");
	json_t *rows;
	json_t *want = NULL;
	bool same;

	if (line == NULL && contents == NULL)
		return VECTORS_SKIPPED; /* choice of files: host/csvdir */
	rows = parse_csv(line != NULL ? line : contents);
	if (contents != NULL) {
		same = same_rows(rows, json_object_get(expected, "specs"));
	} else if (strcmp(test, "TestNewMountSpecFromLine") == 0) {
		const json_t *value = json_object_get(expected, "expectedValue");

		if (json_is_null(json_object_get(expected, "expectedError")))
			want = json_pack("[{s:O, s:O}]", "type", json_object_get(value, "Type"),
					 "path", json_object_get(value, "Path"));
		same = same_rows(rows, want == NULL ? json_null() : want);
	} else {
		if (!json_is_true(error))
			want = json_pack("[{s:O, s:O}]", "type", json_object_get(expected, "type"),
					 "path", json_object_get(expected, "path"));
		same = same_rows(rows, want == NULL ? json_null() : want);
	}
	(void)snprintf(detail, size, "%zu rows", json_array_size(rows));
	json_decref(rows);
	json_decref(want);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static void csv_of_the_peer_gives_its_rows(void **state)
{
	(void)state;

	vectors_run("csv_parse", NULL, run_csv);
}

/* Several requirements are all to be met. */
static int check_all(const json_t *requirements, const struct require_facts *facts)
{
	const json_t *one;
	int result = 1;
	size_t i;

	json_array_foreach(requirements, i, one)
	{
		int ret = require_check(json_string_value(one), facts, NULL);

		if (ret < 1 && result == 1)
			result = ret;
	}
	return result;
}

static enum vectors_result run_require(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	const json_t *properties = json_object_get(input, "properties");
	const json_t *condition = json_object_get(input, "condition");
	const struct require_facts facts = {
		.cuda = json_string_value(json_object_get(properties, "cuda")),
		.arch = json_string_value(json_object_get(properties, "arch")),
		.driver = json_string_value(json_object_get(properties, "driver")),
		.brand = json_string_value(json_object_get(properties, "brand")),
	};
	int ret;

	if (condition == NULL)
		condition = json_object_get(input, "requirement");
	if (condition != NULL) {
		bool is_wrong = json_is_true(json_object_get(expected, "expectedError"));

		ret = require_check(json_string_value(condition), &facts, NULL);
		(void)snprintf(detail, size, "%d", ret);
		return (ret == -EINVAL) == is_wrong ? VECTORS_SAME : VECTORS_DIFFERENT;
	}
	if (strcmp(test, "oracle:requirements_dsl") != 0)
		return VECTORS_SKIPPED; /* choice of variables: oci/request */
	ret = check_all(json_object_get(input, "requirements"), &facts);
	(void)snprintf(detail, size, "%d", ret);
	return (ret == 1) == json_is_true(json_object_get(expected, "ok")) ? VECTORS_SAME
									   : VECTORS_DIFFERENT;
}

static void require_of_the_peer_gives_its_answer(void **state)
{
	(void)state;

	vectors_run("requirements", NULL, run_require);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_of_the_peer_gives_its_rows),
		cmocka_unit_test(require_of_the_peer_gives_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
