/* SPDX-License-Identifier: Apache-2.0 */
/* The library as its users see it: by <nvc/nvc.h> alone, on a board in a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "apiworld.h"
#include "where.h"

/* A fresh request, inventory and plan; the first error. */
static int plan_for(struct world *world, const struct nvc_request_args *args)
{
	int rc;

	nvc_plan_free(world->plan);
	nvc_request_free(world->request);
	nvc_inventory_free(world->inv);
	world->plan = NULL;
	world->request = NULL;
	world->inv = NULL;
	rc = nvc_request_from_args(world->ctx, args, &world->request);
	if (rc == 0)
		rc = nvc_inventory_new(world->ctx, world->request, &world->inv);
	if (rc == 0)
		rc = nvc_plan_new(world->ctx, world->inv, world->request, NULL, &world->plan);
	return rc;
}

static bool lists_path(struct world *world, const char *path)
{
	char *text = NULL;
	bool found;

	assert_int_equal(nvc_render(world->ctx, world->inv, world->request, world->plan,
				    NVC_LIST_TEXT, &text),
			 0);
	found = strstr(text, path) != NULL;
	free(text);
	return found;
}

static void api_open_names_a_missing_or_faulty_config(void **state)
{
	struct world *world = *state;
	struct nvc_options options = {.size = sizeof(options)};
	struct nvc_context *ctx = NULL;

	options.config = inside(world, "/none.toml");
	assert_int_equal(nvc_open(&options, &ctx), -ENOENT);
	assert_non_null(ctx);
	assert_int_equal(nvc_error_code(ctx), ENOENT);
	assert_non_null(strstr(nvc_error_message(ctx), "/none.toml"));
	assert_int_equal(nvc_error_line(ctx), 0);
	assert_null(nvc_setting(ctx, "nvc.log-file"));
	assert_null(nvc_setting_runtimes(ctx)[0]);
	nvc_close(ctx);

	options.config = inside(world, "/bad.toml");
	assert_int_equal(nvc_open(&options, &ctx), -EINVAL);
	assert_int_equal(nvc_error_code(ctx), EINVAL);
	assert_non_null(strstr(nvc_error_message(ctx), "/bad.toml"));
	assert_int_equal(nvc_error_line(ctx), 2);
	assert_int_equal(nvc_error_column(ctx), 12);
	nvc_close(ctx);
	nvc_close(NULL);
}

static void api_structs_of_another_size_are_refused(void **state)
{
	struct world *world = *state;
	struct nvc_options options = {.size = sizeof(options) - 1};
	struct nvc_request_args args = {.size = sizeof(args) - 1};
	struct nvc_bundle_args bundle = {.size = sizeof(bundle) - 1, .bundle = "/x"};
	struct nvc_container container = {.size = sizeof(container) - 1, .id = "x"};
	struct nvc_state oci = {.size = sizeof(oci) - 1};
	struct nvc_engine_args engine = {.size = sizeof(engine) - 1, .engine = "docker"};
	struct nvc_engine_change change = {.size = sizeof(change)};
	struct nvc_context *ctx = NULL;

	assert_int_equal(nvc_open(&options, &ctx), -EINVAL);
	assert_non_null(strstr(nvc_error_message(ctx), "size"));
	nvc_close(ctx);
	assert_int_equal(nvc_request_from_args(world->ctx, &args, &world->request), -EINVAL);
	assert_null(world->request);
	assert_int_equal(nvc_bundle_prepare(world->ctx, &bundle), -EINVAL);
	assert_int_equal(nvc_revert(world->ctx, &container), -EINVAL);
	assert_int_equal(nvc_engine_configure(world->ctx, &engine, &change), -EINVAL);
	assert_int_equal(nvc_state_parse(world->ctx, "{}", 2, &oci), -EINVAL);
	assert_non_null(strstr(nvc_error_message(world->ctx), "size"));
	assert_int_equal(plan_for(world, NULL), 0);
	assert_int_equal(nvc_apply(world->ctx, world->plan, &container, NULL), -EINVAL);
	assert_non_null(strstr(nvc_error_message(world->ctx), "size"));
}

