/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of /proc/driver/nvidia. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/procfs.h"
#include "format/procdriver.h"

static void procdriver_version_is_found_in_every_form_of_the_line(void **state)
{
	static const struct {
		const char *text;
		const char *version; /* NULL = none */
	} cases[] = {
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 "
		 "UTC 2024\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14) \n",
		 "550.54.15"},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release "
		 "Build  (dvs-builder@U16)  Wed Feb 26 02:07:16 UTC 2025\n",
		 "570.124.06"},
		{"NVRM version: NVIDIA UNIX aarch64 Kernel Module  535.129.03  Thu Oct 19 2023\n",
		 "535.129.03"},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release "
		 "Build  (buildbrain@mobile-u64-6336-d8000)  Tue Jan  7 17:33:41 PST 2025\n",
		 "540.4.0"},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.00  Release",
		 "580.00"},
		{"GCC version: 12.2.0\nNVRM version: NVIDIA UNIX x86_64 Kernel Module  352.93  x\n",
		 "352.93"},
		{"NVRM version:\t346.46\r\n", "346.46"},
		{"", NULL},
		{"GCC version:  gcc version 12.2.0\n", NULL},
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module\n550.54.15\n", NULL},
		{"NVRM version: 550. .54 5..5 550 12.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1\n", NULL},
		{"NVRM version: 550.54.15/../../etc\n", NULL},
		{" NVRM version: 550.54.15\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char version[PROCDRIVER_MAX_DIGITS] = "";
		bool found = procdriver_version(cases[i].text, strlen(cases[i].text), version);

		assert_int_equal(found, cases[i].version != NULL);
		assert_string_equal(version, found ? cases[i].version : "");
	}
}

