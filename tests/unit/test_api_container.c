/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as users of <nvc/nvc.h> see them: bundles, states, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "apiworld.h"

#define SPEC(env)                                                                                  \
	"{\"ociVersion\": \"1.0.2\", \"process\": {\"cwd\": \"/\", \"args\": [\"x\"], \"env\": "   \
	"[" env "],\n"                                                                             \
	"  \"rlimits\": [{\"hard\": 18446744073709551615}]}, \"root\": {\"path\": \"rootfs\"},\n"  \
	"  \"linux\": {\"resources\": {}}}\n"

/* The spec is JSON still, and each kind of hook has one entry, with an environment. */
static void check_hooks(const char *text)
{
	static const char *const kinds[] = {"prestart", "poststop"};
	/* the rlimit is larger than what jansson reads as an integer */
	json_t *spec = json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(spec);
	for (size_t i = 0; i < 2; i++) {
		const json_t *list = json_object_get(json_object_get(spec, "hooks"), kinds[i]);
		const json_t *hook = json_array_get(list, 0);

		assert_int_equal(json_array_size(list), 1);
		assert_string_equal(json_string_value(json_object_get(hook, "path")),
				    "/usr/bin/nvc-hook");
		assert_true(json_array_size(json_object_get(hook, "env")) > 0);
	}
	json_decref(spec);
}

static void api_bundle_is_prepared_once(void **state)
{
	struct world *world = *state;
	struct nvc_bundle_args args = {
		.size = sizeof(args), .id = "c1", .hook = "/usr/bin/nvc-hook"};
	static const char before[] = SPEC("\"NVIDIA_VISIBLE_DEVICES=all\"");
	char path[PATH_MAX];
	char *first, *second;
	struct stat st;

	tree_write(&world->tree, "/bundle/config.json", before, strlen(before), 0640);
	tree_path(&world->tree, "/bundle/config.json", path);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 1234, 4321), 0);
	args.bundle = inside(world, "/bundle");

	assert_int_equal(nvc_bundle_prepare(world->ctx, &args), 1);
	first = slurp(path);
	assert_int_equal(nvc_bundle_prepare(world->ctx, &args), 0);
	second = slurp(path);

	assert_string_equal(first, second);
	assert_non_null(strstr(first, "18446744073709551615"));
	check_hooks(first);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 1234 : geteuid());
	assert_int_equal(st.st_gid, geteuid() == 0 ? 4321 : getegid());
	free(first);
	free(second);
}

static void api_bundle_without_a_request_is_left_alone(void **state)
{
	static const char *const specs[] = {SPEC(""), SPEC("\"NVIDIA_VISIBLE_DEVICES=void\"")};
	struct world *world = *state;
	struct nvc_bundle_args args = {
		.size = sizeof(args), .id = "c1", .hook = "/usr/bin/nvc-hook"};
	char path[PATH_MAX];

	args.bundle = inside(world, "/bundle");
	tree_path(&world->tree, "/bundle/config.json", path);
	for (size_t i = 0; i < 2; i++) {
		char *after;

		tree_write(&world->tree, "/bundle/config.json", specs[i], strlen(specs[i]), 0644);
		assert_int_equal(nvc_bundle_prepare(world->ctx, &args), 0);
		after = slurp(path);
		assert_string_equal(after, specs[i]);
		free(after);
		assert_int_equal(nvc_request_from_bundle(world->ctx, args.bundle, &world->request),
				 0);
		assert_false(nvc_request_wants_gpu(world->request));
		nvc_request_free(world->request);
		world->request = NULL;
	}
}

static void api_bundle_faults_are_told(void **state)
{
	struct world *world = *state;
	struct nvc_bundle_args args = {
		.size = sizeof(args), .id = "c1", .hook = "/usr/bin/nvc-hook"};
	static const char broken[] = "{\n  \"process\": [}\n";

	args.bundle = inside(world, "/bundle");
	assert_int_equal(nvc_bundle_prepare(world->ctx, &args), -ENOENT);
	assert_non_null(strstr(nvc_error_message(world->ctx), "/bundle"));
	tree_write(&world->tree, "/bundle/config.json", broken, strlen(broken), 0644);
	assert_int_equal(nvc_bundle_prepare(world->ctx, &args), -EINVAL);
	assert_int_equal(nvc_error_line(world->ctx), 2);
	assert_int_equal(nvc_request_from_bundle(world->ctx, args.bundle, &world->request),
			 -EINVAL);
	assert_null(world->request);
}

static void api_state_is_read_and_freed(void **state)
{
	static const char text[] = "{\"ociVersion\": \"1.0.2\", \"id\": \"c1\", \"pid\": 42, "
				   "\"status\": \"created\", \"bundle\": \"/b\", \"root\": \"/r\"}";
	struct world *world = *state;
	struct nvc_state oci = {.size = sizeof(oci)};

	assert_int_equal(nvc_state_parse(world->ctx, text, strlen(text), &oci), 0);
	assert_string_equal(oci.id, "c1");
	assert_string_equal(oci.bundle, "/b");
	assert_string_equal(oci.root, "/r");
	assert_string_equal(oci.status, "created");
	assert_int_equal(oci.pid, 42);
	nvc_state_done(&oci);
	assert_null(oci.id);
	nvc_state_done(&oci);
	assert_int_equal(nvc_state_parse(world->ctx, "{", 1, &oci), -EINVAL);
	assert_string_not_equal(nvc_error_message(world->ctx), "");
	assert_int_equal(nvc_state_parse(world->ctx, "", 0, &oci), -EINVAL);
}

static void api_revert_of_an_unknown_container_does_nothing(void **state)
{
	struct world *world = *state;
	struct nvc_container container = {.size = sizeof(container), .id = "never-seen"};
	struct nvc_options options = {.size = sizeof(options)};
	char toml[PATH_MAX + 64];

	(void)snprintf(toml, sizeof(toml), "[nvc]\nstate-dir = \"%s\"\n", inside(world, "/state"));
	tree_write(&world->tree, "/config.toml", toml, strlen(toml), 0644);
	nvc_close(world->ctx);
	options.config = inside(world, "/config.toml");
	assert_int_equal(nvc_open(&options, &world->ctx), 0);

	assert_int_equal(nvc_revert(world->ctx, &container), 0);

	container.id = NULL;
	assert_int_equal(nvc_revert(world->ctx, &container), -EINVAL);
	container.id = "../../etc/passwd";
	assert_int_not_equal(nvc_revert(world->ctx, &container), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(api_bundle_is_prepared_once),
		in_world(api_bundle_without_a_request_is_left_alone),
		in_world(api_bundle_faults_are_told),
		in_world(api_state_is_read_and_freed),
		in_world(api_revert_of_an_unknown_container_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
