/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "settingstext.h"

static void settings_keys_of_the_driver_reach_their_fields(void **state)
{
	static const char text[] =
		"[nvidia-container-cli]\n"
		"load-kmods = false\nldcache = \"/etc/other.cache\"\nuser = \"root:video\"\n"
		"[nvidia-container-runtime.modes.csv]\n"
		"compat-container-root = \"/usr/local/cuda/compat_orin/\"\n"
		"[features]\n"
		"ignore-imex-channel-requests = true\ndisable-imex-channel-creation = true\n"
		"no-additional-gids-for-device-nodes = true\n"
		"[nvc]\n"
		"library-dirs = [\"/opt/driver//lib\", \"/nix/lib\"]\n"
		"driver-program = \"/opt/nvc-driver\"\ndriver-timeout = \"500ms\"\n"
		"driver-cache = false\ncache-dir = \"/var/cache/nvc\"\n"
		"require-policy = \"warn\"\nmode-when-missing = \"start\"\n";
	auto_settings settings = settings_new();
	struct err err = {0};

	(void)state;
	if (parse(settings, text, &err) < 0)
		fail_msg("%u:%u: %s", err.line, err.column, err.msg);

	assert_false(settings->load_kmods);
	assert_string_equal(settings->ldcache, "/etc/other.cache");
	assert_string_equal(settings->user, "root:video");
	assert_string_equal(settings->compat_dir, "/usr/local/cuda/compat_orin");
	assert_true(settings->ignore_channels);
	assert_true(settings->no_channel_making);
	assert_true(settings->no_gids);
	assert_int_equal(settings->library_dirs.n, 2);
	assert_string_equal(settings->library_dirs.items[0], "/opt/driver/lib");
	assert_string_equal(settings->driver_program, "/opt/nvc-driver");
	assert_int_equal(settings->driver_timeout, 500);
	assert_false(settings->driver_cache);
	assert_string_equal(settings->cache_dir, "/var/cache/nvc");
	assert_int_equal(settings->require_policy, REQUIRE_WARN);
	assert_int_equal(settings->when_missing, SETTINGS_MISSING_START);
}

static void settings_times_are_seconds_or_have_a_unit(void **state)
{
	static const struct {
		const char *value;
		unsigned ms; /* 0 = refused */
	} cases[] = {
		{"'10s'", 10000},
		{"'100ms'", 100},
		{"'600s'", 600000},
		{"'7'", 7000},
		{"7", 7000},
		{"'600000ms'", 600000},
		{"600", 600000},
		{"'99ms'", 0},
		{"'601s'", 0},
		{"601", 0},
		{"0", 0},
		{"-1", 0},
		{"'1.5s'", 0},
		{"'10 s'", 0},
		{"'ms'", 0},
		{"''", 0},
		{"'1m'", 0},
		{"'+1s'", 0},
		{"true", 0},
		{"9223372036854775807", 0},
		{"'99999999999999999999s'", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_settings settings = settings_new();
		auto_free char *text = str_format("nvc.driver-timeout = %s", cases[i].value);
		int rc = parse(settings, text, NULL);

		if (rc != (cases[i].ms == 0 ? -EINVAL : 0))
			fail_msg("%s: %d", text, rc);
		assert_int_equal(settings->driver_timeout,
				 cases[i].ms == 0 ? SETTINGS_DRIVER_TIMEOUT : cases[i].ms);
	}
}

#define COMPAT_MODE  "nvidia-container-runtime.modes.legacy.cuda-compat-mode = "
#define COMPAT_ALLOW "features.allow-cuda-compat-libs-from-container = "
#define COMPAT_OFF   "features.disable-cuda-compat-lib-hook = "

static void settings_cuda_compat_is_decided_in_any_order(void **state)
{
	static const struct {
		const char *lines[3];
		enum settings_compat compat;
		bool warned;
	} cases[] = {
		{{COMPAT_MODE "'ldconfig'"}, SETTINGS_COMPAT_AUTO, false},
		{{COMPAT_MODE "'mount'"}, SETTINGS_COMPAT_AUTO, false},
		{{COMPAT_MODE "'hook'"}, SETTINGS_COMPAT_AUTO, false},
		{{COMPAT_MODE "'disabled'"}, SETTINGS_COMPAT_HOST, false},
		{{COMPAT_MODE "''"}, SETTINGS_COMPAT_HOST, true},
		{{COMPAT_MODE "'Mount'"}, SETTINGS_COMPAT_HOST, true},
		{{COMPAT_OFF "true"}, SETTINGS_COMPAT_HOST, false},
		{{COMPAT_OFF "false"}, SETTINGS_COMPAT_AUTO, false},
		{{COMPAT_OFF "true", COMPAT_MODE "'mount'"}, SETTINGS_COMPAT_HOST, false},
		{{COMPAT_ALLOW "true", COMPAT_MODE "'disabled'"}, SETTINGS_COMPAT_AUTO, false},
		{{COMPAT_ALLOW "false", COMPAT_MODE "'disabled'"}, SETTINGS_COMPAT_HOST, false},
		{{COMPAT_ALLOW "true", COMPAT_OFF "true", COMPAT_MODE "'mount'"},
		 SETTINGS_COMPAT_HOST,
		 false},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *lines = cases[i / 2].lines;
		auto_settings settings = settings_new();
		auto_done(strbuf) struct strbuf text = {0};
		struct sink sink;

		for (size_t k = 0; k < 3; k++) {
			const char *line = lines[i % 2 == 0 ? k : 2 - k];

			if (line != NULL)
				strbuf_addf(&text, "%s\n", line);
		}
		sink_init(&sink, LOG_LEVEL_WARNING);
		assert_int_equal(
			settings_parse(settings, "c.toml", text.data, text.len, &sink.log, NULL),
			0);
		if (settings->cuda_compat != cases[i / 2].compat)
			fail_msg("%s", text.data);
		assert_int_equal(sink.text.len > 0, cases[i / 2].warned);
		strbuf_done(&sink.text);
	}
}

static void settings_accounts_are_names_or_numbers(void **state)
{
	static const struct {
		const char *value;
		int rc;
	} cases[] = {
		{"65534", 0},       {"65534:65534", 0},  {"root:video", 0},  {"_nvc.x-y$", 0},
		{"u:g:h", -EINVAL}, {":video", -EINVAL}, {"root:", -EINVAL}, {"a b", -EINVAL},
		{"-1", -EINVAL},    {"../x", -EINVAL},   {"\\n", -EINVAL},
	};
	auto_settings none = settings_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_settings settings = settings_new();
		auto_free char *text =
			str_format("nvidia-container-cli.user = \"%s\"", cases[i].value);

		if (parse(settings, text, NULL) != cases[i].rc)
			fail_msg("%s", text);
		assert_int_equal(settings->user == NULL, cases[i].rc < 0);
	}
	assert_int_equal(parse(none, "nvidia-container-cli.user = 'a'\n", NULL), 0);
	assert_int_equal(parse(none, "nvidia-container-cli.user = ''\n", NULL), 0);
	assert_null(none->user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_keys_of_the_driver_reach_their_fields),
		cmocka_unit_test(settings_times_are_seconds_or_have_a_unit),
		cmocka_unit_test(settings_cuda_compat_is_decided_in_any_order),
		cmocka_unit_test(settings_accounts_are_names_or_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