static void api_engine_is_configured_without_a_configuration(void **state)
{
	struct world *world = *state;
	struct nvc_options options = {.size = sizeof(options), .no_config = true, .config = "/x"};
	struct nvc_engine_args args = {.size = sizeof(args),
				       .engine = "docker",
				       .image_root = world->tree.root,
				       .dry_run = true,
				       .set_default = true};
	struct nvc_engine_change change = {.size = sizeof(change)};
	struct nvc_context *ctx = NULL;

	assert_int_equal(nvc_open(&options, &ctx), -EINVAL);
	nvc_close(ctx);
	options.config = NULL;
	assert_int_equal(nvc_open(&options, &ctx), 0);

	assert_int_equal(nvc_engine_configure(ctx, &args, &change), 1);
	assert_int_equal(change.done,
			 NVC_ENGINE_ADDED | NVC_ENGINE_DEFAULT | NVC_ENGINE_NO_PROGRAM);
	assert_string_equal(change.file, inside(world, "/etc/docker/daemon.json"));
	assert_null(change.before);
	assert_null(change.backup);
	assert_non_null(strstr(change.after, change.runtime_path));
	assert_int_not_equal(access(change.file, F_OK), 0);
	nvc_engine_change_done(&change);

	args.remove = true;
	assert_int_equal(nvc_engine_configure(ctx, &args, &change), -EINVAL);
	args.set_default = false;
	assert_int_equal(nvc_engine_configure(ctx, &args, &change), 0);
	assert_null(change.after);
	nvc_engine_change_done(&change);
	args.engine = "rkt";
	assert_int_equal(nvc_engine_configure(ctx, &args, &change), -ENOTSUP);
	assert_non_null(nvc_error_hint(ctx));
	nvc_close(ctx);
}

static void api_settings_are_the_overridden_ones(void **state)
{
	struct world *world = *state;

	assert_string_equal(nvc_setting(world->ctx, "nvidia-container-cli.root"), world->tree.root);
	assert_string_equal(nvc_setting(world->ctx, "nvc.host-root"), world->tree.root);
	assert_string_equal(nvc_setting(world->ctx, "nvc.state-dir"), "/var/lib/nvc");
	assert_null(nvc_setting(world->ctx, "nvc.no-such-thing"));
	assert_string_equal(nvc_setting_runtimes(world->ctx)[0], "runc");
	assert_int_equal(nvc_setting_log_level(world->ctx), NVC_LOG_INFO);
}

static void api_inventory_reads_the_board(void **state)
{
	struct world *world = *state;
	char *text = NULL;

	assert_int_equal(nvc_inventory_new(world->ctx, NULL, &world->inv), 0);
	assert_true(nvc_inventory_has_gpu(world->inv));
	assert_true(nvc_inventory_has_lists(world->inv));
	assert_int_equal(nvc_render(world->ctx, world->inv, NULL, NULL, NVC_INFO_TEXT, &text), 0);
	assert_non_null(strstr(text, "36.4.3"));
	free(text);
}

static void api_machine_without_lists_is_an_error_with_advice(void **state)
{
	struct world *world = *state;
	struct nvc_options options = {.size = sizeof(options), .list_dir = "/nowhere"};

	nvc_close(world->ctx);
	options.config = inside(world, "/config.toml");
	options.root = options.host_root = inside(world, "");
	assert_int_equal(nvc_open(&options, &world->ctx), 0);

	assert_int_equal(plan_for(world, NULL), -ENODEV);

	assert_false(nvc_inventory_has_lists(world->inv));
	assert_non_null(strstr(nvc_error_message(world->ctx), "/nowhere"));
	assert_non_null(nvc_error_hint(world->ctx));
	/* the next call that succeeds leaves no error behind */
	nvc_inventory_free(world->inv);
	world->inv = NULL;
	assert_int_equal(nvc_inventory_new(world->ctx, NULL, &world->inv), 0);
	assert_int_equal(nvc_error_code(world->ctx), 0);
	assert_string_equal(nvc_error_message(world->ctx), "");
	assert_null(nvc_error_hint(world->ctx));
}

static void api_missing_root_is_an_error(void **state)
{
	struct world *world = *state;
	struct nvc_options options = {.size = sizeof(options)};

	nvc_close(world->ctx);
	options.config = inside(world, "/config.toml");
	options.root = inside(world, "/nowhere");
	assert_int_equal(nvc_open(&options, &world->ctx), 0);

	assert_int_equal(nvc_inventory_new(world->ctx, NULL, &world->inv), -ENOENT);
	assert_non_null(strstr(nvc_error_message(world->ctx), "/nowhere"));
}

