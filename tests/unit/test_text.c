/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts for people against tests/cases/plan/CASE/{info,list,rows}.txt, where a case has them;
 * NVC_GOLDEN=write writes them anew.
 */
#include "plancase.h"

#include "plan/build.h"
#include "render/text.h"
#include "where.h"

#define CASES where_data("/tests/cases/plan")

typedef void (*text_fn)(const struct inventory *inv, const struct plan *plan, struct strbuf *out);

static void list_everything(const struct inventory *inv, const struct plan *plan,
			    struct strbuf *out)
{
	text_list(inv, plan, 0, out);
}

static void check_text(const char *name, const char *file, text_fn fn)
{
	auto_free char *input_path = str_format("%s/%s/inventory.txt", CASES, name);
	auto_free char *path = str_format("%s/%s/%s", CASES, name, file);
	auto_free char *input = plancase_slurp(input_path);
	auto_free char *expected = plancase_slurp(path);
	auto_free char *actual = NULL;
	const char *golden = getenv("NVC_GOLDEN");
	struct strbuf out = {0};
	struct plan *plan = NULL;
	struct plancase c;

	assert_non_null(input);
	plancase_read(&c, input);
	(void)plan_build(c.inv, &c.request, &c.image, &c.settings, &plan, NULL);

	fn(c.inv, plan, &out);

	actual = strbuf_take(&out);
	plan_free(plan);
	plancase_done(&c);
	assert_non_null(actual);
	if (golden != NULL && strcmp(golden, "write") == 0) {
		auto_file to = fopen(path, "we");

		assert_non_null(to);
		assert_true(fputs(actual, to) >= 0);
		return;
	}
	assert_non_null(expected);
	assert_string_equal(actual, expected);
}

static void text_info_of_a_board_names_facts_lists_and_nodes(void **state)
{
	(void)state;
	check_text("nano_r32", "info.txt", text_info);
}

static void text_info_of_other_releases_marks_lists_not_selected(void **state)
{
	(void)state;
	check_text("lists_base_only_from_r34", "info.txt", text_info);
}

static void text_info_without_gpu_says_what_was_looked_at(void **state)
{
	(void)state;
	check_text("no_list_folder", "info.txt", text_info);
}

static void text_info_names_a_list_that_was_not_read(void **state)
{
	(void)state;
	check_text("list_not_read", "info.txt", text_info);
}

static void text_list_has_one_path_a_line_nodes_first(void **state)
{
	(void)state;
	check_text("nano_r32", "list.txt", list_everything);
}

static void text_rows_show_each_verdict(void **state)
{
	(void)state;
	check_text("nano_r32", "rows.txt", text_rows);
}

static void text_never_passes_control_characters_on(void **state)
{
	struct inventory *inv = inventory_new();
	struct plan *plan = plan_new();
	struct op *op = vec_add(&plan->ops);
	struct strbuf out = {0};

	(void)state;
	*op = (struct op){.kind = OP_LINK,
			  .target = strdup("/usr/lib/a\nbind x\x1b[2J"),
			  .link = strdup("b\rc"),
			  .row = NO_ROW,
			  .why = strdup("why\tnot")};

	text_plan(inv, plan, &out);
	text_list(inv, plan, 0, &out);

	for (size_t i = 0; i < out.len; i++)
		assert_true(out.data[i] == '\n' || (unsigned char)out.data[i] >= ' ');
	assert_null(strstr(out.data, "\nbind"));
	strbuf_done(&out);
	plan_free(plan);
	inventory_free(inv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_info_of_a_board_names_facts_lists_and_nodes),
		cmocka_unit_test(text_info_of_other_releases_marks_lists_not_selected),
		cmocka_unit_test(text_info_without_gpu_says_what_was_looked_at),
		cmocka_unit_test(text_info_names_a_list_that_was_not_read),
		cmocka_unit_test(text_list_has_one_path_a_line_nodes_first),
		cmocka_unit_test(text_rows_show_each_verdict),
		cmocka_unit_test(text_never_passes_control_characters_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
