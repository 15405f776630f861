/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's hook does with a config.toml, a state and a config.json, and how it then calls
 * nvidia-container-cli, against our hook's steps and our parser: a container asks for the same
 * things by either way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vectors.h"

#include "api/context.h"
#include "cmd.h"
#include "hook/hookopts.h"
#include "opts.h"

#define MAX_WORDS 32

/* A bundle with its config.toml beside it. */
struct world {
	char dir[64];
	char *config; /* path of config.toml */
	struct nvc_context *ctx;
	struct nvc_request *request;
};

struct words {
	char *items[MAX_WORDS + 1];
	int n;
};

/* The words of an array behind the program's name. */
static void words_of(const char *program, const json_t *array, struct words *ret)
{
	*ret = (struct words){.n = 1};
	ret->items[0] = (char *)(uintptr_t)program;
	for (size_t i = 0; i < json_array_size(array); i++) {
		assert_true(ret->n < MAX_WORDS);
		ret->items[ret->n++] =
			(char *)(uintptr_t)json_string_value(json_array_get(array, i));
	}
}

static char *replaced(const char *text, const char *what, const char *with)
{
	struct strbuf out = {0};
	const char *at;

	while ((at = strstr(text, what)) != NULL) {
		strbuf_add(&out, text, (size_t)(at - text));
		strbuf_adds(&out, with);
		text = at + strlen(what);
	}
	strbuf_adds(&out, text);
	return strbuf_take(&out);
}

static char *write_file(const struct world *world, const char *name, const char *text)
{
	char *path = str_format("%s/%s", world->dir, name);
	auto_file file = path == NULL ? NULL : fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	return path;
}

/* Text of a document: an object, or the bytes of one that is none. */
static char *document(const struct world *world, const json_t *value)
{
	auto_free char *text = json_is_string(value) ? strdup(json_string_value(value))
						     : json_dumps(value, JSON_ENCODE_ANY);

	assert_non_null(text);
	return replaced(text, "$BUNDLE", world->dir);
}

static void world_init(struct world *world, const json_t *input)
{
	const char *toml = json_string_value(json_object_get(input, "configToml"));
	const json_t *spec = json_object_get(input, "spec");
	auto_free char *config = replaced(toml, "$CLI", "/usr/bin/nvidia-container-cli");

	*world = (struct world){.dir = "/tmp/nvc-vectors-XXXXXX"};
	assert_non_null(mkdtemp(world->dir));
	world->config = write_file(world, "config.toml", config);
	/* a word stands for a file that is not there */
	if (json_is_object(spec)) {
		auto_free char *text = document(world, spec);

		free(write_file(world, "config.json", text));
	}
}

static void world_done(struct world *world)
{
	auto_free char *spec = str_format("%s/config.json", world->dir);

	nvc_request_free(world->request);
	nvc_close(world->ctx);
	(void)unlink(spec);
	(void)unlink(world->config);
	(void)rmdir(world->dir);
	free(world->config);
}

/* The steps of nvc-hook prestart up to the request. Exit status. */
static int read_request(struct world *world, const char *state_text)
{
	struct nvc_options options = {.size = sizeof(options), .config = world->config};
	struct nvc_state state = {.size = sizeof(state)};
	int rc = nvc_open(&options, &world->ctx);

	if (rc == 0)
		rc = nvc_state_parse(world->ctx, state_text, strlen(state_text), &state);
	if (rc == 0 && (state.pid <= 0 || state.bundle == NULL))
		rc = -EINVAL;
	if (rc == 0)
		rc = nvc_request_from_bundle(world->ctx, state.bundle, &world->request);
	nvc_state_done(&state);
	return rc < 0 ? 1 : 0;
}

static int run_hook(struct world *world, const json_t *input)
{
	auto_free char *state = document(world, json_object_get(input, "state"));
	struct hook_opts opts;
	struct words words;

	words_of("nvc-hook", json_object_get(input, "hookArgs"), &words);
	if (hookopts_parse(words.n, words.items, &opts, NULL) < 0 || opts.command == HOOK_NONE)
		return 2;
	return opts.command == HOOK_PRESTART ? read_request(world, state) : 0;
}

static bool equal_lists(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++) {
		if (!strv_contains(b, a->items[i]))
			return false;
	}
	return a->n == b->n;
}

/* Requirements have the name of their variable in front, on the command line none. */
static bool equal_requires(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++) {
		const char *one = strchr(a->items[i], '=');
		const char *other = strchr(b->items[i], '=');

		if (one == NULL || other == NULL || strcmp(one, other) != 0)
			return false;
	}
	return a->n == b->n;
}

