/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "render/bundle.h"

static struct plan *plan;
static struct request request;
static struct bundle_hook hook;
static bool no_gids;

static void add_device(unsigned major, unsigned minor)
{
	struct op *op = vec_add(&plan->ops);

	assert_non_null(op);
	*op = (struct op){.kind = OP_DEVICE, .rdev = makedev(major, minor), .row = NO_ROW};
}

static void add_gid(gid_t gid)
{
	gid_t *added = vec_add(&plan->gids);

	assert_non_null(added);
	*added = gid;
}

static int setup(void **unused)
{
	(void)unused;
	plan = plan_new();
	assert_non_null(plan);
	request = (struct request){.mode = DEVICES_ALL, .caps = DRIVER_CAP_COMPUTE};
	hook = (struct bundle_hook){
		.path = "/usr/bin/nvc-hook", .id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
	add_device(195, 0);
	add_device(195, 0);
	add_device(10, 237);
	add_gid(44);
	add_gid(0);
	add_gid(104);
	no_gids = false;
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	plan_free(plan);
	return 0;
}

/* The edited text, NULL = unchanged. */
static char *edit(const char *text)
{
	auto_done(spec) struct spec spec = {0};
	struct bundle_input input = {.text = text,
				     .len = strlen(text),
				     .plan = plan,
				     .request = &request,
				     .no_gids = no_gids};
	struct err err = {0};
	char *result = NULL;
	size_t len = 0;

	assert_int_equal(spec_parse("config.json", text, strlen(text), &spec, NULL), 0);
	input.spec = &spec;
	if (bundle_edit(&input, &hook, &result, &len, &err) < 0)
		fail_msg("%s", err.msg);
	if (result != NULL)
		assert_int_equal(len, strlen(result));
	return result;
}

static json_t *parse(const char *text)
{
	json_t *root = json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	return root;
}

/* The compact form of what lies at a.b.c; the caller frees. */
static char *at(const json_t *root, const char *a, const char *b, const char *c)
{
	const json_t *value = json_object_get(root, a);

	if (b != NULL)
		value = json_object_get(value, b);
	if (c != NULL)
		value = json_object_get(value, c);
	return value == NULL
		       ? strdup("-")
		       : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
}

static void expect(const json_t *root, const char *a, const char *b, const char *c,
		   const char *text)
{
	auto_free char *found = at(root, a, b, c);

	assert_string_equal(found, text);
}

#define RULES                                                                                      \
	"{\"allow\":true,\"type\":\"c\",\"major\":195.0,\"minor\":0.0,\"access\":\"rw\"},"         \
	"{\"allow\":true,\"type\":\"c\",\"major\":10.0,\"minor\":237.0,\"access\":\"rw\"}"

#define POSTSTOP                                                                                   \
	"{\"path\":\"/usr/bin/nvc-hook\",\"args\":[\"nvc-hook\",\"poststop\",\"--rootfs\","        \
	"\"/b/rootfs\"],\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"]}"

#define PRESTART                                                                                   \
	"{\"path\":\"/usr/bin/nvc-hook\",\"args\":[\"nvc-hook\",\"prestart\",\"--bundle\",\"/b\"," \
	"\"--rootfs\",\"/b/rootfs\",\"--request\",\"nvc1;mode=all;caps=1;lists=default;\","        \
	"\"--devices-granted\"],\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"]}"

static void bundle_without_parts_gets_them(void **unused)
{
	auto_free char *result = edit("{\"process\":{\"user\":{\"uid\":0}}}");
	json_t *root;

	(void)unused;
	assert_non_null(result);
	root = parse(result);
	expect(root, "linux", "resources", "devices", "[" RULES "]");
	expect(root, "linux", "devices", NULL, "-");
	expect(root, "process", "user", "additionalGids", "[44.0,104.0]");
	expect(root, "hooks", "prestart", NULL, "[" PRESTART "]");
	expect(root, "hooks", "poststop", NULL, "[" POSTSTOP "]");
	json_decref(root);
}

static void bundle_gets_no_groups_where_none_are_wanted(void **unused)
{
	auto_free char *result = NULL;
	json_t *root;

	(void)unused;
	no_gids = true;
	result = edit("{\"process\":{\"user\":{\"additionalGids\":[5]}}}");
	assert_non_null(result);
	root = parse(result);
	expect(root, "linux", "resources", "devices", "[" RULES "]");
	expect(root, "process", "user", "additionalGids", "[5.0]");
	json_decref(root);
}

static void bundle_of_docker_keeps_what_it_has(void **unused)
{
	auto_free char *result = edit(
		"{\"process\":{\"user\":{\"additionalGids\":[44, 5]}},\"linux\":{\"resources\":{"
		"\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\","
		"\"major\":195,\"minor\":0,\"access\":\"rwm\"}]}},\"hooks\":{\"prestart\":[{"
		"\"path\":\"/proc/1/exe\",\"args\":[\"libnetwork-setkey\"]}],\"poststop\":null}}");
	json_t *root;

	(void)unused;
	assert_non_null(result);
	root = parse(result);
	expect(root, "linux", "resources", "devices",
	       "[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":"
	       "195.0,\"minor\":0.0,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":"
	       "10.0,\"minor\":237.0,\"access\":\"rw\"}]");
	expect(root, "process", "user", "additionalGids", "[44.0,5.0,104.0]");
	expect(root, "hooks", "prestart", NULL,
	       "[{\"path\":\"/proc/1/exe\",\"args\":[\"libnetwork-setkey\"]}," PRESTART "]");
	expect(root, "hooks", "poststop", NULL, "[" POSTSTOP "]");
	json_decref(root);
}

