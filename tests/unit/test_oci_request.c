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

static void expect_devices(const struct request *request, enum request_devices mode,
			   const char *ids)
{
	auto_done(strbuf) struct strbuf list = {0};

	for (size_t i = 0; i < request->devices.n; i++)
		strbuf_addf(&list, "%s%s", i > 0 ? "," : "", request->devices.items[i]);
	assert_int_equal(request->mode, mode);
	assert_string_equal(list.data == NULL ? "" : list.data, ids);
}

static void request_fault_names_the_variable(void **unused)
{
	struct request request = {.caps = 77};
	struct err err = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=0,/dev/sda");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "NVIDIA_VISIBLE_DEVICES"));
	assert_int_equal(request.caps, 77);
}

static void request_that_does_not_fit_the_hook_entry_is_refused(void **unused)
{
	struct request request = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=all");
	for (int i = 0; i < 40; i++) {
		auto_free char *entry = str_format("NVIDIA_REQUIRE_%d=%2000d", i, i);

		add_env(entry);
	}
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), -EINVAL);
}

static void request_without_variable_is_void(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_env("NVIDIA_DRIVER_CAPABILITIES=nonsense");
	add_env("NVIDIA_REQUIRE_CUDA=\x01");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
	assert_false(request_wants_gpu(&request));
	assert_null(request.refused);
	assert_null(request.origin);
}

static void request_policy_turns_environment_down(void **unused)
{
	static const struct {
		bool accept;
		bool sys_admin;
		const char *value;
		enum request_devices mode;
		bool refused;
	} cases[] = {
		{true, false, "all", DEVICES_ALL, false},
		{false, true, "all", DEVICES_ALL, false},
		{false, false, "all", DEVICES_VOID, true},
		{false, false, "/dev/sda\n", DEVICES_VOID, true},
		{false, false, "void", DEVICES_VOID, false},
		{false, false, "", DEVICES_VOID, false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *entry = str_format("NVIDIA_VISIBLE_DEVICES=%s", cases[i].value);
		struct err err = {.code = 77};

		strv_done(&spec.env);
		add_env(entry);
		settings.accept_env_unprivileged = cases[i].accept;
		spec.cap_sys_admin = cases[i].sys_admin;
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, &err), 0);
		assert_int_equal(err.code, 77);
		assert_int_equal(request.mode, cases[i].mode);
		assert_int_equal(request.refused != NULL, cases[i].refused);
		if (request.refused != NULL)
			assert_null(strchr(request.refused, '\n'));
	}
}

static void request_by_mounts_wins_over_environment(void **unused)
{
	static const struct {
		const char *destination;
		const char *source;
		enum request_devices mode;
		const char *ids;
	} cases[] = {
		{"/var/run/nvidia-container-devices/1", "/dev/null", DEVICES_LIST, "1"},
		{"/var/run/nvidia-container-devices//1/", "/dev/./null", DEVICES_LIST, "1"},
		{"/var/run/nvidia-container-devices/all", "/dev/null", DEVICES_ALL, ""},
		{"/var/run/nvidia-container-devices/cdi/nvidia.com/gpu/1", "/dev/null",
		 DEVICES_LIST, "1"},
		{"/var/run/nvidia-container-devices/cdi/nvidia.com/gpu=1", "/dev/null",
		 DEVICES_LIST, "1"},
		/* none of these asks: the environment counts */
		{"/var/run/nvidia-container-devices", "/dev/null", DEVICES_LIST, "7"},
		{"/var/run/nvidia-container-devices-x/1", "/dev/null", DEVICES_LIST, "7"},
		{"/var/run/nvidia-container-devices/1", "/dev/zero", DEVICES_LIST, "7"},
		{"/var/run/nvidia-container-devices/1", NULL, DEVICES_LIST, "7"},
		{"/var/run/nvidia-container-devices/imex/0", "/dev/null", DEVICES_LIST, "7"},
		{"/var/run/nvidia-container-devices/cdi/x", "/dev/null", DEVICES_LIST, "7"},
	};

	(void)unused;
	settings.accept_volume_mounts = true;
	add_env("NVIDIA_VISIBLE_DEVICES=7");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};

		add_mount(cases[i].destination, cases[i].source);
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
		expect_devices(&request, cases[i].mode, cases[i].ids);
		free(spec.mounts.items[0].destination);
		free(spec.mounts.items[0].source);
		spec.mounts.n = 0;
	}
}

static void request_by_mounts_needs_the_setting(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_mount("/var/run/nvidia-container-devices/1", "/dev/null");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
	assert_int_equal(request.mode, DEVICES_VOID);
}