static const char *compare_requests(const struct request *a, const struct request *b)
{
	if (a->mode != b->mode || !equal_lists(&a->devices, &b->devices))
		return "devices";
	if (a->caps != b->caps)
		return "capabilities";
	if (!equal_requires(&a->requires, &b->requires))
		return "requirements";
	if (a->mig_config != b->mig_config || a->mig_monitor != b->mig_monitor)
		return "MIG";
	return equal_lists(&a->channels, &b->channels) ? NULL : "channels";
}

static bool equal_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What of the configuration the peer writes into the command line. */
static const char *compare_settings(const struct opts *opts, const struct settings *settings)
{
	const char *root = opts->root == NULL ? "/" : opts->root;
	const char *compat = opts->cuda_compat;

	if (strcmp(root, settings->root) != 0)
		return "root";
	if (!equal_text(opts->ldcache, settings->ldcache))
		return "ldcache";
	if (!equal_text(opts->user, settings->user))
		return "user";
	if (!equal_text(opts->debug, settings->cli_debug))
		return "debug";
	if (opts->load_kmods != settings->load_kmods)
		return "load-kmods";
	if (opts->no_cgroups != settings->no_cgroups)
		return "no-cgroups";
	if (compat != NULL &&
	    (settings->cuda_compat == SETTINGS_COMPAT_HOST) != (strcmp(compat, "disabled") == 0))
		return "cuda-compat-mode";
	/* without "@" configure refuses */
	return opts->ldconfig != NULL && opts->ldconfig[0] == '@' ? NULL : "ldconfig";
}

/* What differs between the request of the spec and that of the peer's command line. */
static const char *compare_command_line(struct world *world, const json_t *args)
{
	auto_done(opts) struct opts opts = {.help = false};
	struct cmd cmd = {.ctx = world->ctx, .opts = &opts};
	struct nvc_request *request = NULL;
	struct words words;
	const char *what;

	words_of("nvidia-container-cli", args, &words);
	if (opts_parse(words.n, words.items, &opts, NULL) < 0)
		return "the command line is not understood";
	assert_int_equal(opts.command, COMMAND_CONFIGURE);
	assert_string_equal(opts.pid, "1234");
	assert_string_equal(opts.operands[0], world->ctx->spec.root_path);
	what = compare_settings(&opts, world->ctx->settings);
	if (what == NULL && cmd_request(&cmd, "none", &request) < 0)
		what = nvc_error_message(world->ctx);
	if (what == NULL)
		what = compare_requests(&world->request->request, &request->request);
	nvc_request_free(request);
	return what;
}

static enum vectors_result compare(struct world *world, const json_t *input, const json_t *expected,
				   char *detail, size_t size)
{
	const json_t *args = json_object_get(expected, "cliArgs");
	bool calls = json_is_array(args);
	int status = run_hook(world, input);
	const char *what;

	(void)snprintf(detail, size, "exit status %d", status);
	if (status != json_integer_value(json_object_get(expected, "exit")))
		return VECTORS_DIFFERENT;
	if (!calls)
		return world->request == NULL || !nvc_request_wants_gpu(world->request)
			       ? VECTORS_SAME
			       : VECTORS_DIFFERENT;
	what = compare_command_line(world, args);
	(void)snprintf(detail, size, "%s", what == NULL ? "" : what);
	return what == NULL ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_hook_e2e(const char *test, const json_t *input,
					const json_t *expected, char *detail, size_t size)
{
	enum vectors_result result;
	struct world world;

	(void)test;
	world_init(&world, input);
	result = compare(&world, input, expected, detail, size);
	world_done(&world);
	return result;
}

static void vectors_hook_e2e_agree(void **unused)
{
	(void)unused;
	vectors_run("hook_e2e", NULL, run_hook_e2e);
}

/* Every command line is understood, those too in which something else differs on purpose. */
static void vectors_hook_e2e_command_lines_are_understood(void **unused)
{
	json_t *cases = vectors_load("hook_e2e");
	unsigned n = 0;
	json_t *one;
	size_t i;

	(void)unused;
	json_array_foreach(cases, i, one)
	{
		const json_t *args = json_object_get(json_object_get(one, "expected"), "cliArgs");
		auto_done(opts) struct opts opts = {.help = false};
		struct words words;

		if (!json_is_array(args))
			continue;
		words_of("nvidia-container-cli", args, &words);
		assert_int_equal(opts_parse(words.n, words.items, &opts, NULL), 0);
		n++;
	}
	json_decref(cases);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_hook_e2e_agree),
		cmocka_unit_test(vectors_hook_e2e_command_lines_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
