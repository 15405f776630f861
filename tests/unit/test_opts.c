/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "opts.h"

#define MAX_WORDS 40

/* Splits at blanks; the words are in text. */
static int parse(char *text, struct opts *ret, struct err *err)
{
	char program[] = "nvidia-container-cli";
	char *argv[MAX_WORDS + 1] = {program};
	char *save = NULL;
	int argc = 1;

	for (char *word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < MAX_WORDS);
		argv[argc++] = word;
	}
	return opts_parse(argc, argv, ret, err);
}

static void check_words(const struct strv *words, const char *expected)
{
	auto_done(strbuf) struct strbuf joined = {0};

	strbuf_adds(&joined, "");
	for (size_t i = 0; i < words->n; i++)
		strbuf_addf(&joined, "%s%s", i > 0 ? " " : "", words->items[i]);
	assert_string_equal(joined.data, expected);
}

static void opts_of_configure_are_all_kept(void **unused)
{
	char text[] = "--root=/r --load-kmods --no-create-imex-channels --no-pivot --debug=/d "
		      "--ldcache=/l --user=u:g --no-cache configure --cuda-compat-mode=disabled "
		      "--ldconfig=@/sbin/ldconfig --no-cgroups --device=0,GPU-1 --device=1:0 "
		      "--mig-config=all --mig-monitor=all --imex-channel=0 --imex-channel=1,2 "
		      "--compat32 --compute --display --graphics --ngx --utility --video "
		      "--require=cuda>=12 --require=brand=tesla --no-persistenced "
		      "--no-fabricmanager --no-gsp-firmware --pid=1234 /rootfs";
	auto_done(opts) struct opts opts = {.help = false};

	(void)unused;
	assert_int_equal(parse(text, &opts, NULL), 0);

	assert_int_equal(opts.command, COMMAND_CONFIGURE);
	assert_string_equal(opts.root, "/r");
	assert_string_equal(opts.debug, "/d");
	assert_string_equal(opts.ldcache, "/l");
	assert_string_equal(opts.user, "u:g");
	assert_string_equal(opts.cuda_compat, "disabled");
	assert_string_equal(opts.ldconfig, "@/sbin/ldconfig");
	assert_string_equal(opts.mig_config, "all");
	assert_string_equal(opts.mig_monitor, "all");
	assert_string_equal(opts.pid, "1234");
	assert_string_equal(opts.operands[0], "/rootfs");
	assert_true(opts.load_kmods && opts.no_channel_making && opts.no_cache);
	assert_true(opts.no_cgroups && opts.no_persistenced && opts.no_fabricmanager);
	assert_true(opts.no_gsp_firmware);
	check_words(&opts.devices, "0,GPU-1 1:0");
	check_words(&opts.channels, "0 1,2");
	check_words(&opts.requires, "cuda>=12 brand=tesla");
	check_words(&opts.capabilities, "compat32 compute display graphics ngx utility video");
}

static void opts_letters_mean_what_they_do_in_nvidias_program(void **unused)
{
	char text[] =
		"-kn -u -d /d -l /l -r /r configure -cuvgDn -d 0 -p 7 -r cuda>=1 -l @/x /rootfs";
	auto_done(opts) struct opts opts = {.help = false};

	(void)unused;
	assert_int_equal(parse(text, &opts, NULL), 0);

	assert_true(opts.load_kmods);
	assert_string_equal(opts.user, "");
	assert_string_equal(opts.debug, "/d");
	assert_string_equal(opts.ldcache, "/l");
	assert_string_equal(opts.root, "/r");
	assert_string_equal(opts.pid, "7");
	assert_string_equal(opts.ldconfig, "@/x");
	check_words(&opts.capabilities, "compute utility video graphics display ngx");
	check_words(&opts.devices, "0");
	check_words(&opts.requires, "cuda>=1");
}

static void opts_list_selections_are_kept_apart(void **unused)
{
	static const struct {
		const char *words;
		bool libraries, binaries, ipcs, firmwares, compat32;
	} cases[] = {
		{"list -l", .libraries = true},
		{"list -b", .binaries = true},
		{"list -i", .ipcs = true},
		{"list -f", .firmwares = true},
		{"list --compat32", .compat32 = true},
		{"list -lbif --compat32", true, true, true, true, true},
		{"list --libraries --ipcs", .libraries = true, .ipcs = true},
		{"list", .libraries = false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *text = strdup(cases[i].words);
		auto_done(opts) struct opts opts = {.help = false};

		assert_int_equal(parse(text, &opts, NULL), 0);
		assert_int_equal(opts.libraries, cases[i].libraries);
		assert_int_equal(opts.binaries, cases[i].binaries);
		assert_int_equal(opts.ipcs, cases[i].ipcs);
		assert_int_equal(opts.firmwares, cases[i].firmwares);
		assert_int_equal(opts.compat32, cases[i].compat32);
	}
}

static void opts_user_takes_a_value_only_behind_its_sign(void **unused)
{
	char joined[] = "--user=7:8 info";
	char apart[] = "--user info";
	auto_done(opts) struct opts with = {.help = false};
	auto_done(opts) struct opts without = {.help = false};

	(void)unused;
	assert_int_equal(parse(joined, &with, NULL), 0);
	assert_int_equal(parse(apart, &without, NULL), 0);

	assert_string_equal(with.user, "7:8");
	assert_string_equal(without.user, "");
	assert_int_equal(without.command, COMMAND_INFO);
}

static void opts_config_behind_runtime_is_the_engines(void **unused)
{
	char text[] = "--config=/toml runtime configure --config=/json --runtime docker "
		      "--nvidia-set-as-default --runtime-path=/p --nvidia-runtime-name n --dry-run";
	auto_done(opts) struct opts opts = {.help = false};

	(void)unused;
	assert_int_equal(parse(text, &opts, NULL), 0);

	assert_int_equal(opts.command, COMMAND_RUNTIME);
	assert_string_equal(opts.operands[0], "configure");
	assert_string_equal(opts.config, "/toml");
	assert_string_equal(opts.engine_config, "/json");
	assert_string_equal(opts.engine, "docker");
	assert_string_equal(opts.runtime_path, "/p");
	assert_string_equal(opts.runtime_name, "n");
	assert_true(opts.set_default && opts.dry_run && !opts.remove);
}

static void opts_that_are_wrong_name_the_word(void **unused)
{
	static const char *const cases[][2] = {
		{"--load-kmods=false info", "--load-kmods=false"},
		{"info --compute", "--compute"},
		{"info -l", "-l"},
		{"list --pid=1", "--pid=1"},
		{"configure --mig-config= /r", "mig-config"},
		{"configure /r /s", "/s"},
		{"--ldcache", "--ldcache"},
		{"list --rootfs=/x", "--rootfs=/x"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *text = strdup(cases[i][0]);
		struct opts opts = {.help = false};
		struct err err = {0};

		assert_int_equal(parse(text, &opts, &err), -EINVAL);
		assert_non_null(strstr(err.msg, cases[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opts_of_configure_are_all_kept),
		cmocka_unit_test(opts_letters_mean_what_they_do_in_nvidias_program),
		cmocka_unit_test(opts_list_selections_are_kept_apart),
		cmocka_unit_test(opts_user_takes_a_value_only_behind_its_sign),
		cmocka_unit_test(opts_config_behind_runtime_is_the_engines),
		cmocka_unit_test(opts_that_are_wrong_name_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