static void request_swarm_variables_replace_the_usual_one(void **unused)
{
	auto_done(request) struct request both = {0};
	auto_done(request) struct request usual = {0};

	(void)unused;
	assert_int_equal(strv_add(&settings.swarm_resource, "SWARM_A"), 0);
	assert_int_equal(strv_add(&settings.swarm_resource, "SWARM_B"), 0);
	add_env("NVIDIA_VISIBLE_DEVICES=7");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &usual, NULL), 0);
	add_env("SWARM_B=2");
	add_env("SWARM_A=1,2");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &both, NULL), 0);

	expect_devices(&usual, DEVICES_LIST, "7");
	expect_devices(&both, DEVICES_LIST, "1,2");
	assert_string_equal(both.origin, "SWARM_A=1,2");
}

static void request_legacy_image_gets_all(void **unused)
{
	static const struct {
		const char *version;
		const char *require;
	} cases[] = {
		{"10.2", "CUDA_VERSION=cuda>=10.2"},
		{"v11.4.0", "CUDA_VERSION=cuda>=11.4"},
		{"8", "CUDA_VERSION=cuda>=8.0"},
		{"11.4-rc1", "CUDA_VERSION=cuda>=11.4"},
		{"09.01", "CUDA_VERSION=cuda>=9.1"},
		{"9.0.116.50", NULL},
		{"foo", NULL},
		{"9.", NULL},
		{".9", NULL},
		{"-9", NULL},
		{"4294967296.0", NULL},
		{"9.0.116foo", NULL},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *entry = str_format("CUDA_VERSION=%s", cases[i].version);
		int rc;

		strv_done(&spec.env);
		add_env(entry);
		rc = request_from_spec(&spec, &settings, NULL, &request, NULL);
		if (rc != (cases[i].require == NULL ? -EINVAL : 0))
			fail_msg("%s: %d", cases[i].version, rc);
		if (rc < 0)
			continue;
		assert_true(request.legacy_image);
		assert_int_equal(request.mode, DEVICES_ALL);
		assert_int_equal(request.caps, DRIVER_CAP_EVERY);
		assert_int_equal(request.requires.n, 1);
		assert_string_equal(request.requires.items[0], cases[i].require);
	}
}

static void request_with_cuda_requirement_is_not_legacy(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_env("CUDA_VERSION=nonsense");
	add_env("NVIDIA_REQUIRE_CUDA=cuda>=10.2");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
	assert_false(request.legacy_image);
	assert_int_equal(request.mode, DEVICES_VOID);
}

static void request_capabilities_are_words_of_a_set(void **unused)
{
	static const struct {
		const char *value;
		int rc;
		unsigned caps;
	} cases[] = {
		{"", 0, DRIVER_CAP_UTILITY | DRIVER_CAP_COMPUTE},
		{"all,ngx", 0, DRIVER_CAP_EVERY & ~(unsigned)DRIVER_CAP_NGX},
		{"nonsense,all", 0, DRIVER_CAP_EVERY & ~(unsigned)DRIVER_CAP_NGX},
		{"compute", 0, DRIVER_CAP_COMPUTE},
		{" video , display", 0, DRIVER_CAP_VIDEO | DRIVER_CAP_DISPLAY},
		{"all", 0, DRIVER_CAP_EVERY & ~(unsigned)DRIVER_CAP_NGX},
		{"none", 0, 0},
		{",", 0, 0},
		{"ngx", -EINVAL, 0},
		{"compute,Video", -EINVAL, 0},
		{"compute\n%n", -EINVAL, 0},
	};

	(void)unused;
	/* all but ngx */
	strv_done(&settings.supported_capabilities);
	for (size_t i = 0; i < 6; i++) {
		static const char *const words[] = {"compat32", "compute", "display",
						    "graphics", "utility", "video"};

		assert_int_equal(strv_add(&settings.supported_capabilities, words[i]), 0);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *entry = str_format("NVIDIA_DRIVER_CAPABILITIES=%s", cases[i].value);
		struct err err = {0};

		strv_done(&spec.env);
		add_env("NVIDIA_VISIBLE_DEVICES=all");
		add_env(entry);
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, &err),
				 cases[i].rc);
		if (cases[i].rc == 0) {
			assert_int_equal(request.caps, cases[i].caps);
			continue;
		}
		assert_non_null(strstr(err.msg, "graphics"));
		assert_null(strstr(err.msg, "ngx,"));
		assert_null(strchr(err.msg, '\n'));
	}
}

