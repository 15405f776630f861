/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/procfs.h"

static const char devices[] = "Character devices:\n"
			      "  1 mem\n"
			      "  4 /dev/vc/0\n"
			      "195 nvidia\n"
			      "195 nvidiactl\n"
			      "505 nvidia-caps-imex-channels\n"
			      "506 odd name:\n"
			      "507 nvhost\n"
			      "99999 wild\n"
			      "\n"
			      "Block devices:\n"
			      "  7 loop\n"
			      "8 nvhost-block\n";

static void procfs_char_major_finds_exact_names_of_characters(void **state)
{
	static const struct {
		const char *name;
		int found;
		unsigned major;
	} cases[] = {
		{"mem", 1, 1},           {"nvidia", 1, 195}, {"nvidia-caps-imex-channels", 1, 505},
		{"odd name:", 1, 506},   {"nvhost", 1, 507}, {"loop", 0, 77},
		{"nvhost-block", 0, 77}, {"nvidi", 0, 77},   {"nvidia-caps", 0, 77},
		{"wild", 0, 77},         {"", 0, 77},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned major = 77;

		assert_int_equal(procfs_char_major(devices, strlen(devices), cases[i].name, &major),
				 cases[i].found);
		assert_int_equal(major, cases[i].major);
	}
}

