/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hook/rtargs.h"

#define MAX_WORDS 16

/* Splits line at blanks, in place. */
static int split(char *line, const char **words)
{
	char *save = NULL;
	int n = 0;

	for (char *word = strtok_r(line, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(n < MAX_WORDS);
		words[n++] = word;
	}
	return n;
}

static void rtargs_finds_the_command(void **unused)
{
	static const struct {
		const char *line;
		const char *command;
		const char *bundle;
		const char *id;
		bool creates;
	} cases[] = {
		{"", NULL, NULL, NULL, false},
		{"--root /r --log /l --log-format json create --bundle /b --pid-file p ID",
		 "create", "/b", "ID", true},
		{"--root=/r create -b /b ID", "create", "/b", "ID", true},
		{"-root create state ID", "state", NULL, NULL, false},
		{"--root create create ID", "create", NULL, "ID", true},
		{"--log create state ID", "state", NULL, NULL, false},
		{"--criu create --rootless create --cgroup-manager create kill ID 9", "kill", NULL,
		 NULL, false},
		{"--debug --systemd-cgroup create -b=/b ID", "create", "/b", "ID", true},
		{"--debug=true --unknown=x create ID", "create", NULL, "ID", true},
		{"create ID --bundle /b", "create", "/b", "ID", true},
		{"create -b/b ID", "create", "/b", "ID", true},
		{"create --bundle create ID", "create", "create", "ID", true},
		{"create --pid-file -b --console-socket --bundle ID", "create", NULL, "ID", true},
		{"create --pidfd-socket --bundle --preserve-fds 3 --no-pivot ID", "create", NULL,
		 "ID", true},
		{"create --bundle", "create", NULL, NULL, false},
		{"create", "create", NULL, NULL, false},
		{"create --help", "create", NULL, NULL, false},
		{"create -h ID", "create", NULL, "ID", false},
		{"create -- --bundle", "create", NULL, "--bundle", true},
		{"-- create ID", "create", NULL, "ID", true},
		{"run --detach --keep --no-subreaper --bundle=/b ID", "run", "/b", "ID", true},
		{"run -d -b /b ID create", "run", "/b", "ID", true},
		{"start create", "start", NULL, NULL, false},
		{"exec --bundle /b ID create", "exec", NULL, NULL, false},
		{"delete --force create", "delete", NULL, NULL, false},
		{"--version create ID", "create", NULL, "ID", false},
		{"create=1", "create=1", NULL, NULL, false},
		{"create -b /a -b /b ID", "create", "/b", "ID", true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];
		const char *words[MAX_WORDS];
		struct rtargs args;

		(void)snprintf(line, sizeof(line), "%s", cases[i].line);
		rtargs_scan(split(line, words), words, &args);
		if (!str_equal(args.command, cases[i].command) ||
		    !str_equal(args.bundle, cases[i].bundle) || !str_equal(args.id, cases[i].id) ||
		    rtargs_creates(&args) != cases[i].creates)
			fail_msg("'%s': %s %s %s", cases[i].line, args.command, args.bundle,
				 args.id);
	}
}

static void rtargs_reads_log_options(void **unused)
{
	static const char *const argv[] = {
		"--log", "/l",  "--log-format=json", "-debug", "--cgroup-manager",
		"x",     "run", "--config",          "/c",     "ID"};
	struct rtargs args;

	(void)unused;
	rtargs_scan(10, argv, &args);
	assert_string_equal(args.log, "/l");
	assert_string_equal(args.log_format, "json");
	assert_string_equal(args.config, "/c");
	assert_true(args.debug);
	assert_true(rtargs_creates(&args));
}

static void rtargs_version_counts_before_the_command_only(void **unused)
{
	static const struct {
		const char *word;
		const char *first;
		bool version;
	} cases[] = {
		{"--version", "--debug", true}, {"-version", "--debug", true},
		{"-v", "--debug", true},        {"version", "--debug", false},
		{"--version", "exec", false},   {"--version=false", "--debug", false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = {cases[i].first, cases[i].word};
		struct rtargs args;

		rtargs_scan(2, argv, &args);
		assert_int_equal(args.version, cases[i].version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtargs_finds_the_command),
		cmocka_unit_test(rtargs_reads_log_options),
		cmocka_unit_test(rtargs_version_counts_before_the_command_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
