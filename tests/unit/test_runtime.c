/* SPDX-License-Identifier: Apache-2.0 */
/* nvc-runtime as an engine starts it, with a shell script in the place of runc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "runprog.h"
#include "where.h"

/* Writes down how it was called: arguments, environment, open descriptors. */
#define STUB                                                                                       \
	"#!/bin/sh\n"                                                                              \
	"here=%s\n"                                                                                \
	"for arg in \"$@\"; do printf '%%s\\n' \"$arg\"; done >$here/args 3>&-\n"                  \
	"printf '%%s' \"$PROBE\" >$here/env\n"                                                     \
	"for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && printf $fd; done >$here/fds "               \
	"2>$here/fds.err\n"                                                                        \
	"exit 7\n"

#define SPEC_WITHOUT_GPU                                                                           \
	"{ \"process\": {\"env\": [\"A=1\"],\n \"user\":{}} , \"root\":{\"path\":\"rootfs\"}}\n"
#define SPEC_WITH_GPU                                                                              \
	"{\"process\":{\"env\":[\"NVIDIA_VISIBLE_DEVICES=/dev/sda\"]},\"root\":{\"path\":"         \
	"\"rootfs\"}}"

static struct scratch scratch;
static char *config_env;
static char *log_option;

static void write_config(const char *more)
{
	auto_free char *stub = str_format(STUB, scratch.dir);
	auto_free char *stub_path = scratch_write(&scratch, "bin/lowlevel", stub, 0755);
	auto_free char *text = str_format("[nvidia-container-runtime]\nruntimes = [\"%s\"]\n%s\n",
					  stub_path, more);
	auto_free char *path = scratch_write(&scratch, "config.toml", text, 0644);

	free(config_env);
	config_env = str_format("NVIDIA_CTK_CONFIG_FILE_PATH=%s", path);
}

static int setup(void **unused)
{
	(void)unused;
	scratch_open(&scratch);
	write_config("");
	log_option = str_format("--log=%s/log.json", scratch.dir);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	free(config_env);
	free(log_option);
	config_env = NULL;
	log_option = NULL;
	scratch_done(&scratch);
	return 0;
}

static int run(const char *const *argv, bool close_stdio)
{
	const char *const env[] = {"PATH=/usr/bin:/bin", "PROBE=of the engine", config_env, NULL};

	return runprog(&scratch, where_built("/programs/nvc-runtime"), argv, env, close_stdio);
}

static void expect_file(const char *name, const char *text)
{
	auto_free char *found = scratch_read(&scratch, name);

	assert_non_null(found);
	assert_string_equal(found, text);
}

/* The last line of the engine's log as JSON has that level and says that. */
static void expect_logged(const char *level, const char *part)
{
	auto_free char *text = scratch_read(&scratch, "log.json");
	char *last;
	json_t *line;

	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	text[strlen(text) - 1] = '\0';
	last = strrchr(text, '\n');
	line = json_loads(last == NULL ? text : last + 1, 0, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "level")), level);
	assert_non_null(strstr(json_string_value(json_object_get(line, "msg")), part));
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))),
			 strlen("2006-01-02T15:04:05Z"));
	json_decref(line);
}

static void expect_no_file(const char *name)
{
	auto_free char *found = scratch_read(&scratch, name);

	assert_null(found);
}

static void runtime_other_command_is_handed_over_unchanged(void **unused)
{
	static const char *const argv[] = {"nvidia-container-runtime",
					   "--root",
					   "create",
					   "state",
					   "a b",
					   "",
					   "--bundle=x",
					   NULL};

	(void)unused;
	assert_int_equal(run(argv, false), 7);
	expect_file("args", "--root\ncreate\nstate\na b\n\n--bundle=x\n");
	expect_file("env", "of the engine");
	expect_file("fds", "012");
}

static void runtime_works_without_stdio(void **unused)
{
	static const char *const argv[] = {"nvc-runtime", "kill", "ID", "9", NULL};

	(void)unused;
	assert_int_equal(run(argv, true), 7);
	expect_file("args", "kill\nID\n9\n");
}

static void runtime_container_without_request_is_untouched(void **unused)
{
	const char *const argv[] = {"nvc-runtime", log_option, "create", "--bundle",
				    "b",           "ID",       NULL};
	auto_free char *path = scratch_write(&scratch, "b/config.json", SPEC_WITHOUT_GPU, 0640);
	struct stat before;
	struct stat after;

	(void)unused;
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(run(argv, false), 7);
	assert_int_equal(stat(path, &after), 0);
	expect_file("b/config.json", SPEC_WITHOUT_GPU);
	assert_true(before.st_ino == after.st_ino);
	expect_no_file("log.json");
}

static void runtime_error_reaches_the_engine(void **unused)
{
	const char *const argv[] = {"nvc-runtime", log_option, "--log-format", "json", "create",
				    "-b",          "b",        "ID",           NULL};
	auto_free char *path = scratch_write(&scratch, "b/config.json", SPEC_WITH_GPU, 0644);
	auto_free char *errors = NULL;

	(void)unused;
	assert_non_null(path);
	assert_int_equal(run(argv, false), 1);
	expect_no_file("args");
	expect_logged("error", "'/dev/sda' cannot be a device id");
	errors = scratch_read(&scratch, "stderr");
	assert_true(str_starts_with(errors, "nvc-runtime: "));
	assert_true(strchr(errors, '\n') == errors + strlen(errors) - 1);
}

