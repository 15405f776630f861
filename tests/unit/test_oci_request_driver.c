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
#include "requestspec.h"

static void request_mig_words_need_privilege_and_mean_all(void **unused)
{
	static const struct {
		const char *devices;
		const char *value;
		bool privileged;
		int rc;
		bool granted;
	} cases[] = {
		{"all", "", false, 0, false},          {"all", "all", true, 0, true},
		{"all", "all", false, -EPERM, 0},      {"all", "nonsense", false, -EPERM, 0},
		{"all", "0", true, -EINVAL, 0},        {"all", "all,0", true, -EINVAL, 0},
		{"all", "ALL\n", true, -EINVAL, 0},    {"0,1", "all", true, 0, true},
		{"none", "all", true, 0, true},        {"0,1:0", "all", true, -EINVAL, 0},
		{"MIG-4cf8", "all", true, -EINVAL, 0}, {"0000:01:00.0", "all", true, 0, true},
		{"void", "nonsense", false, 0, false}, {"mig-4cf8", "all", true, -EINVAL, 0},
	};
	static const char *const names[] = {"NVIDIA_MIG_CONFIG_DEVICES",
					    "NVIDIA_MIG_MONITOR_DEVICES"};

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t k = i / 2;
		auto_done(request) struct request request = {0};
		auto_free char *devices = str_format("NVIDIA_VISIBLE_DEVICES=%s", cases[k].devices);
		auto_free char *entry = str_format("%s=%s", names[i % 2], cases[k].value);
		struct err err = {0};
		int rc;

		strv_done(&spec.env);
		add_env(devices);
		add_env(entry);
		spec.cap_sys_admin = cases[k].privileged;
		rc = request_from_spec(&spec, &settings, NULL, &request, &err);
		if (rc != cases[k].rc)
			fail_msg("%s with %s: %d %s", entry, devices, rc, err.msg);
		assert_int_equal(i % 2 == 0 ? request.mig_config : request.mig_monitor,
				 cases[k].granted);
		assert_false(i % 2 == 0 ? request.mig_monitor : request.mig_config);
		if (rc < 0) {
			assert_non_null(strstr(err.msg, names[i % 2]));
			assert_null(strchr(err.msg, '\n'));
		}
	}
}

static void expect_channels(const struct request *request, const char *numbers)
{
	auto_done(strbuf) struct strbuf list = {0};

	for (size_t i = 0; i < request->channels.n; i++)
		strbuf_addf(&list, "%s%s", i > 0 ? "," : "", request->channels.items[i]);
	assert_string_equal(list.data == NULL ? "" : list.data, numbers);
}

static void request_channels_are_numbers(void **unused)
{
	static const struct {
		const char *value;
		const char *numbers; /* NULL = an error */
	} cases[] = {
		{"", ""},
		{" , ", ""},
		{"0", "0"},
		{" 3 ,0,3", "3,0"},
		{"channel7", "7"},
		{"1-3,2", "1,2,3"},
		{"007", "7"},
		{"1048575", "1048575"},
		{"all", ""},
		{"0,all", ""},
		{"none", ""},
		{"none,0", ""},
		{"0,void", ""},
		{"void", ""},
		{"1048576", NULL},
		{"1048575-1048576", NULL},
		{"-1", NULL},
		{"3-1", NULL},
		{"x", NULL},
		{"0x1", NULL},
		{"channel", NULL},
		{"channel0-3", NULL},
		{"../../dev/sda", NULL},
		{"0\n1", NULL},
		{"0-1048575", NULL},
		{"1\x1b[31m", NULL},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *entry = str_format("NVIDIA_IMEX_CHANNELS=%s", cases[i].value);
		struct err err = {0};
		int rc;

		strv_done(&spec.env);
		add_env("NVIDIA_VISIBLE_DEVICES=all");
		add_env(entry);
		rc = request_from_spec(&spec, &settings, NULL, &request, &err);
		if (rc != (cases[i].numbers == NULL ? -EINVAL : 0))
			fail_msg("%s: %d %s", cases[i].value, rc, err.msg);
		expect_channels(&request, cases[i].numbers == NULL ? "" : cases[i].numbers);
		if (rc < 0) {
			assert_non_null(strstr(err.msg, "NVIDIA_IMEX_CHANNELS"));
			assert_null(strpbrk(err.msg, "\n\x1b"));
		}
	}
}