static void procfs_char_stranger_is_a_driver_without_the_prefix(void **state)
{
	static const struct {
		unsigned major;
		const char *prefix;
		const char *stranger; /* NULL = none */
	} cases[] = {
		{1, "nvidia", "mem"},     {195, "nvidia", NULL}, {506, "nvidia", "odd name:"},
		{507, "nvidia", "nvhos"}, {7, "nvidia", NULL},   {8, "nvhost", NULL},
		{400, "nvidia", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[10] = "";
		bool found = procfs_char_stranger(devices, strlen(devices), cases[i].major,
						  cases[i].prefix, name,
						  cases[i].major == 507 ? 6 : sizeof(name));

		assert_int_equal(found, cases[i].stranger != NULL);
		assert_string_equal(name, cases[i].stranger == NULL ? "" : cases[i].stranger);
	}
}

static void procfs_cgroup_path_is_that_of_the_controller(void **state)
{
	static const char text[] = "12:cpu,cpuacct:/a\n"
				   "5:devices:/docker/abc:def\n"
				   "4:xdevices,devicesx:/wrong\n"
				   "1:name=systemd:/init.scope\n"
				   "0::/user.slice\n";
	static const struct {
		const char *controller;
		const char *path;
	} cases[] = {
		{"devices", "/docker/abc:def"},  {"cpuacct", "/a"}, {"", "/user.slice"},
		{"name=systemd", "/init.scope"}, {"memory", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *path = NULL;

		assert_int_equal(
			procfs_cgroup_path(text, strlen(text), cases[i].controller, &path, NULL),
			cases[i].path != NULL);
		if (cases[i].path != NULL)
			assert_string_equal(path, cases[i].path);
	}
}

static void procfs_cgroup_path_outside_of_the_root_is_an_error(void **state)
{
	static const char *const cases[] = {"0::/../../x\n", "0::/a/..", "0::relative\n", "0::\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = NULL;
		struct err err = {0};

		assert_int_equal(procfs_cgroup_path(cases[i], strlen(cases[i]), "", &path, &err),
				 -EINVAL);
		assert_null(path);
	}
}

static const char mounts[] =
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	"30 22 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
	"broken line\n"
	"31 22 0:27 /sub /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:2 master:3 - cgroup cgroup "
	"rw,cpu,cpuacct\n"
	"32 22 0:28 /with\\040blank /mnt/a\\011b\\134c rw - cgroup cgroup rw,devices\n"
	"33 22 0:28 / /second rw - cgroup cgroup rw,devices\n";

static void procfs_find_mount_gives_the_first_that_fits(void **state)
{
	static const struct {
		const char *fstype, *option, *point, *root;
	} cases[] = {
		{"ext4", NULL, "/", "/"},
		{"cgroup2", NULL, "/sys/fs/cgroup/unified", "/"},
		{"cgroup", NULL, "/sys/fs/cgroup/cpu,cpuacct", "/sub"},
		{"cgroup", "devices", "/mnt/a\tb\\c", "/with blank"},
		{"cgroup", "device", NULL, NULL},
		{"cgrou", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *point = NULL;
		auto_free char *root = NULL;

		assert_int_equal(procfs_find_mount(mounts, strlen(mounts), cases[i].fstype,
						   cases[i].option, &point, &root, NULL),
				 cases[i].point != NULL);
		if (cases[i].point == NULL)
			continue;
		assert_string_equal(point, cases[i].point);
		assert_string_equal(root, cases[i].root);
	}
}

static void procfs_map_root_gives_the_outside_id(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint32_t id;
		bool initial;
	} cases[] = {
		{"         0          0 4294967295\n", 1, 0, true},
		{"0 100000 65536\n", 1, 100000, false},
		{"1 100000 65536\n0 1000 1\n", 1, 1000, false},
		{"1 100000 65536\n", 0, 77, false},
		{"0 100000 0\n", 0, 77, false},
		{"0 4294967295 1\n", 0, 77, false},
		{"0 4294967295 1\n0 5 1\n", 1, 5, false},
		{"0 4294967294 4294967295", 1, UINT32_MAX - 1, false},
		{"0 0 4294967295", 1, 0, true},
		{"\n0 1000 1\n", -EINVAL, 77, false},
		{"", 0, 77, false},
		{"0 0\n", -EINVAL, 77, false},
		{"0 0 1 2\n", -EINVAL, 77, false},
		{"a b c\n", -EINVAL, 77, false},
		{"0 0 4294967296\n", -EINVAL, 77, false},
		{"-1 0 1\n", -EINVAL, 77, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t id = 77;
		size_t len = strlen(cases[i].text);

		assert_int_equal(procfs_map_root(cases[i].text, len, &id), cases[i].ret);
		assert_int_equal(id, cases[i].id);
		assert_int_equal(procfs_map_is_initial(cases[i].text, len), cases[i].initial);
	}
}

static void procfs_start_time_is_field_22_whatever_the_name(void **state)
{
#define FIELDS " S 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
	static const char *const good[] = {
		"1 (sh)" FIELDS,
		"1 (a) S 9 9 9 (b)" FIELDS,
		"1 (x\n) y)" FIELDS "\n",
		"1 ()" FIELDS,
	};
	static const char *const bad[] = {
		"", "1 sh S 1 2 3", "1 (sh) S 1 2",
		"1 (sh) S 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 18 -1 20",
		"1 (sh) S 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 18 18446744073709551616"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t got = 0;

		assert_int_equal(procfs_start_time(good[i], strlen(good[i]), &got), 0);
		assert_int_equal(got, 4711);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t got = 7;

		assert_int_equal(procfs_start_time(bad[i], strlen(bad[i]), &got), -EINVAL);
		assert_int_equal(got, 7);
	}
}

static void procfs_start_time_of_a_dead_process_is_no_such_process(void **state)
{
	static const char *const dead[] = {
		"1 (sh) Z 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20",
		"1 (S) X 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", "1 (sh) Z\n"};
	uint64_t got = 7;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(procfs_start_time(dead[i], strlen(dead[i]), &got), -ESRCH);
	assert_int_equal(procfs_start_time(dead[2], strlen(dead[2]), &got), -EINVAL);
	assert_int_equal(got, 7);
}

static void procfs_mount_id_is_that_of_its_own_line(void **state)
{
	static const struct {
		const char *text;
		bool found;
		uint64_t id;
	} cases[] = {
		{"pos:\t0\nflags:\t02\nmnt_id:\t29\nino:\t5\n", true, 29},
		{"mnt_id: 18446744073709551615", true, UINT64_MAX},
		{"xmnt_id:\t1\nmnt_id:\t2\n", true, 2},
		{"pos:\t0\nflags:\t02\n", false, 7},
		{"mnt_id:\t18446744073709551616\n", false, 7},
		{"mnt_id:\n29\n", false, 7},
		{"mnt_id:\t-1\n", false, 7},
		{"", false, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t id = 7;

		assert_int_equal(procfs_mount_id(cases[i].text, strlen(cases[i].text), &id),
				 cases[i].found);
		assert_int_equal(id, cases[i].id);
	}
}

static void procfs_mount_is_shared_if_it_says_so_or_nothing(void **state)
{
	static const char text[] = "22 1 8:1 / /a rw shared:5 master:2 - ext4 /dev/sda1 rw\n"
				   "23 22 0:5 / /shared:1 rw master:7 - devtmpfs shared:1 rw\n"
				   "24 22 0:5 / /open rw master:1";
	static const bool shared[] = {true, false, true, true};

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(procfs_mount_is_shared(text, strlen(text), 22 + i), shared[i]);
	assert_true(procfs_mount_is_shared("", 0, 22));
}

static void procfs_next_mount_goes_line_by_line(void **state)
{
	static const char text[] = "22 1 8:1 / /a\\040b\\134 rw - ext4 /dev/sda1 rw\n"
				   "23 22 0:5 /x /\\400 rw";
	static const char *const points[] = {"/a b\\", "/\\400"};
	static const char *const bad[] = {"\n", "22 1 8:1 /", "22 1 8:1 /\n22 1 8:1 / /a rw\n"};
	const char *rest = text;
	size_t len = strlen(text);
	char *point = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(procfs_next_mount(&rest, &len, &point, NULL), 1);
		assert_string_equal(point, points[i]);
		free(point);
		point = NULL;
	}
	assert_int_equal(procfs_next_mount(&rest, &len, &point, NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rest = bad[i];
		len = strlen(bad[i]);
		assert_int_equal(procfs_next_mount(&rest, &len, &point, NULL), -EINVAL);
	}
	assert_null(point);
}

static void procfs_mount_by_id_gives_its_point_and_propagation(void **state)
{
	static const char text[] = "21 1 0:20 / /proc rw - proc proc rw\n"
				   "22 1 8:1 / /a\\040b rw shared:5 master:2 - ext4 /dev/sda1 rw\n"
				   "23 22 0:5 / /dev rw master:7 - devtmpfs shared:1 rw\n"
				   "24 22 0:5 / /cut rw";
	static const struct {
		uint64_t id;
		const char *point;
		bool shared;
	} cases[] = {{21, "/proc", false}, {22, "/a b", true}, {23, "/dev", false}};
	char *point = NULL;
	bool shared;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			procfs_mount_by_id(text, strlen(text), cases[i].id, &point, &shared, NULL),
			1);
		assert_string_equal(point, cases[i].point);
		assert_int_equal(shared, cases[i].shared);
		free(point);
	}
	assert_int_equal(procfs_mount_by_id(text, strlen(text), 2, &point, &shared, NULL), 0);
	assert_int_equal(procfs_mount_by_id(text, strlen(text), 24, &point, &shared, NULL), 0);
	assert_int_equal(procfs_mount_by_id("", 0, 0, &point, &shared, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(procfs_mount_by_id_gives_its_point_and_propagation),
		cmocka_unit_test(procfs_char_major_finds_exact_names_of_characters),
		cmocka_unit_test(procfs_char_stranger_is_a_driver_without_the_prefix),
		cmocka_unit_test(procfs_cgroup_path_is_that_of_the_controller),
		cmocka_unit_test(procfs_cgroup_path_outside_of_the_root_is_an_error),
		cmocka_unit_test(procfs_find_mount_gives_the_first_that_fits),
		cmocka_unit_test(procfs_map_root_gives_the_outside_id),
		cmocka_unit_test(procfs_start_time_is_field_22_whatever_the_name),
		cmocka_unit_test(procfs_start_time_of_a_dead_process_is_no_such_process),
		cmocka_unit_test(procfs_mount_id_is_that_of_its_own_line),
		cmocka_unit_test(procfs_mount_is_shared_if_it_says_so_or_nothing),
		cmocka_unit_test(procfs_next_mount_goes_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
