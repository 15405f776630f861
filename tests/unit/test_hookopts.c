/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hookopts.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#define MAX_ARGS 32

/* Words with blanks between them. */
static int parse(const char *line, struct hook_opts *ret, struct err *err)
{
	static char copy[512];
	char *argv[MAX_ARGS] = {(char[]){"nvc-hook"}};
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	(void)strcpy(copy, line);
	for (char *word = strtok(copy, " "); word != NULL && argc < MAX_ARGS - 1;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return hookopts_parse(argc, argv, ret, err);
}

static void hookopts_command_is_found_anywhere(void **state)
{
	static const struct {
		const char *line;
		enum hook_command command;
	} cases[] = {
		{"prestart", HOOK_PRESTART},
		{"createRuntime", HOOK_PRESTART},
		{"--config /c prestart", HOOK_PRESTART},
		{"prestart --config /c", HOOK_PRESTART},
		{"poststart", HOOK_POSTSTART},
		{"--debug poststop", HOOK_POSTSTOP},
		{"", HOOK_NONE},
		{"--debug", HOOK_NONE},
		{"--help", HOOK_HELP},
		{"-h", HOOK_HELP},
		{"-version", HOOK_VERSION},
		{"--version prestart", HOOK_VERSION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook_opts opts;

		assert_int_equal(parse(cases[i].line, &opts, NULL), 0);
		assert_int_equal(opts.command, cases[i].command);
	}
}

static void hookopts_values_follow_or_are_joined(void **state)
{
	static const char *const lines[] = {
		"prestart --config /c --bundle /b --rootfs /r --id i --request q --root /d "
		"--host-root /h",
		"--config=/c --bundle=/b --rootfs=/r --id=i --request=q --root=/d --host-root=/h "
		"prestart",
		"-config /c -bundle=/b -rootfs /r -id=i -request q -root /d -host-root=/h prestart",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct hook_opts opts;

		assert_int_equal(parse(lines[i], &opts, NULL), 0);
		assert_string_equal(opts.config, "/c");
		assert_string_equal(opts.bundle, "/b");
		assert_string_equal(opts.rootfs, "/r");
		assert_string_equal(opts.id, "i");
		assert_string_equal(opts.request, "q");
		assert_string_equal(opts.root, "/d");
		assert_string_equal(opts.host_root, "/h");
		assert_false(opts.devices_granted);
	}
}

static void hookopts_debug_is_a_flag_with_an_optional_file(void **state)
{
	static const struct {
		const char *line;
		bool debug;
		const char *file;
	} cases[] = {
		{"--debug prestart", true, NULL},        {"-debug prestart", true, NULL},
		{"--debug=/log prestart", true, "/log"}, {"-debug=true prestart", true, NULL},
		{"-debug=false prestart", false, NULL},  {"prestart", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook_opts opts;

		assert_int_equal(parse(cases[i].line, &opts, NULL), 0);
		assert_int_equal(opts.command, HOOK_PRESTART);
		assert_int_equal(opts.debug, cases[i].debug);
		assert_true(str_equal(opts.debug_file, cases[i].file));
	}
}

static void hookopts_timeout_is_in_seconds(void **state)
{
	struct hook_opts opts;

	(void)state;
	assert_int_equal(parse("prestart", &opts, NULL), 0);
	assert_int_equal(opts.timeout, 0);
	assert_int_equal(parse("--timeout 7 prestart", &opts, NULL), 0);
	assert_int_equal(opts.timeout, 7);
}

static void hookopts_wrong_words_are_named(void **state)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
		{"start", "start"},
		{"prestart poststop", "poststop"},
		{"--nonsense prestart", "--nonsense"},
		{"prestart --config", "--config"},
		{"--configure=x", "--configure=x"},
		{"prestart -", "-"},
		{"--timeout=0 prestart", "'0'"},
		{"--timeout -1 prestart", "'-1'"},
		{"--timeout 86401 prestart", "86401"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook_opts opts = {.command = HOOK_NONE};
		struct err err = {0};

		assert_int_equal(parse(cases[i].line, &opts, &err), -EINVAL);
		assert_non_null(strstr(err.msg, cases[i].word));
		assert_int_equal(opts.command, HOOK_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hookopts_command_is_found_anywhere),
		cmocka_unit_test(hookopts_values_follow_or_are_joined),
		cmocka_unit_test(hookopts_debug_is_a_flag_with_an_optional_file),
		cmocka_unit_test(hookopts_timeout_is_in_seconds),
		cmocka_unit_test(hookopts_wrong_words_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
