/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "settingstext.h"

struct fixture {
	char dir[64];
	char path[96];
};

static void settings_new_gives_the_defaults(void **state)
{
	auto_settings settings = settings_new();

	(void)state;
	assert_null(settings->path);
	assert_false(settings->disable_require);
	assert_int_equal(settings->swarm_resource.n, 0);
	assert_true(settings->accept_env_unprivileged);
	assert_false(settings->accept_volume_mounts);
	assert_int_equal(settings->supported_capabilities.n, 7);
	assert_string_equal(settings->root, "/");
	assert_null(settings->cli_debug);
	assert_string_equal(settings->ldconfig, "native");
	assert_false(settings->no_cgroups);
	assert_null(settings->runtime_debug);
	assert_int_equal(settings->log_level, LOG_LEVEL_INFO);
	assert_int_equal(settings->runtimes.n, 2);
	assert_string_equal(settings->runtimes.items[0], "runc");
	assert_int_equal(settings->mode, MODE_AUTO);
	assert_string_equal(settings->list_dir, TEST_CSV_DIR);
	assert_int_equal(settings->alt_roots.n, TEST_N_ALT_ROOTS);
	assert_int_equal(settings->path_map.n, TEST_N_PATH_RULES);
	assert_false(settings->alt_roots_named);
	assert_null(settings->hook_path);
	assert_string_equal(settings->host_root, "/");
	assert_string_equal(settings->state_dir, "/var/lib/nvc");
	assert_string_equal(settings->log_file, "/run/nvc/hook.log");
	assert_int_equal(settings->allowed_prefixes.n, 9);
	assert_string_equal(settings->allowed_prefixes.items[8], "/etc/nv_tegra_release");
	assert_int_equal(settings->lists, SETTINGS_LISTS_AUTO);
	assert_true(settings->load_kmods);
	assert_null(settings->ldcache);
	assert_null(settings->user);
	assert_null(settings->compat_dir);
	assert_int_equal(settings->cuda_compat, SETTINGS_COMPAT_AUTO);
	assert_false(settings->ignore_channels);
	assert_false(settings->no_channel_making);
	assert_int_equal(settings->library_dirs.n, 0);
	assert_null(settings->driver_program);
	assert_int_equal(settings->driver_timeout, 10000);
	assert_true(settings->driver_cache);
	assert_string_equal(settings->cache_dir, "/run/nvc");
	assert_int_equal(settings->require_policy, REQUIRE_FAIL);
	assert_int_equal(settings->when_missing, SETTINGS_MISSING_FAIL);
}