static void api_request_from_args_takes_ids_and_words(void **state)
{
	static const struct {
		const char *devices, *capabilities;
		int request, plan; /* results */
		bool wants;
	} cases[] = {
		{NULL, NULL, 0, 0, true},
		{"all", "compute,utility", 0, 0, true},
		{"0", NULL, 0, 0, true},
		{"none", NULL, 0, 0, true},
		{"void", NULL, 0, 0, false},
		{"", NULL, 0, 0, false},
		{"7", NULL, 0, -ENODEV, true},
		{"0,GPU-x", NULL, 0, -ENODEV, true},
		{"../../dev/sda", NULL, -EINVAL, 0, false},
		{"a\nb", NULL, -EINVAL, 0, false},
		{"all", "frobnicate", -EINVAL, 0, false},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nvc_request_args args = {.size = sizeof(args),
						.devices = cases[i].devices,
						.capabilities = cases[i].capabilities};
		int rc = plan_for(world, &args);

		print_message("devices '%s'\n", cases[i].devices ? cases[i].devices : "NULL");
		assert_int_equal(rc, cases[i].request != 0 ? cases[i].request : cases[i].plan);
		assert_int_equal(nvc_error_code(world->ctx), -rc);
		assert_int_equal(world->request == NULL, cases[i].request != 0);
		if (world->request == NULL)
			continue;
		assert_int_equal(nvc_request_wants_gpu(world->request), cases[i].wants);
		assert_string_equal(nvc_request_origin(world->request), "the command line");
		assert_null(nvc_request_refused(world->request));
		if (rc == 0)
			assert_int_equal(nvc_plan_is_empty(world->plan), !cases[i].wants);
	}
}

static void api_request_from_args_takes_what_a_driver_offers(void **state)
{
	static const struct {
		struct nvc_request_args args;
		int rc;
		const char *words; /* of the error */
	} cases[] = {
		{{.mig_config = "all", .mig_monitor = "all"}, 0, NULL},
		{{.mig_config = "0"}, -EINVAL, "MIG config"},
		{{.mig_monitor = "0"}, -EINVAL, "MIG monitor"},
		{{.devices = "MIG-x", .mig_config = "all"}, -EINVAL, "MIG-x"},
		{{.imex_channels = "0,3-5"}, 0, NULL},
		{{.imex_channels = "all"}, -EINVAL, "numbers"},
		{{.imex_channels = "1048576"}, -EINVAL, "1048576"},
		{{.cuda_compat = "ldconfig"}, 0, NULL},
		{{.cuda_compat = "disabled"}, 0, NULL},
		{{.cuda_compat = ""}, -EINVAL, "ldconfig, mount"},
		{{.without = NVC_MPS | NVC_PERSISTENCED}, 0, NULL},
		{{.without = 1 << 4}, -EINVAL, "without"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nvc_request_args args = cases[i].args;
		struct nvc_request *request = NULL;

		args.size = sizeof(args);
		assert_int_equal(nvc_request_from_args(world->ctx, &args, &request), cases[i].rc);
		assert_int_equal(request == NULL, cases[i].rc < 0);
		if (cases[i].rc < 0)
			assert_non_null(strstr(nvc_error_message(world->ctx), cases[i].words));
		nvc_request_free(request);
	}
}

/* As a container of this image would be refused. */
static void api_request_of_the_command_line_is_not_the_images(void **state)
{
	const char *image[] = {"NVIDIA_MIG_CONFIG_DEVICES=nonsense", "NVIDIA_IMEX_CHANNELS=x",
			       "NVIDIA_MIG_MONITOR_DEVICES=nonsense", NULL};
	struct nvc_request_args args = {.size = sizeof(args), .env = image};

	assert_int_equal(plan_for(*state, &args), 0);
}

static void api_requirements_hold_or_name_what_is_missing(void **state)
{
	struct world *world = *state;
	const char *met[] = {"cuda>=11.0", "cuda<99", NULL};
	const char *unmet[] = {"cuda>=99.1", NULL};
	const char *broken[] = {"cuda>>", NULL};
	struct nvc_request_args args = {.size = sizeof(args), .requires = met};

	assert_int_equal(plan_for(world, &args), 0);
	args.requires = unmet;
	assert_int_equal(plan_for(world, &args), -ENOTSUP);
	assert_non_null(strstr(nvc_error_message(world->ctx), "99.1"));
	assert_non_null(nvc_error_hint(world->ctx));
	args.requires = broken;
	assert_int_equal(plan_for(world, &args), -EINVAL);
}

static void api_list_words_select_the_lists(void **state)
{
	struct world *world = *state;
	const char *every[] = {"csv-mounts=all", NULL};
	const char *base[] = {"base-only", NULL};
	const char *image[] = {"NVIDIA_REQUIRE_JETPACK=csv-mounts=all",
			       "NVIDIA_VISIBLE_DEVICES=void", NULL};
	struct nvc_request_args args = {.size = sizeof(args)};

	assert_int_equal(plan_for(world, &args), 0);
	assert_true(lists_path(world, LIB "/a.bin"));
	assert_false(lists_path(world, LIB "/b.bin"));
	args.requires = every;
	assert_int_equal(plan_for(world, &args), 0);
	assert_true(lists_path(world, LIB "/b.bin"));
	args.requires = base;
	assert_int_equal(plan_for(world, &args), 0);
	assert_false(lists_path(world, LIB "/b.bin"));
	/* the image's word counts, its wish for devices does not */
	args = (struct nvc_request_args){.size = sizeof(args), .env = image};
	assert_int_equal(plan_for(world, &args), 0);
	assert_true(nvc_request_wants_gpu(world->request));
	assert_true(lists_path(world, LIB "/b.bin"));
}

static void api_request_from_text_refuses_what_it_did_not_write(void **state)
{
	struct world *world = *state;
	static const char *const texts[] = {"", "x", "devices=", "1 2 3", "%"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(nvc_request_from_text(world->ctx, texts[i], &world->request),
				 -EINVAL);
		assert_null(world->request);
		assert_string_not_equal(nvc_error_message(world->ctx), "");
	}
}

static void check_json(struct world *world, enum nvc_rendering rendering, const char *schema)
{
	char *text = NULL;
	json_t *json;

	assert_int_equal(
		nvc_render(world->ctx, world->inv, world->request, world->plan, rendering, &text),
		0);
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "schema")), schema);
	json_decref(json);
	free(text);
}

