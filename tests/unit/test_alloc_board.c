/* SPDX-License-Identifier: Apache-2.0 */
/* From a board in a folder to plan and renderings, with each allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "allocfail.h"
#include "csvboard.h"
#include "oci/image.h"
#include "plan/build.h"
#include "render/json.h"
#include "render/text.h"
#include "where.h"

#define COMPATIBLE "nvidia,p3448-0000\0nvidia,tegra210"
#define MOST       400 /* runs of one stage: a board has thousands of allocations */

static struct csvboard board;
static struct setup whole; /* the inventory as it should be */
static struct plan *whole_plan;
static const struct request request = {.mode = DEVICES_ALL, .lists = LISTS_ALL};

static int run_lists(void *arg, struct err *err, struct strbuf *text)
{
	struct setup setup = {0};
	auto_free char *shown = NULL;
	int r;

	(void)arg;
	setup_settings(&setup, board.tree.root);
	setup.inv = inventory_new();
	assert_non_null(setup.inv);
	allocfail_start();
	r = host_open(&setup.host, &setup.settings, NULL, err);
	if (r == 0)
		r = host_read_lists(&setup.host, HOST_LISTS_ALL, setup.inv, err);
	allocfail_stop();
	if (r == 0) {
		shown = dump(setup.inv);
		strbuf_adds(text, shown);
	}
	setup_done(&setup);
	return r;
}

static void put_fact(struct strbuf *text, const struct fact *fact)
{
	strbuf_addf(text, "%s (%s)\n", fact->value ? fact->value : "-",
		    fact->source ? fact->source : "-");
}

static int run_platform(void *arg, struct err *err, struct strbuf *text)
{
	struct inventory *inv = inventory_new();
	const struct platform *platform = &inv->platform;
	int r;

	(void)arg;
	allocfail_start();
	r = host_read_platform(&whole.host, inv, err);
	allocfail_stop();
	if (r == 0) {
		put_fact(text, &platform->model);
		put_fact(text, &platform->soc);
		put_fact(text, &platform->board);
		put_fact(text, &platform->l4t);
		put_fact(text, &platform->jetpack);
		put_fact(text, &platform->driver);
		put_fact(text, &platform->gpu);
		for (size_t i = 0; i < platform->looked.n; i++)
			strbuf_addf(text, "%s\n", platform->looked.items[i]);
	}
	inventory_free(inv);
	return r;
}

static int run_plan(void *arg, struct err *err, struct strbuf *text)
{
	struct plan *plan = NULL;
	int r;

	(void)arg;
	allocfail_start();
	r = plan_build(whole.inv, &request, NULL, &whole.settings, &plan, err);
	allocfail_stop();
	if (r == 0)
		text_plan(whole.inv, plan, text);
	plan_free(plan);
	return r;
}

/* A buffer that could not grow says so: that is the error. */
static int run_text(void *arg, struct err *err, struct strbuf *text)
{
	struct strbuf buf = {0};
	char *got;

	(void)arg;
	allocfail_start();
	text_info(whole.inv, whole_plan, &buf);
	text_list(whole.inv, whole_plan, 0, &buf);
	text_plan(whole.inv, whole_plan, &buf);
	text_rows(whole.inv, whole_plan, &buf);
	got = strbuf_take(&buf);
	allocfail_stop();
	if (got == NULL)
		return err_nomem(err);
	strbuf_adds(text, got);
	free(got);
	return 0;
}

static int take_json(int r, char *json, struct strbuf *text)
{
	strbuf_adds(text, json == NULL ? "" : json);
	free(json);
	return r;
}

static int run_json_info(void *arg, struct err *err, struct strbuf *text)
{
	char *json = NULL;
	int r;

	(void)arg;
	allocfail_start();
	r = json_info(whole.inv, whole_plan, &whole.settings, &json, err);
	allocfail_stop();
	return take_json(r, json, text);
}