static void request_gathers_requirements(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=all");
	add_env("NVIDIA_REQUIRE_CUDA=cuda>=10.0");
	add_env("NVIDIA_REQUIRE_ARCH=arch>=5.3");
	add_env("NVIDIA_REQUIRE_EMPTY=");
	add_env("NVIDIA_REQUIRE_JETPACK=csv-mounts=all");
	add_env("NVIDIA_REQUIRE_JETPACK_X=y");
	add_env("NVIDIA_REQUIRE_CUDA=cuda>=10.2");
	add_env("NVIDIA_DISABLE_REQUIRE=yes");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);

	assert_int_equal(request.requires.n, 2);
	assert_string_equal(request.requires.items[0], "NVIDIA_REQUIRE_CUDA=cuda>=10.2");
	assert_string_equal(request.requires.items[1], "NVIDIA_REQUIRE_ARCH=arch>=5.3");
	assert_int_equal(request.lists, LISTS_ALL);
	assert_false(request.disable_require);
}

static void request_requirements_are_bounded(void **unused)
{
	struct request request = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=all");
	for (int i = 0; i <= REQUEST_MAX_REQUIRES; i++) {
		auto_free char *entry = str_format("NVIDIA_REQUIRE_%d=cuda>=1", i);

		add_env(entry);
	}
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), -EINVAL);
}

static void request_repeated_requirements_are_bounded(void **unused)
{
	struct request request = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=all");
	for (int i = 0; i < 100000; i++)
		add_env("NVIDIA_REQUIRE_CUDA=cuda>=1");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), -EINVAL);
}

static void request_disable_require_takes_go_words(void **unused)
{
	static const struct {
		const char *entry;
		bool setting;
		bool disabled;
	} cases[] = {
		{"NVIDIA_DISABLE_REQUIRE=1", false, true},
		{"NVIDIA_DISABLE_REQUIRE=true", false, true},
		{"NVIDIA_DISABLE_REQUIRE=T", false, true},
		{"NVIDIA_DISABLE_REQUIRE=tRUE", false, false},
		{"NVIDIA_DISABLE_REQUIRE=0", false, false},
		{"NVIDIA_DISABLE_REQUIRE=", false, false},
		{"NVIDIA_DISABLE_REQUIRE=0", true, true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};

		strv_done(&spec.env);
		add_env("NVIDIA_VISIBLE_DEVICES=all");
		add_env(cases[i].entry);
		settings.disable_require = cases[i].setting;
		assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
		assert_int_equal(request.disable_require, cases[i].disabled);
	}
}

static void request_base_lists_and_gates_are_read(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=none");
	add_env("NVIDIA_REQUIRE_JETPACK_HOST_MOUNTS=base-only");
	add_env("NVIDIA_GDS=enabled");
	add_env("NVIDIA_MOFED=1");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);

	assert_int_equal(request.lists, LISTS_BASE);
	assert_true(request.gds);
	assert_false(request.mofed);
}

static void request_legacy_image_with_empty_capabilities_gets_the_usual_ones(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	add_env("CUDA_VERSION=9.0");
	add_env("NVIDIA_DRIVER_CAPABILITIES=");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
	assert_true(request.legacy_image);
	assert_int_equal(request.caps, DRIVER_CAP_UTILITY | DRIVER_CAP_COMPUTE);
}

static void request_survives_its_encoding(void **unused)
{
	auto_done(request) struct request request = {0};
	auto_done(request) struct request again = {0};
	auto_free char *text = NULL;
	auto_free char *text_again = NULL;

	(void)unused;
	add_env("NVIDIA_VISIBLE_DEVICES=0 1;,GPU-x");
	add_env("NVIDIA_REQUIRE_CUDA=cuda>=10.2 brand=tesla,driver<450");
	assert_int_equal(request_from_spec(&spec, &settings, NULL, &request, NULL), 0);
	text = request_encode(&request);
	assert_int_equal(request_decode(text, &again, NULL), 0);
	text_again = request_encode(&again);

	assert_string_equal(text, text_again);
	expect_devices(&again, DEVICES_LIST, "0 1;,GPU-x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_fault_names_the_variable),
		TEST(request_that_does_not_fit_the_hook_entry_is_refused),
		TEST(request_without_variable_is_void),
		TEST(request_policy_turns_environment_down),
		TEST(request_by_mounts_wins_over_environment),
		TEST(request_by_mounts_needs_the_setting),
		TEST(request_swarm_variables_replace_the_usual_one),
		TEST(request_legacy_image_gets_all),
		TEST(request_with_cuda_requirement_is_not_legacy),
		TEST(request_capabilities_are_words_of_a_set),
		TEST(request_gathers_requirements),
		TEST(request_requirements_are_bounded),
		TEST(request_repeated_requirements_are_bounded),
		TEST(request_disable_require_takes_go_words),
		TEST(request_base_lists_and_gates_are_read),
		TEST(request_legacy_image_with_empty_capabilities_gets_the_usual_ones),
		TEST(request_survives_its_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