static void settings_every_used_key_reaches_its_field(void **state)
{
	static const char text[] =
		"disable-require = true\n"
		"swarm-resource = \"DOCKER_RESOURCE_GPU, DOCKER_RESOURCE_NVIDIA\"\n"
		"accept-nvidia-visible-devices-envvar-when-unprivileged = false\n"
		"accept-nvidia-visible-devices-as-volume-mounts = true\n"
		"supported-driver-capabilities = \"compute, utility\"\n"
		"[nvidia-container-cli]\n"
		"root = \"/run//driver/\"\ndebug = \"/var/log/cli.log\"\nno-cgroups = true\n"
		"ldconfig = \"@/sbin/ldconfig.real\"\n"
		"[nvidia-container-runtime]\n"
		"debug = \"/var/log/runtime.log\"\nlog-level = \"DEBUG\"\nmode = \"csv\"\n"
		"runtimes = [\"crun\", \"/usr/local/bin/runc\"]\n"
		"modes.csv.mount-spec-path = \"/etc/lists\"\n"
		"[nvidia-container-runtime-hook]\npath = \"/usr/libexec/hook\"\n"
		"[nvc]\n"
		"host-root = \"/board\"\nstate-dir = \"/run/state\"\nlog-file = \"\"\n"
		"alt-roots = [\"/usr/share/passthrough\"]\n"
		"path-map = [\"/usr/lib:/usr/lib/aarch64-linux-gnu\"]\n"
		"allowed-prefixes = [\"/usr/\"]\ncsv-lists = \"all\"\n"
		"allowed-device-majors = [\"195\", \"10\"]\n";
	auto_settings settings = settings_new();
	struct err err = {0};

	(void)state;
	if (parse(settings, text, &err) < 0)
		fail_msg("%u:%u: %s", err.line, err.column, err.msg);

	assert_true(settings->disable_require);
	assert_int_equal(settings->swarm_resource.n, 2);
	assert_string_equal(settings->swarm_resource.items[1], "DOCKER_RESOURCE_NVIDIA");
	assert_false(settings->accept_env_unprivileged);
	assert_true(settings->accept_volume_mounts);
	assert_int_equal(settings->supported_capabilities.n, 2);
	assert_string_equal(settings->root, "/run/driver");
	assert_string_equal(settings->cli_debug, "/var/log/cli.log");
	assert_string_equal(settings->ldconfig, "@/sbin/ldconfig.real");
	assert_true(settings->no_cgroups);
	assert_string_equal(settings->runtime_debug, "/var/log/runtime.log");
	assert_int_equal(settings->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(settings->mode, MODE_CSV);
	assert_string_equal(settings->runtimes.items[1], "/usr/local/bin/runc");
	assert_string_equal(settings->list_dir, "/etc/lists");
	assert_string_equal(settings->hook_path, "/usr/libexec/hook");
	assert_string_equal(settings->host_root, "/board");
	assert_string_equal(settings->state_dir, "/run/state");
	assert_null(settings->log_file);
	assert_string_equal(settings->alt_roots.items[0], "/usr/share/passthrough");
	assert_true(settings->alt_roots_named);
	assert_string_equal(settings->path_map.items[0].from, "/usr/lib");
	assert_string_equal(settings->path_map.items[0].to, "/usr/lib/aarch64-linux-gnu");
	assert_int_equal(settings->allowed_prefixes.n, 1);
	assert_string_equal(settings->allowed_prefixes.items[0], "/usr");
	assert_int_equal(settings->lists, SETTINGS_LISTS_ALL);
	assert_int_equal(settings->device_majors.n, 2);
	assert_string_equal(settings->device_majors.items[1], "10");
}

static void settings_values_that_mean_the_default_are_taken_so(void **state)
{
	auto_settings settings = settings_new();

	(void)state;
	assert_int_equal(parse(settings,
			       "nvidia-container-cli.root = ''\n"
			       "nvidia-container-cli.debug = '/dev/null'\n"
			       "nvidia-container-runtime.debug = '/dev/null'\n"
			       "nvidia-container-runtime-hook.path = "
			       "'nvidia-container-runtime-hook'\n"
			       "nvidia-container-cli.ldcache = ''\n"
			       "nvc.driver-program = ''\n"
			       "nvidia-container-runtime.modes.csv.compat-container-root = ''\n"
			       "supported-driver-capabilities = 'all'\n",
			       NULL),
			 0);
	assert_string_equal(settings->root, "/");
	assert_null(settings->cli_debug);
	assert_null(settings->runtime_debug);
	assert_null(settings->hook_path);
	assert_null(settings->ldcache);
	assert_null(settings->driver_program);
	assert_null(settings->compat_dir);
	assert_int_equal(settings->supported_capabilities.n, 7);
}

static void settings_nvc_ldconfig_wins_in_either_order(void **state)
{
	auto_settings first = settings_new();
	auto_settings last = settings_new();
	auto_settings own = settings_new();

	(void)state;
	assert_int_equal(
		parse(first, "nvc.ldconfig = '@/a'\nnvidia-container-cli.ldconfig = '@/b'\n", NULL),
		0);
	assert_int_equal(
		parse(last, "nvidia-container-cli.ldconfig = '@/b'\nnvc.ldconfig = '@/a'\n", NULL),
		0);
	assert_string_equal(first->ldconfig, "@/a");
	assert_string_equal(last->ldconfig, "@/a");
	assert_int_equal(parse(own,
			       "nvidia-container-cli.ldconfig = '@/b'\nnvc.ldconfig = 'native'\n",
			       NULL),
			 0);
	assert_string_equal(own->ldconfig, "native");
}

static void settings_wrong_values_are_errors_with_their_place(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *words;
	} cases[] = {
		{"disable-require = 'yes'", 1, 19, "wants a boolean, not a string"},
		{"disable-require = 1", 1, 19, "wants a boolean, not an integer"},
		{"\n[nvidia-container-runtime]\nmode = 'CSV'", 3, 8, "wants auto, legacy, csv"},
		{"nvidia-container-runtime.runtimes = 'runc'", 1, 37, "wants an array of strings"},
		{"nvidia-container-runtime.runtimes = []", 1, 37, "at least one"},
		{"nvidia-container-runtime.runtimes = ['../runc']", 1, 37, "names of programs"},
		{"nvidia-container-cli.load-kmods = 'true'", 1, 35, "wants a boolean"},
		{"features.allow-ldconfig-from-container = 1", 1, 42, "wants a boolean"},
		{"nvidia-container-cli.root = 'sub'", 1, 29, "absolute path"},
		{"nvidia-container-cli.debug = 'x.log'", 1, 30, "absolute path"},
		{"nvidia-container-cli.ldconfig = '/sbin/ldconfig'", 1, 33, "wants '@'"},
		{"nvidia-container-cli.ldconfig = '@ldconfig'", 1, 33, "wants '@'"},
		{"nvc.allowed-device-majors = ['4096']", 1, 29, "wants major numbers"},
		{"nvc.allowed-device-majors = ['0x1']", 1, 29, "wants major numbers"},
		{"nvc.ldconfig = 'Native'", 1, 16, "wants '@'"},
		{"nvc.ldconfig = ''", 1, 16, "wants '@'"},
		{"nvidia-container-runtime-hook.path = 'hook'", 1, 38, "absolute path"},
		{"nvc.state-dir = ''", 1, 17, "absolute path"},
		{"nvc.host-root = \"/a\\nb\"", 1, 17, "absolute path"},
		{"nvc.alt-roots = ['/a', 'b']", 1, 17, "absolute paths"},
		{"nvc.path-map = ['/a']", 1, 16, "FROM:TO"},
		{"nvc.path-map = ['/a:b']", 1, 16, "FROM:TO"},
		{"nvc.path-map = [':/b']", 1, 16, "FROM:TO"},
		{"nvc.path-map = ['/a:/b:/c']", 1, 16, "FROM:TO"},
		{"nvc.csv-lists = 'none'", 1, 17, "auto, base or all"},
		{"nvc.require-policy = 'x'", 1, 22, "fail, warn or ignore"},
		{"nvc.mode-when-missing = ''", 1, 25, "fail or start"},
		{"nvc.driver-timeout = 'soon'", 1, 22, "a time from"},
		{"nvc.driver-timeout = true", 1, 22, "wants a string, not a boolean"},
		{"nvc.library-dirs = ['lib']", 1, 20, "absolute paths"},
		{"nvc.driver-program = 'nvc-driver'", 1, 22, "absolute path"},
		{"nvc.cache-dir = ''", 1, 17, "absolute path"},
		{"nvidia-container-cli.ldcache = 'x'", 1, 32, "absolute path"},
		{"nvidia-container-cli.user = 'a b'", 1, 29, "USER[:GROUP]"},
		{"a = [", 1, 6, "array"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_settings settings = settings_new();
		struct err err = {0};

		if (parse(settings, cases[i].text, &err) != -EINVAL || err.code != EINVAL ||
		    err.line != cases[i].line || err.column != cases[i].column ||
		    strstr(err.msg, cases[i].words) == NULL ||
		    !str_starts_with(err.msg, "config.toml:"))
			fail_msg("%s: %u:%u: %s", cases[i].text, err.line, err.column, err.msg);
	}
}

static void settings_image_ldconfig_is_refused_with_advice(void **state)
{
	auto_settings settings = settings_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(parse(settings,
			       "features.allow-ldconfig-from-container = true\n"
			       "nvidia-container-cli.ldconfig = '/sbin/ldconfig'\n",
			       &err),
			 -EINVAL);
	assert_non_null(err.hint);
	assert_non_null(strstr(err.hint, "@/sbin/ldconfig"));
}

static void settings_unknown_keys_are_warnings_with_advice(void **state)
{
	static const char text[] = "disable-requires = true\n"
				   "[nvidia-container-cli]\n"
				   "something-else = 3\n"
				   "load-kmods = true\n"
				   "[features]\n"
				   "brand-new = true\n";
	auto_settings settings = settings_new();
	struct sink sink;
	auto_free char *got = NULL;

	(void)state;
	sink_init(&sink, LOG_LEVEL_WARNING);
	assert_int_equal(settings_parse(settings, "c.toml", text, strlen(text), &sink.log, NULL),
			 0);
	got = strbuf_take(&sink.text);
	assert_string_equal(got, "warning settings c.toml:1: unknown key 'disable-requires'; did "
				 "you mean 'disable-require'?\n"
				 "warning settings c.toml:3: unknown key "
				 "'nvidia-container-cli.something-else' has no effect\n");
}

static void settings_unknown_level_is_info_and_a_warning(void **state)
{
	static const char text[] = "nvidia-container-runtime.log-level = 'loud'\n";
	auto_settings settings = settings_new();
	struct sink sink;
	auto_free char *got = NULL;

	(void)state;
	sink_init(&sink, LOG_LEVEL_WARNING);
	assert_int_equal(settings_parse(settings, "c.toml", text, strlen(text), &sink.log, NULL),
			 0);
	got = strbuf_take(&sink.text);
	assert_int_equal(settings->log_level, LOG_LEVEL_INFO);
	assert_non_null(strstr(got, "c.toml:1: unknown log level 'loud'"));
}

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->dir, "/tmp/nvc-test-settings-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/config.toml", fixture->dir);
	*state = fixture;
	return 0;
}

