/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every folder of lists, the project's own and those of ../shared/data/csv, planned on a board
 * where each row names something. What must be true of any plan is looked at here; which plan it
 * is, in test_build.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "../support/walk.h"
#include "csvboard.h"
#include "hostsetup.h"
#include "plan/build.h"
#include "render/text.h"
#include "where.h"

#define MAX_LINKS 40u

/* Steps over one character and reads the number behind it; 0 where there is none. */
static unsigned next_number(const char **text)
{
	unsigned number = 0;

	if (**text == '\0')
		return 0;
	for ((*text)++; **text >= '0' && **text <= '9'; (*text)++)
		number = number * 10 + (unsigned)(**text - '0');
	return number;
}

/* The release is in the folder's name or in that of one above it: ".../R32.7.6/tegra210". */
static void csvboard_add_release(struct csvboard *board, const char *folder)
{
	auto_free char *line = NULL;
	unsigned patch;
	const char *at = folder;

	for (const char *next = folder; (next = strpbrk(next, "Rr")) != NULL; next++) {
		if (next > folder && (next[-1] == '/' || next[-1] == '-') && next[1] >= '0' &&
		    next[1] <= '9')
			at = next;
	}
	if (at == folder)
		return;
	board->major = next_number(&at);
	board->minor = next_number(&at);
	patch = next_number(&at);
	line = str_format("# R%u (release), REVISION: %u.%u, GCID: 1, BOARD: x, EABI: aarch64, "
			  "DATE: x\n",
			  board->major, board->minor, patch);
	assert_non_null(line);
	tree_write(&board->tree, "/etc/nv_tegra_release", line, strlen(line), 0644);
}

/* Number of lists in the folder; 0 = no board is made. */
static size_t csvboard_make(struct csvboard *board, const char *folder)
{
	auto_dir dir = opendir(folder);
	size_t n = 0;

	*board = (struct csvboard){0};
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (!str_ends_with(entry->d_name, ".csv"))
			continue;
		if (n++ == 0)
			tree_make(&board->tree, NULL);
		csvboard_add_list(board, folder, entry->d_name);
	}
	if (n == 0)
		return 0;
	csvboard_add_release(board, folder);
	csvboard_add_objects(board, CSV_DIR);
	csvboard_add_objects(board, CSV_LIB);
	csvboard_add_objects(board, CSV_DEV);
	csvboard_add_objects(board, CSV_SYM);
	return n;
}

static const struct op *find_op(const struct plan *plan, const char *target, size_t len)
{
	vec_each(op, &plan->ops)
	{
		if (op->target != NULL && strlen(op->target) == len &&
		    strncmp(op->target, target, len) == 0)
			return op;
	}
	return NULL;
}

/* Where path leads in a container that has nothing but the plan's links. */
static char *resolve(const struct plan *plan, const char *path)
{
	char *at = strdup(path);
	size_t from = 0;

	assert_non_null(at);
	for (unsigned links = 0; links < MAX_LINKS;) {
		size_t part = from + 1 + strcspn(at + from + 1, "/");
		const struct op *op = find_op(plan, at, part);
		auto_free char *dir = NULL;
		auto_free char *next = NULL;

		if (op == NULL || op->kind != OP_LINK) {
			if (at[part] == '\0')
				return at;
			from = part;
			continue;
		}
		dir = path_dirname(op->target);
		next = str_format("%s%s", op->link, at + part);
		free(at);
		at = path_join(dir, next);
		assert_non_null(at);
		from = 0;
		links++;
	}
	fail_msg("'%s' runs in circles", path);
	return at;
}

/* Bound itself, inside a bound directory, or a directory that holds what is bound. */
static bool is_given(const struct plan *plan, const char *path)
{
	vec_each(op, &plan->ops)
	{
		if (op->kind == OP_LDCACHE || op->kind == OP_LINK)
			continue;
		if (strcmp(op->target, path) == 0 || path_is_below(op->target, path))
			return true;
		if ((op->flags & OP_DIR) != 0 && path_is_below(path, op->target))
			return true;
	}
	return false;
}

static bool has_op_of_row(const struct plan *plan, size_t row)
{
	vec_each(op, &plan->ops)
	{
		if (op->row == row)
			return true;
	}
	return false;
}

static void check_found_row(const struct inventory *inv, const struct plan *plan, size_t r)
{
	const struct row *row = &inv->rows.items[r];
	const struct row_verdict *verdict = &plan->verdicts.items[r];

	assert_true(row->n_items > 0);
	if (verdict->verdict == VERDICT_USED) {
		assert_true(has_op_of_row(plan, r));
	} else {
		assert_true(verdict->verdict == VERDICT_COVERED ||
			    verdict->verdict == VERDICT_DUPLICATE);
		assert_true(verdict->other < inv->rows.n && verdict->other != r);
		assert_int_equal(inv->rows.items[verdict->other].state, ROW_FOUND);
	}
	for (size_t i = row->first_item; i < row->first_item + row->n_items; i++) {
		auto_free char *end = resolve(plan, inv->items.items[i].target);

		if (!is_given(plan, end))
			fail_msg("'%s' of row '%s' leads to '%s', which nothing brings",
				 inv->items.items[i].target, row->path, end);
	}
}