static void request_channels_are_bounded(void **unused)
{
	static const struct {
		const char *value;
		size_t n;
	} cases[] = {{"0-2047", 2048}, {"0-2048", 0}, {"0-2047,5", 0}, {"0,0-2047", 0}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *entry = str_format("NVIDIA_IMEX_CHANNELS=%s", cases[i].value);

		strv_done(&spec.env);
		add_env("NVIDIA_VISIBLE_DEVICES=all");
		add_env(entry);
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL),
				 cases[i].n > 0 ? 0 : -EINVAL);
		assert_int_equal(request.channels.n, cases[i].n);
	}
}

static void request_channels_follow_the_policy(void **unused)
{
	static const struct {
		bool ignore, mounts, env, privileged;
		const char *mount; /* beside one that asks for a GPU */
		const char *numbers;
	} cases[] = {
		{false, true, true, false, "imex/5", "5"},
		{false, true, false, false, "imex/5", "5"},
		{false, true, true, false, "2", "0"},
		{false, true, false, false, "2", ""},
		{false, true, false, true, "2", "0"},
		{false, false, true, false, "imex/5", "0"},
		{false, false, false, true, "imex/5", "0"},
		{true, true, true, true, "imex/5", ""},
	};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=1");
	add_env("NVIDIA_IMEX_CHANNELS=0");
	add_mount("/var/run/nvidia-container-devices/1", "/dev/null");
	add_mount("", "/dev/null");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};

		settings.ignore_channels = cases[i].ignore;
		settings.accept_volume_mounts = cases[i].mounts;
		settings.accept_env_unprivileged = cases[i].env;
		spec.cap_sys_admin = cases[i].privileged;
		free(spec.mounts.items[1].destination);
		spec.mounts.items[1].destination =
			str_format("/var/run/nvidia-container-devices/%s", cases[i].mount);
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
		assert_true(request_wants_gpu(&request));
		expect_channels(&request, cases[i].numbers);
	}
}

static void request_channels_by_mounts_that_are_none_are_refused(void **unused)
{
	struct request request = {0};
	struct err err = {0};

	(void)unused;
	settings.accept_volume_mounts = true;
	add_env("NVIDIA_VISIBLE_DEVICES=1");
	add_mount("/var/run/nvidia-container-devices/imex/../imex/x", "/dev/null");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'x' is not a channel"));
}

static void request_annotation_says_what_is_done_without_a_gpu(void **unused)
{
	static const struct {
		const char *value;
		int rc;
		enum request_missing missing;
	} cases[] = {
		{NULL, 0, MISSING_DEFAULT},          {"fail", 0, MISSING_FAIL},
		{"start", 0, MISSING_START},         {"", -EINVAL, MISSING_DEFAULT},
		{"Start", -EINVAL, MISSING_DEFAULT}, {"start\n", -EINVAL, MISSING_DEFAULT},
	};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=all");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		struct err err = {0};

		free(spec.when_missing);
		spec.when_missing = cases[i].value == NULL ? NULL : strdup(cases[i].value);
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, &err),
				 cases[i].rc);
		assert_int_equal(request.missing, cases[i].missing);
		assert_null(strchr(err.msg, '\n'));
		if (cases[i].rc < 0)
			assert_non_null(strstr(err.msg, "nvc.mode-when-missing"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_mig_words_need_privilege_and_mean_all),
		TEST(request_channels_are_numbers),
		TEST(request_channels_are_bounded),
		TEST(request_channels_follow_the_policy),
		TEST(request_channels_by_mounts_that_are_none_are_refused),
		TEST(request_annotation_says_what_is_done_without_a_gpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