static void procdriver_busid_of_any_width_has_one_normal_form(void **state)
{
	static const struct {
		const char *text, *normal, *name;
	} cases[] = {
		{"0000:01:00.0", "00000000:01:00.0", "0000:01:00.0"},
		{"00000000:A1:1F.7", "00000000:a1:1f.7", "0000:a1:1f.7"},
		{"0:1:0.0", "00000000:01:00.0", "0000:01:00.0"},
		{"00010000:3B:00.0", "00010000:3b:00.0", "00010000:3b:00.0"},
		{"0008:06:00.0", "00000008:06:00.0", "0008:06:00.0"},
		{"01:00.0", NULL, NULL},
		{"0000:01:00", NULL, NULL},
		{"0000:01:00.0 ", NULL, NULL},
		{"0000:01:00.8", NULL, NULL},
		{"0000:01:20.0", NULL, NULL},
		{"000000000:01:00.0", NULL, NULL},
		{"0000:001:00.0", NULL, NULL},
		{"0000:01:00.00", NULL, NULL},
		{"0000:-1:00.0", NULL, NULL},
		{"0000:01:00.0/..", NULL, NULL},
		{"0000:01:00.0\n", NULL, NULL},
		{":::.", NULL, NULL},
		{"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char busid[PROCDRIVER_BUSID] = "";
		bool good = procdriver_busid(cases[i].text, strlen(cases[i].text), busid);

		assert_int_equal(good, cases[i].normal != NULL);
		assert_string_equal(busid, good ? cases[i].normal : "");
		if (good)
			assert_string_equal(procdriver_short_busid(busid), cases[i].name);
	}
}

#define LONG_MODEL                                                                                 \
	"NVIDIA 0123456789012345678901234567890123456789012345678901234567890123456789"            \
	"0123456789012345678901234567890123456789012345678901234567890123456789"

static void procdriver_gpu_has_what_its_information_tells(void **state)
{
	static const struct {
		const char *text;
		struct procdriver_gpu gpu;
	} cases[] = {
		{"Model: \t\t NVIDIA H200\nIRQ:   \t\t 123\n"
		 "GPU UUID: \t GPU-8f9d0e0a-1c2b-3d4e-5f60-718293a4b5c6\nVideo BIOS: \t 96.00.1\n"
		 "Bus Type: \t PCIe\nDMA Size: \t 52 bits\nDMA Mask: \t 0xfffffffffffff\n"
		 "Bus Location: \t 0000:3b:00.0\nDevice Minor: \t 3\nGPU Firmware: \t 550.54.15\n"
		 "GPU Excluded:\t No\n",
		 {"NVIDIA H200", "GPU-8f9d0e0a-1c2b-3d4e-5f60-718293a4b5c6", "00000000:3b:00.0", 3,
		  false}},
		{"Model: \t\t Tesla V100\nGPU UUID: \t "
		 "GPU-\?\?\?\?\?\?\?\?-\?\?\?\?-\?\?\?\?-\?\?\?\?"
		 "-\?\?\?\?\?\?\?\?\?\?\?\?\nBus Location: \t 0000:01:00.0\nDevice Minor: \t 0\n"
		 "Blacklisted:\t No\nGPU Excluded:\t Yes\n",
		 {"Tesla V100", "", "00000000:01:00.0", 0, true}},
		{"Model: Unknown\r\nGPU UUID: 8f9d0e0a-1c2b-3d4e-5f60-718293a4b5c6\r\n",
		 {"", "8f9d0e0a-1c2b-3d4e-5f60-718293a4b5c6", "", -1, false}},
		{"Device Minor: \t 1048576\nBus Location: 0000:01:00\nModel: a\tb\n"
		 "GPU UUID: GPU-8f9d0e0a-1c2b-3d4e-5f60-718293a4b5c6x\n",
		 {"", "", "", -1, false}},
		{"Device Minor: -1\nModel: \033[31mred\nGPU UUID: ../../../../etc/passwd\n",
		 {"", "", "", -1, false}},
		{"Device Minor 3\nModels: x\nGPU Excluded: yes\n", {"", "", "", -1, false}},
		{"Model: " LONG_MODEL "\nDevice Minor: 1", {"", "", "", 1, false}},
		{"", {"", "", "", -1, false}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct procdriver_gpu gpu = {.minor = 77};

		procdriver_gpu_parse(cases[i].text, strlen(cases[i].text), &gpu);

		assert_string_equal(gpu.model, cases[i].gpu.model);
		assert_string_equal(gpu.uuid, cases[i].gpu.uuid);
		assert_string_equal(gpu.busid, cases[i].gpu.busid);
		assert_int_equal(gpu.minor, cases[i].gpu.minor);
		assert_int_equal(gpu.excluded, cases[i].gpu.excluded);
	}
}

static void procdriver_numbers_are_read_by_their_key(void **state)
{
	static const char text[] = "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\n"
				   "DeviceFileUID: 0\nDeviceFileMode: 438\nRmMsg: \"\"\n";
	uint64_t value = 7;

	(void)state;
	assert_true(procdriver_number(text, strlen(text), "DeviceFileMode", 07777, &value));
	assert_int_equal(value, 0666);
	assert_true(procdriver_number(text, strlen(text), "DeviceFileUID", UINT32_MAX, &value));
	assert_int_equal(value, 0);
	value = 7;
	assert_false(procdriver_number(text, strlen(text), "DeviceFile", 1, &value));
	assert_false(procdriver_number(text, strlen(text), "RmMsg", 1, &value));
	assert_false(procdriver_number(text, strlen(text), "DeviceFileMode", 437, &value));
	assert_false(procdriver_number(text, strlen(text), "DeviceFileGID", 9, &value));
	assert_int_equal(value, 7);
}

static void procdriver_mig_minors_give_one_capability_a_line(void **state)
{
	static const char text[] = "config 1\nmonitor 2\ngpu0/gi1/access 12\n"
				   "gpu10/gi1/ci0/access 13\r\nnotconfig 99\nconfig notanint\n\n"
				   "gpu0/gi01/access 4\ngpu0/gi1/ci0/access/.. 5\ngpu0/access 6\n"
				   "gpu-1/gi0/access 7\ngpu0/gi0/access 1048576\nconfig 1 2\n"
				   "gpu0/gi99999/access 9\n/gpu0/gi0/access 8\nmonitor 3";
	static const struct procdriver_cap caps[] = {
		{CAP_CONFIG, 0, 0, 0, 1}, {CAP_MONITOR, 0, 0, 0, 2}, {CAP_GI, 0, 1, 0, 12},
		{CAP_CI, 10, 1, 0, 13},   {CAP_MONITOR, 0, 0, 0, 3},
	};
	const char *rest = text;
	size_t len = strlen(text);
	struct procdriver_cap cap;

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		assert_true(procdriver_next_cap(&rest, &len, &cap));
		assert_int_equal(cap.kind, caps[i].kind);
		assert_int_equal(cap.gpu, caps[i].gpu);
		assert_int_equal(cap.gi, caps[i].gi);
		assert_int_equal(cap.ci, caps[i].ci);
		assert_int_equal(cap.minor, caps[i].minor);
	}
	assert_false(procdriver_next_cap(&rest, &len, &cap));
	assert_int_equal(len, 0);
}

static void procdriver_capability_has_its_file(void **state)
{
	static const struct {
		struct procdriver_cap cap;
		const char *path;
	} cases[] = {
		{{CAP_CONFIG, 0, 0, 0, 0}, "/mig/config"},
		{{CAP_MONITOR, 0, 0, 0, 0}, "/mig/monitor"},
		{{CAP_GI, 0, 10, 0, 0}, "/gpu0/mig/gi10/access"},
		{{CAP_CI, 7, 0, 3, 0}, "/gpu7/mig/gi0/ci3/access"},
		{{CAP_CI, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0},
		 "/gpu4294967295/mig/gi4294967295/ci4294967295/access"},
	};
	char path[PROCDRIVER_CAP_PATH];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		procdriver_cap_path(&cases[i].cap, path);
		assert_memory_equal(path, PROCDRIVER_CAP_FILES, strlen(PROCDRIVER_CAP_FILES));
		assert_string_equal(path + strlen(PROCDRIVER_CAP_FILES), cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(procdriver_version_is_found_in_every_form_of_the_line),
		cmocka_unit_test(procdriver_busid_of_any_width_has_one_normal_form),
		cmocka_unit_test(procdriver_gpu_has_what_its_information_tells),
		cmocka_unit_test(procdriver_numbers_are_read_by_their_key),
		cmocka_unit_test(procdriver_mig_minors_give_one_capability_a_line),
		cmocka_unit_test(procdriver_capability_has_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