static void check_rows(const struct inventory *inv, const struct plan *plan)
{
	assert_int_equal(plan->verdicts.n, inv->rows.n);
	for (size_t r = 0; r < inv->rows.n; r++) {
		const struct row *row = &inv->rows.items[r];
		enum verdict verdict = plan->verdicts.items[r].verdict;

		assert_int_equal(row->reason == NULL, row->state == ROW_FOUND);
		if (row->state == ROW_FOUND)
			check_found_row(inv, plan, r);
		else
			assert_int_equal(verdict, row->state == ROW_MISSING   ? VERDICT_MISSING
						  : row->state == ROW_REFUSED ? VERDICT_REFUSED
									      : VERDICT_MALFORMED);
	}
}

/* Links, directories, files, nodes, and the cache at the end. */
static unsigned rank(const struct op *op)
{
	if (op->kind == OP_LINK)
		return 0;
	if (op->kind == OP_BIND)
		return (op->flags & OP_DIR) != 0 ? 1 : 2;
	return op->kind == OP_FILE ? 3 : op->kind == OP_DEVICE ? 4 : 5;
}

static void check_below_dir(const struct op *op, const struct op *dir)
{
	auto_free char *along = NULL;

	if (op == dir || op->kind == OP_DEVICE || !path_is_below(op->target, dir->target))
		return;
	if (op->kind == OP_LINK)
		fail_msg("link '%s' lies in the bound '%s'", op->target, dir->target);
	along = str_format("%s%s", dir->source, op->target + strlen(dir->target));
	if (op->root == dir->root && str_equal(op->source, along))
		fail_msg("'%s' comes with '%s' already", op->target, dir->target);
}

static void check_places(const struct plan *plan, const struct op *op)
{
	auto_free char *normal = path_normal(op->target);

	assert_int_equal(op->target[0], '/');
	assert_string_equal(op->target, normal);
	vec_each(other, &plan->ops)
	{
		if (other == op || other->target == NULL)
			continue;
		if (strcmp(other->target, op->target) == 0)
			fail_msg("two operations at '%s'", op->target);
		if (other->kind == OP_LINK && path_is_below(op->target, other->target))
			fail_msg("'%s' lies below the link '%s'", op->target, other->target);
		if ((other->flags & OP_DIR) != 0)
			check_below_dir(op, other);
	}
}

static void check_ops(const struct plan *plan)
{
	unsigned last = 0;

	assert_true(plan_count(plan, OP_LDCACHE) <= 1);
	vec_each(op, &plan->ops)
	{
		assert_true(rank(op) >= last);
		last = rank(op);
		if (op->kind == OP_LDCACHE)
			continue;
		check_places(plan, op);
		if (op->kind == OP_BIND)
			assert_true((op->flags & (OP_RDONLY | OP_NOSUID | OP_NODEV)) ==
				    (OP_RDONLY | OP_NOSUID | OP_NODEV));
	}
}

/* Reads and plans once; NULL when nothing of the lists can be had. */
static char *plan_once(const struct csvboard *board, bool check)
{
	struct setup setup = {0};
	struct request request = {.mode = DEVICES_ALL, .lists = LISTS_ALL};
	struct strbuf text = {0};
	struct plan *plan = NULL;
	struct err err = {0};
	size_t found = 0;

	setup_settings(&setup, board->tree.root);
	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);
	assert_int_equal(host_read_platform(&setup.host, setup.inv, &err), 0);
	assert_int_equal(setup.inv->platform.l4t_major, board->major);
	vec_each(row, &setup.inv->rows) found += row->state == ROW_FOUND;
	if (plan_build(setup.inv, &request, NULL, &setup.settings, &plan, &err) < 0) {
		assert_int_equal(err.code, ENODEV);
		assert_int_equal(found, 0);
	} else {
		text_plan(setup.inv, plan, &text);
		if (check) {
			check_rows(setup.inv, plan);
			check_ops(plan);
		}
	}
	plan_free(plan);
	setup_done(&setup);
	return strbuf_take(&text);
}

static unsigned check_folder(const char *folder)
{
	auto_done(csvboard) struct csvboard board = {0};
	auto_free char *first = NULL;
	auto_free char *second = NULL;

	if (csvboard_make(&board, folder) == 0)
		return 0;
	first = plan_once(&board, true);
	second = plan_once(&board, false);
	assert_string_equal(first, second);
	return 1;
}

static void check_one(const struct walk *walk, const char *path, const struct stat *st, int error)
{
	unsigned *boards = walk->arg;

	assert_int_equal(error, 0);
	if (S_ISDIR(st->st_mode))
		*boards += check_folder(path);
}

static unsigned check_below(const char *root)
{
	unsigned boards = 0;
	struct walk walk = {.see = check_one, .arg = &boards};

	walk_tree(&walk, root);
	return boards;
}

static void csv_lists_of_the_project_give_sound_plans(void **state)
{
	char root[PATH_MAX];

	(void)state;
	(void)snprintf(root, sizeof(root), "%s", where_data("/csv"));
	assert_int_equal(check_below(root), 5);
}

static void csv_lists_of_real_boards_give_sound_plans(void **state)
{
	char root[PATH_MAX];
	unsigned boards;

	(void)state;
	(void)snprintf(root, sizeof(root), "%s", where_shared("/data/csv"));
	if (access(root, R_OK) < 0) {
		print_message("skipped: '%s' is not there\n", root);
		skip();
	}
	boards = check_below(root);
	print_message("%u boards\n", boards);
	assert_true(boards >= 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_lists_of_the_project_give_sound_plans),
		cmocka_unit_test(csv_lists_of_real_boards_give_sound_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