static int run_json_list(void *arg, struct err *err, struct strbuf *text)
{
	char *json = NULL;
	int r;

	(void)arg;
	allocfail_start();
	r = json_list(whole.inv, whole_plan, &json, err);
	allocfail_stop();
	return take_json(r, json, text);
}

static int run_json_plan(void *arg, struct err *err, struct strbuf *text)
{
	char *json = NULL;
	int r;

	(void)arg;
	allocfail_start();
	r = json_plan(whole.inv, &request, whole_plan, &json, err);
	allocfail_stop();
	return take_json(r, json, text);
}

static int run_image(void *arg, struct err *err, struct strbuf *text)
{
	auto_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct image image = {.known = false};
	int r;

	(void)arg;
	allocfail_start();
	r = image_read(root, &image, err);
	allocfail_stop();
	strbuf_addf(text, "%d %d", image.machine, image.libc);
	return r;
}

static int run_load(void *arg, struct err *err, struct strbuf *text)
{
	struct settings *settings = NULL;
	char path[PATH_MAX];
	int r;

	(void)arg;
	tree_path(&board.tree, "/etc/config.toml", path);
	allocfail_start();
	r = settings_load(path, NULL, &settings, err);
	allocfail_stop();
	strbuf_adds(text, settings == NULL ? "" : settings->root);
	settings_free(settings);
	return r;
}

static void make_all(void)
{
	const char *folder = where_data("/csv/l4t-r32");
	static const char release[] = "# R32 (release), REVISION: 7.1, GCID: 1, BOARD: t210ref\n";
	static const char config[] = "[nvidia-container-cli]\nroot = \"/x\"\n[nvc]\nalt-roots = "
				     "[\"/a\", \"/b\"]\npath-map = [\"/a:/b\"]\n";
	struct err err = {0};

	tree_make(&board.tree, NULL);
	csvboard_add_list(&board, folder, "l4t.csv");
	csvboard_add_list(&board, folder, "cudnn.csv");
	csvboard_add_objects(&board, CSV_DIR);
	csvboard_add_objects(&board, CSV_LIB);
	csvboard_add_objects(&board, CSV_DEV);
	csvboard_add_objects(&board, CSV_SYM);
	tree_write(&board.tree, "/etc/nv_tegra_release", release, strlen(release), 0644);
	tree_write(&board.tree, "/proc/device-tree/compatible", COMPATIBLE, sizeof(COMPATIBLE),
		   0644);
	tree_write(&board.tree, "/sys/devices/soc0/family", "Tegra\n", 6, 0644);
	tree_write(&board.tree, "/etc/config.toml", config, strlen(config), 0644);
	setup_settings(&whole, board.tree.root);
	assert_int_equal(setup_read(&whole, HOST_LISTS_ALL), 0);
	assert_int_equal(host_read_platform(&whole.host, whole.inv, &err), 0);
	assert_int_equal(plan_build(whole.inv, &request, NULL, &whole.settings, &whole_plan, &err),
			 0);
}

static void alloc_failures_from_board_to_plan_are_errors(void **state)
{
	static const struct allocfail_case cases[] = {
		{.name = "settings", .run = run_load, .succeeds = true},
		{.name = "lists", .run = run_lists, .most = MOST, .succeeds = true},
		{.name = "platform", .run = run_platform, .succeeds = true},
		{.name = "plan", .run = run_plan, .most = MOST, .succeeds = true},
		{.name = "text", .run = run_text, .most = MOST, .succeeds = true},
		{.name = "json info", .run = run_json_info, .most = MOST, .succeeds = true},
		{.name = "json list", .run = run_json_list, .most = MOST, .succeeds = true},
		{.name = "json plan", .run = run_json_plan, .most = MOST, .succeeds = true},
		{.name = "image", .run = run_image, .succeeds = true},
	};

	(void)state;
	make_all();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		allocfail_sweep(&cases[i]);
	plan_free(whole_plan);
	setup_done(&whole);
	csvboard_done(&board);
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_from_board_to_plan_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_board");
	return failed;
}
