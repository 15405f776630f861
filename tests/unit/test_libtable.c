/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <string.h>

#include "base/auto.h"
#include "base/strv.h"
#include "host/libdirs.h"
#include "host/libtable.h"
#include "model/drivercaps.h"

static void libtable_each_name_is_there_once(void **state)
{
	auto_done(strv) struct strv names = {0};
	const struct lib_entry *entry;

	(void)state;
	for (size_t i = 0; (entry = libtable_library(i)) != NULL; i++) {
		if (strv_add_unique(&names, entry->name) != 1)
			fail_msg("'%s' twice", entry->name);
		assert_memory_equal(entry->name, "lib", 3);
		assert_null(strchr(entry->name, '.'));
		/* without a number it is found by the driver's version only */
		if ((entry->flags & LIB_OWN) != 0)
			assert_non_null(entry->number);
	}
	assert_true(names.n > 40);
}

/* NVIDIA's tables: facts of its container library, 1.17. */
static void libtable_has_what_nvidias_tables_have(void **state)
{
	static const struct {
		unsigned cap;
		const char *names;
	} cases[] = {
		{DRIVER_CAP_UTILITY, "libnvidia-ml libnvidia-cfg libnvidia-nscq"},
		{DRIVER_CAP_COMPUTE,
		 "libcuda libcudadebugger libnvidia-opencl libnvidia-gpucomp "
		 "libnvidia-ptxjitcompiler libnvidia-fatbinaryloader libnvidia-allocator "
		 "libnvidia-compiler libnvidia-pkcs11 libnvidia-pkcs11-openssl3 libnvidia-nvvm"},
		{DRIVER_CAP_VIDEO, "libvdpau_nvidia libnvidia-encode libnvidia-opticalflow "
				   "libnvcuvid libcuda libnvidia-ptxjitcompiler"},
		{DRIVER_CAP_GRAPHICS,
		 "libnvidia-eglcore libnvidia-glcore libnvidia-tls libnvidia-glsi libnvidia-fbc "
		 "libnvidia-ifr libnvidia-rtcore libnvoptix libGLX_nvidia libEGL_nvidia "
		 "libGLESv2_nvidia libGLESv1_CM_nvidia libnvidia-glvkspirv libnvidia-cbl"},
		{DRIVER_CAP_DISPLAY, "libnvidia-eglcore libGLX_nvidia"},
		{DRIVER_CAP_NGX, "libnvidia-ngx"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (const char *at = cases[i].names; *at != '\0'; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");
			const struct lib_entry *entry;
			bool found = false;

			for (size_t j = 0; (entry = libtable_library(j)) != NULL; j++)
				if (strlen(entry->name) == len && memcmp(entry->name, at, len) == 0)
					found = (entry->caps & cases[i].cap) != 0;
			if (!found)
				fail_msg("capability %#x: '%.*s'", cases[i].cap, (int)len, at);
			at += len;
		}
	}
}

static void libtable_machine_is_that_of_the_module(void **state)
{
	static const struct {
		const char *text;
		uint16_t machine;
	} cases[] = {
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue\n", EM_X86_64},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15\n", EM_X86_64},
		{"NVRM version: NVIDIA UNIX aarch64 Kernel Module  470.1  Tue\n", EM_AARCH64},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  550.54.15\nGCC "
		 "x86_64\n",
		 EM_AARCH64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(libtable_machine(cases[i].text)->machine, cases[i].machine);
	assert_non_null(libtable_machine(NULL));
	assert_ptr_equal(libtable_machine("of no machine we know\n"), libtable_machine(NULL));
	assert_ptr_equal(libtable_machine("\nx86_64 aarch64"), libtable_machine(NULL));
}

static void libdirs_without_a_version_has_no_directory_of_one(void **state)
{
	auto_done(strv) struct strv with = {0};
	auto_done(strv) struct strv without = {0};
	const struct lib_machine *machine = libtable_machine("x86_64");

	(void)state;
	assert_int_equal(libdirs_usual(machine, true, "390.157", &with), 0);
	assert_int_equal(libdirs_usual(machine, true, NULL, &without), 0);

	assert_true(strv_contains(&with, "/usr/lib32/nvidia-390"));
	assert_true(strv_contains(&with, "/usr/lib/i386-linux-gnu"));
	assert_int_equal(without.n, with.n - 1);
	for (size_t i = 0; i < without.n; i++)
		assert_null(strchr(without.items[i], '%'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libtable_each_name_is_there_once),
		cmocka_unit_test(libtable_has_what_nvidias_tables_have),
		cmocka_unit_test(libtable_machine_is_that_of_the_module),
		cmocka_unit_test(libdirs_without_a_version_has_no_directory_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