static void bundle_edited_twice_is_unchanged(void **unused)
{
	auto_free char *once = edit("{\"process\":{}}");
	auto_free char *twice = NULL;

	(void)unused;
	assert_non_null(once);
	twice = edit(once);
	assert_null(twice);
}

static void bundle_hook_of_docker_is_not_doubled(void **unused)
{
	static const char *const entries[] = {
		"{\"path\":\"/usr/bin/nvidia-container-runtime-hook\"}",
		"{\"path\":\"/usr/bin/nvidia-container-toolkit\",\"args\":[\"x\"]}",
		"{\"path\":\"/opt/nvc-hook\"}",
		("{\"path\":\"/opt/"
		 "other\",\"args\":[\"nvidia-container-runtime-hook\",\"prestart\"]}"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		auto_free char *text = NULL;
		auto_free char *result = NULL;
		json_t *root;

		assert_true(asprintf(&text, "{\"hooks\":{\"prestart\":[%s]}}", entries[i]) > 0);
		result = edit(text);
		assert_non_null(result);
		root = parse(result);
		assert_int_equal(json_array_size(json_object_get(json_object_get(root, "hooks"),
								 "prestart")),
				 1);
		expect(root, "hooks", "poststop", NULL, "[" POSTSTOP "]");
		expect(root, "linux", "resources", "devices", "[" RULES "]");
		json_decref(root);
	}
}

static void bundle_without_process_gets_no_groups(void **unused)
{
	auto_free char *result = edit("{}");
	json_t *root;

	(void)unused;
	root = parse(result);
	expect(root, "process", NULL, NULL, "-");
	json_decref(root);
}

static void bundle_privileged_needs_no_rules(void **unused)
{
	auto_free char *result = edit("{\"linux\":{\"resources\":{\"devices\":[{\"allow\":true,"
				      "\"access\":\"rwm\"}]}}}");
	json_t *root;

	(void)unused;
	root = parse(result);
	expect(root, "linux", "resources", "devices", "[{\"allow\":true,\"access\":\"rwm\"}]");
	json_decref(root);
}

static void bundle_without_request_is_unchanged(void **unused)
{
	auto_free char *of_void = NULL;
	auto_free char *of_empty = NULL;

	(void)unused;
	request.mode = DEVICES_VOID;
	of_void = edit("{}");
	request.mode = DEVICES_ALL;
	plan->empty_request = true;
	of_empty = edit("{}");
	assert_null(of_void);
	assert_null(of_empty);
}

static void bundle_hook_arguments_are_escaped(void **unused)
{
	auto_free char *result = NULL;
	json_t *root;

	(void)unused;
	hook.config = "/etc/\"q\"\\.toml";
	hook.rootfs = "/b/\n\xc3\xa4";
	result = edit("{}");
	assert_non_null(result);
	root = parse(result);
	expect(root, "hooks", "poststop", NULL,
	       "[{\"path\":\"/usr/bin/nvc-hook\",\"args\":[\"nvc-hook\",\"poststop\",\"--config\","
	       "\"/etc/\\\"q\\\"\\\\.toml\",\"--rootfs\",\"/b/\\n\xc3\xa4\"],\"env\":[\"PATH="
	       "/usr/sbin:/usr/bin:/sbin:/bin\"]}]");
	json_decref(root);
}

static void bundle_hook_that_cannot_be_written_is_an_error(void **unused)
{
	static const struct {
		const char *path;
		const char *rootfs;
		int rc;
	} cases[] = {{NULL, "/b", -ENOENT}, {"/usr/bin/nvc-hook", "/\xff", -EINVAL}};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		auto_done(spec) struct spec spec = {0};
		const struct bundle_input input = {
			.text = "{}", .len = 2, .spec = &spec, .plan = plan, .request = &request};
		struct err err = {0};
		char *result = NULL;
		size_t len = 0;

		hook.path = cases[i].path;
		hook.rootfs = cases[i].rootfs;
		assert_int_equal(spec_parse("config.json", "{}", 2, &spec, NULL), 0);
		assert_int_equal(bundle_edit(&input, &hook, &result, &len, &err), cases[i].rc);
		assert_null(result);
		assert_int_equal(err.code, -cases[i].rc);
	}
}

/* It may be crun and cgroup v2, where the last rule decides. */
static void bundle_whose_rules_no_rule_can_mend_is_told(void **unused)
{
	static const char text[] = "{\"linux\":{\"resources\":{\"devices\":[{\"allow\":true},"
				   "{\"allow\":false,\"type\":\"c\",\"access\":\"rw\"}]}}}";
	auto_done(spec) struct spec spec = {0};
	auto_free char *once = edit(text);
	auto_free char *twice = edit(once);
	struct bundle_input input = {.plan = plan, .request = &request};
	dev_t denied = 0;

	(void)unused;
	assert_non_null(strstr(once, "\"major\":195,\"minor\":0,"));
	assert_null(twice);
	assert_int_equal(spec_parse("config.json", text, sizeof(text) - 1, &spec, NULL), 0);
	input.spec = &spec;
	assert_true(bundle_has_denied(&input, &denied));
	assert_int_equal(denied, makedev(195, 0));
	spec_done(&spec);
	spec = (struct spec){0};
	assert_false(bundle_has_denied(&input, &denied));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bundle_without_parts_gets_them),
		TEST(bundle_gets_no_groups_where_none_are_wanted),
		TEST(bundle_of_docker_keeps_what_it_has),
		TEST(bundle_edited_twice_is_unchanged),
		TEST(bundle_whose_rules_no_rule_can_mend_is_told),
		TEST(bundle_hook_of_docker_is_not_doubled),
		TEST(bundle_without_process_gets_no_groups),
		TEST(bundle_privileged_needs_no_rules),
		TEST(bundle_without_request_is_unchanged),
		TEST(bundle_hook_arguments_are_escaped),
		TEST(bundle_hook_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