static int drop_fixture(void **state)
{
	struct fixture *fixture = *state;

	(void)unlink(fixture->path);
	(void)rmdir(fixture->path);
	(void)rmdir(fixture->dir);
	free(fixture);
	return 0;
}

static void put_file(const struct fixture *fixture, const char *text, mode_t mode)
{
	auto_fd fd = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void settings_load_reads_a_file(void **state)
{
	const struct fixture *fixture = *state;
	auto_settings settings = NULL;

	put_file(fixture, "disable-require = true\n", 0644);
	assert_int_equal(settings_load(fixture->path, NULL, &settings, NULL), 0);
	assert_true(settings->disable_require);
	assert_string_equal(settings->path, fixture->path);
}

static void settings_load_fails_without_a_named_file(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;
	struct err err = {0};

	assert_int_equal(settings_load(fixture->path, NULL, &settings, &err), -ENOENT);
	assert_null(settings);
	assert_non_null(strstr(err.msg, fixture->path));
}

static void settings_load_refuses_a_file_that_others_can_write(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;
	static const mode_t modes[] = {0664, 0646, 0666};

	for (size_t i = 0; i < 3; i++) {
		struct err err = {0};

		put_file(fixture, "disable-require = true\n", modes[i]);
		assert_int_equal(settings_load(fixture->path, NULL, &settings, &err), -EPERM);
		assert_non_null(strstr(err.hint, "chmod go-w"));
	}
	assert_null(settings);
}

static void settings_load_refuses_the_file_of_another_user(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;
	static const uid_t owners[] = {1234, 65534};

	if (geteuid() != 0) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	for (size_t i = 0; i < 2; i++) {
		put_file(fixture, "", 0644);
		if (chown(fixture->path, owners[i], 0) < 0) {
			print_message("skipped: the id is not mapped here\n");
			skip();
		}
		assert_int_equal(settings_load(fixture->path, NULL, &settings, NULL), -EPERM);
	}
	assert_null(settings);
}

static void settings_load_of_a_fifo_neither_hangs_nor_works(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;
	struct err err = {0};

	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	(void)alarm(5);
	assert_int_equal(settings_load(fixture->path, NULL, &settings, &err), -EINVAL);
	(void)alarm(0);
	assert_non_null(strstr(err.msg, "not a regular file"));
}

static void settings_load_refuses_a_directory(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;

	assert_int_equal(mkdir(fixture->path, 0755), 0);
	assert_int_equal(settings_load(fixture->path, NULL, &settings, NULL), -EINVAL);
}

static void settings_load_refuses_a_huge_file(void **state)
{
	const struct fixture *fixture = *state;
	struct settings *settings = NULL;

	put_file(fixture, "#", 0644);
	assert_int_equal(truncate(fixture->path, SETTINGS_MAX_BYTES + 1), 0);
	assert_int_equal(settings_load(fixture->path, NULL, &settings, NULL), -EFBIG);
}

#define with_file(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_new_gives_the_defaults),
		cmocka_unit_test(settings_every_used_key_reaches_its_field),
		cmocka_unit_test(settings_values_that_mean_the_default_are_taken_so),
		cmocka_unit_test(settings_nvc_ldconfig_wins_in_either_order),
		cmocka_unit_test(settings_wrong_values_are_errors_with_their_place),
		cmocka_unit_test(settings_image_ldconfig_is_refused_with_advice),
		cmocka_unit_test(settings_unknown_keys_are_warnings_with_advice),
		cmocka_unit_test(settings_unknown_level_is_info_and_a_warning),
		with_file(settings_load_reads_a_file),
		with_file(settings_load_fails_without_a_named_file),
		with_file(settings_load_refuses_a_file_that_others_can_write),
		with_file(settings_load_refuses_the_file_of_another_user),
		with_file(settings_load_of_a_fifo_neither_hangs_nor_works),
		with_file(settings_load_refuses_a_directory),
		with_file(settings_load_refuses_a_huge_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