static void api_renderings_need_what_they_show(void **state)
{
	static const enum nvc_rendering texts[] = {NVC_INFO_TEXT, NVC_LIST_TEXT, NVC_PLAN_TEXT,
						   NVC_ROWS_TEXT};
	static const enum nvc_rendering with_plan[] = {NVC_LIST_TEXT, NVC_LIST_JSON, NVC_PLAN_TEXT,
						       NVC_PLAN_JSON};
	struct world *world = *state;
	char *text = NULL;

	assert_int_equal(plan_for(world, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(nvc_render(world->ctx, world->inv, world->request, world->plan,
					    texts[i], &text),
				 0);
		assert_non_null(strstr(text, i == 0 ? "drivers.csv" : LIB "/a.bin"));
		free(text);
		text = NULL;
		assert_int_equal(nvc_render(world->ctx, world->inv, world->request, NULL,
					    with_plan[i], &text),
				 -EINVAL);
		assert_null(text);
	}
	check_json(world, NVC_INFO_JSON, "nvc.info/1");
	check_json(world, NVC_LIST_JSON, "nvc.list/1");
	check_json(world, NVC_PLAN_JSON, "nvc.plan/1");
	assert_int_equal(nvc_render(world->ctx, world->inv, NULL, world->plan,
				    (enum nvc_rendering)99, &text),
			 -EINVAL);
	assert_int_equal(nvc_error_code(world->ctx), EINVAL);
	assert_null(nvc_plan_note(world->plan, 1000));
}

static void api_check_lists_counts_and_tells_faults(void **state)
{
	struct world *world = *state;

	assert_int_equal(nvc_inventory_new(world->ctx, NULL, &world->inv), 0);
	world->warnings = 0;

	assert_int_equal(nvc_check_lists(world->ctx, world->inv), 2);

	assert_int_equal(world->warnings, 2);
	assert_non_null(strstr(world->last, "more.csv:3:"));
	nvc_set_log(world->ctx, NULL, NULL, NVC_LOG_DEBUG);
	assert_int_equal(nvc_check_lists(world->ctx, world->inv), 2);
	assert_int_equal(world->warnings, 2);
}

static void api_version_is_that_of_the_project(void **state)
{
	char *text = slurp(where_data("/VERSION"));

	(void)state;
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(nvc_version(), text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(api_open_names_a_missing_or_faulty_config),
		in_world(api_structs_of_another_size_are_refused),
		in_world(api_engine_is_configured_without_a_configuration),
		in_world(api_settings_are_the_overridden_ones),
		in_world(api_inventory_reads_the_board),
		in_world(api_machine_without_lists_is_an_error_with_advice),
		in_world(api_missing_root_is_an_error),
		in_world(api_request_from_args_takes_ids_and_words),
		in_world(api_request_from_args_takes_what_a_driver_offers),
		in_world(api_request_of_the_command_line_is_not_the_images),
		in_world(api_requirements_hold_or_name_what_is_missing),
		in_world(api_list_words_select_the_lists),
		in_world(api_request_from_text_refuses_what_it_did_not_write),
		in_world(api_renderings_need_what_they_show),
		in_world(api_check_lists_counts_and_tells_faults),
		cmocka_unit_test(api_version_is_that_of_the_project),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
