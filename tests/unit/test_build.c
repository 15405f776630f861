/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One test for each folder of tests/cases/plan: inventory.txt (tests/unit/plancase.h) against
 * expected.txt. With NVC_GOLDEN=write in the environment the expectations are written anew: read
 * the difference before it goes into a commit.
 */
#include "../support/errname.h"
#include "plancase.h"

#include <dirent.h>
#include <errno.h>

#include "plan/build.h"
#include "render/text.h"
#include "where.h"

#define CASES where_data("/tests/cases/plan")

static void add_verdicts(const struct inventory *inv, const struct plan *plan, struct strbuf *out)
{
	for (size_t r = 0; r < inv->rows.n; r++) {
		const struct row *row = &inv->rows.items[r];
		const struct row_verdict *verdict = &plan->verdicts.items[r];

		strbuf_addf(out, "row     %s:%u %s", inv->files.items[row->file].name, row->line,
			    verdict_name(verdict->verdict));
		if (verdict->other != NO_ROW) {
			const struct row *other = &inv->rows.items[verdict->other];

			strbuf_addf(out, " by %s:%u", inv->files.items[other->file].name,
				    other->line);
		}
		strbuf_addc(out, '\n');
	}
}

static void add_entries(const struct plan *plan, struct strbuf *out)
{
	vec_each(op, &plan->ops)
	{
		vec_each(library, &op->libraries)
		{
			strbuf_addf(out, "entry   %s %s %04x", library->soname, library->path,
				    library->flags);
			if (strcmp(library->path, library->file) != 0)
				strbuf_addf(out, " file %s", library->file);
			strbuf_addc(out, '\n');
		}
	}
}

/* What files of ours hold, a line for each. */
static void add_contents(const struct plan *plan, struct strbuf *out)
{
	vec_each(op, &plan->ops)
	{
		for (const char *line = op->content; line != NULL && *line != '\0';) {
			size_t len = strcspn(line, "\n");

			strbuf_addf(out, "content %s %.*s\n", op->target, (int)len, line);
			line += len + (line[len] == '\n');
		}
	}
}

static char *outcome(const struct plancase *c)
{
	struct strbuf out = {0};
	struct plan *plan = NULL;
	struct err err = {0};
	int rc = plan_build(c->inv, &c->request, &c->image, &c->settings, &plan, &err);

	if (rc < 0) {
		assert_int_equal(rc, -err.code);
		assert_null(plan);
		strbuf_addf(&out, "error   %s: %s (%s)\n", errname(err.code), err.msg,
			    err.hint == NULL ? "" : err.hint);
		return strbuf_take(&out);
	}
	assert_int_equal(plan->verdicts.n, c->inv->rows.n);
	text_plan(c->inv, plan, &out);
	add_contents(plan, &out);
	add_entries(plan, &out);
	add_verdicts(c->inv, plan, &out);
	plan_free(plan);
	return strbuf_take(&out);
}

static void build_case(void **state)
{
	const char *name = *state;
	auto_free char *input = str_format("%s/%s/inventory.txt", CASES, name);
	auto_free char *expected_path = str_format("%s/%s/expected.txt", CASES, name);
	auto_free char *text = plancase_slurp(input);
	auto_free char *expected = plancase_slurp(expected_path);
	auto_free char *actual = NULL;
	auto_free char *again = NULL;
	const char *golden = getenv("NVC_GOLDEN");
	struct plancase c;

	assert_non_null(text);
	plancase_read(&c, text);

	actual = outcome(&c);
	again = outcome(&c);
	plancase_done(&c);

	assert_string_equal(actual, again);
	if (golden != NULL && strcmp(golden, "write") == 0) {
		auto_file file = fopen(expected_path, "we");

		assert_non_null(file);
		assert_true(fputs(actual, file) >= 0);
		return;
	}
	assert_non_null(expected);
	assert_string_equal(actual, expected);
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	struct dirent **names = NULL;
	int n = scandir(CASES, &names, is_case, alphasort);
	struct CMUnitTest *tests;
	int failed;

	if (n <= 0) {
		print_error("no cases below %s\n", CASES);
		return 1;
	}
	tests = calloc((size_t)n, sizeof(*tests));
	for (int i = 0; tests != NULL && i < n; i++)
		tests[i] = (struct CMUnitTest){.name = names[i]->d_name,
					       .test_func = build_case,
					       .initial_state = names[i]->d_name};
	failed = tests == NULL
			 ? 1
			 : _cmocka_run_group_tests("plan cases", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(tests);
	return failed;
}