static void runtime_text_log_is_logrus(void **unused)
{
	const char *const argv[] = {"nvc-runtime", log_option, "create", "-b", "none", "ID", NULL};
	auto_free char *text = NULL;

	(void)unused;
	assert_int_equal(run(argv, false), 1);
	text = scratch_read(&scratch, "log.json");
	assert_true(str_starts_with(text, "time=\""));
	assert_non_null(strstr(text, " level=error msg=\"nvc-runtime: "));
}

static void runtime_configured_log_tells_what_was_done(void **unused)
{
	const char *const argv[] = {"nvc-runtime", "create", "-b", "b", "ID\n\"x", NULL};
	auto_free char *path = scratch_write(&scratch, "b/config.json", SPEC_WITHOUT_GPU, 0644);
	auto_free char *debug = str_format("debug = \"%s/debug.log\"", scratch.dir);
	auto_free char *text = NULL;

	(void)unused;
	assert_non_null(path);
	write_config(debug);
	assert_int_equal(run(argv, false), 7);
	text = scratch_read(&scratch, "debug.log");
	assert_non_null(text);
	assert_non_null(strstr(text, "ID\\\\n\\\"x: nothing to do"));
	assert_true(strchr(text, '\n') == text + strlen(text) - 1);
}

static void runtime_refused_wish_is_a_warning(void **unused)
{
	const char *const argv[] = {
		"nvc-runtime", log_option, "--log-format=json", "create", "-b", "b", "ID", NULL};
	auto_free char *path = scratch_write(&scratch, "b/config.json", SPEC_WITH_GPU, 0644);
	auto_free char *stub = str_format("%s/bin/lowlevel", scratch.dir);
	auto_free char *text = str_format("accept-nvidia-visible-devices-envvar-when-unprivileged"
					  " = false\n[nvidia-container-runtime]\nruntimes = "
					  "[\"%s\"]\n",
					  stub);
	auto_free char *config = scratch_write(&scratch, "config.toml", text, 0644);

	(void)unused;
	assert_non_null(path);
	assert_non_null(config);
	assert_int_equal(run(argv, false), 7);
	expect_file("b/config.json", SPEC_WITH_GPU);
	expect_logged("warning", "is not honoured");
}

static void runtime_broken_bundle_is_an_error(void **unused)
{
	static const char *const specs[] = {"", "{", "[]", "{\"process\":{\"env\":7}}"};
	const char *const argv[] = {
		"nvc-runtime", log_option, "--log-format=json", "create", "-b", "b", "ID", NULL};

	(void)unused;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		auto_free char *path = scratch_write(&scratch, "b/config.json", specs[i], 0644);

		assert_non_null(path);
		assert_int_equal(run(argv, false), 1);
		expect_logged("error", "config.json");
		expect_file("b/config.json", specs[i]);
	}
}

static void runtime_broken_configuration_stops_creation_only(void **unused)
{
	const char *const create[] = {"nvc-runtime", "create", "-b", "b", "ID", NULL};
	const char *const delete[] = {"nvc-runtime", "delete", "ID", NULL};
	auto_free char *path = scratch_write(&scratch, "b/config.json", SPEC_WITHOUT_GPU, 0644);
	auto_free char *stub = str_format(STUB, scratch.dir);
	auto_free char *runc = scratch_write(&scratch, "bin/runc", stub, 0755);
	auto_free char *path_env = str_format("PATH=%s/bin:/usr/bin:/bin", scratch.dir);
	auto_free char *text = NULL;

	(void)unused;
	assert_non_null(path);
	assert_non_null(runc);
	write_config("mode = 7");
	assert_int_equal(run(create, false), 1);
	expect_no_file("args");
	text = scratch_read(&scratch, "stderr");
	assert_non_null(strstr(text, "config.toml"));
	{
		const char *const env[] = {path_env, config_env, NULL};

		assert_int_equal(
			runprog(&scratch, where_built("/programs/nvc-runtime"), delete, env, false),
			7);
	}
	expect_file("args", "delete\nID\n");
}

static void runtime_is_never_its_own_low_level_runtime(void **unused)
{
	const char *const argv[] = {"nvc-runtime", "state", "ID", NULL};
	auto_free char *text = NULL;
	auto_free char *path = str_format("%s/bin/runc", scratch.dir);

	(void)unused;
	assert_int_equal(symlink(where_built("/programs/nvc-runtime"), path), 0);
	text = str_format(
		"[nvidia-container-runtime]\nruntimes = [\"%s\", \"%s\", \"none-such\"]\n",
		where_built("/programs/nvc-runtime"), path);
	free(scratch_write(&scratch, "config.toml", text, 0644));
	assert_int_equal(run(argv, false), 1);
	free(text);
	text = scratch_read(&scratch, "stderr");
	assert_non_null(strstr(text, "low-level runtime"));
}

static void runtime_version_names_both(void **unused)
{
	static const char *const argv[] = {"nvc-runtime", "--version", NULL};
	auto_free char *text = NULL;

	(void)unused;
	assert_int_equal(run(argv, false), 7);
	text = scratch_read(&scratch, "stdout");
	assert_true(str_starts_with(text, "nvc-runtime version "));
	expect_file("args", "--version\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runtime_other_command_is_handed_over_unchanged),
		TEST(runtime_works_without_stdio),
		TEST(runtime_container_without_request_is_untouched),
		TEST(runtime_error_reaches_the_engine),
		TEST(runtime_text_log_is_logrus),
		TEST(runtime_configured_log_tells_what_was_done),
		TEST(runtime_refused_wish_is_a_warning),
		TEST(runtime_broken_bundle_is_an_error),
		TEST(runtime_broken_configuration_stops_creation_only),
		TEST(runtime_is_never_its_own_low_level_runtime),
		TEST(runtime_version_names_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
