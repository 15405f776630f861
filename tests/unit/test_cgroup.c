/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/ns.h"

static void cgroup_below_mount_cuts_the_part_that_is_mounted(void **state)
{
	static const struct {
		const char *path, *root, *below;
	} cases[] = {
		{"/docker/a", "/", "/docker/a"},    {"/docker/a", "/docker/a", "/"},
		{"/docker/a/b", "/docker/a", "/b"}, {"/docker/ab", "/docker/a", NULL},
		{"/system", "/docker/a", NULL},     {"/", "/", "/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *below = cgroup_below_mount(cases[i].path, cases[i].root);

		if (cases[i].below == NULL)
			assert_null(below);
		else
			assert_string_equal(below, cases[i].below);
	}
}

static void put(int dir, const char *name, const char *text)
{
	auto_fd fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void cgroup_v1_writes_one_rule_for_each_device(void **state)
{
	char dir[] = "/tmp/test_cgroup.XXXXXX";
	const dev_t devices[] = {makedev(195, 0), makedev(240, 255)};
	struct cgroup cgroup = {.v1 = true, .path = strdup("/x")};
	auto_fd file = -1;
	char text[64] = "";

	(void)state;
	assert_non_null(mkdtemp(dir));
	cgroup.fd = open(dir, O_RDONLY | O_DIRECTORY);
	file = openat(cgroup.fd, "devices.allow", O_RDWR | O_CREAT | O_APPEND, 0600);
	assert_true(file >= 0);
	put(cgroup.fd, "devices.list", "c 1:3 rwm\n");

	/* a plain file keeps what the last write put at its start: only the last rule is whole */
	assert_int_equal(cgroup_v1_allow(&cgroup, devices, 2, NULL), 2);

	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "c 195:0 rwc 240:255 rw");
	(void)unlinkat(cgroup.fd, "devices.allow", 0);
	(void)unlinkat(cgroup.fd, "devices.list", 0);
	cgroup_done(&cgroup);
	(void)rmdir(dir);
}

/* What is withdrawn, of rules for 195:0 and 240:255, is what was not there before. */
static void cgroup_v1_withdraws_no_rule_that_was_there(void **state)
{
	static const struct {
		const char *before, *denied;
	} cases[] = {
		{"", "c 195:0 rwc 240:255 rw"},
		{"c 195:0 rwm\n", "c 240:255 rw"},
		{"c 1:3 rwm\nc 240:255 rw\n", "c 195:0 rw"},
		{"c 195:0 rw\nc 240:255 rwm", ""},
		{"c 195:0 rm\nc 240:255 w\n", "c 195:0 wc 240:255 r"},
		{"b 195:0 rwm\nc 195:00 rw\n", "c 195:0 rwc 240:255 rw"},
		{"c 195:* rwm\nc 240:255 rw\n", "c 195:0 rw"}, /* an exact rule was added */
		{"a *:* rwm\n", ""},
	};
	const dev_t devices[] = {makedev(195, 0), makedev(240, 255)};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char *const names[] = {"devices.list", "devices.allow",
						    "devices.deny"};
		char dir[] = "/tmp/test_cgroup.XXXXXX";
		struct cgroup cgroup = {.v1 = true, .path = strdup("/x")};
		auto_fd file = -1;
		char text[64] = "";

		assert_non_null(mkdtemp(dir));
		cgroup.fd = open(dir, O_RDONLY | O_DIRECTORY);
		put(cgroup.fd, names[0], cases[i].before);
		put(cgroup.fd, names[1], "");
		put(cgroup.fd, names[2], "");
		assert_int_equal(cgroup_v1_allow(&cgroup, devices, 2, NULL), 2);
		put(cgroup.fd, names[0], "c 195:0 rw\nc 240:255 rw\n"); /* as it is now */
		cgroup_v1_withdraw(&cgroup, devices, 2);

		file = openat(cgroup.fd, names[2], O_RDONLY);
		assert_true(read(file, text, sizeof(text) - 1) >= 0);
		assert_string_equal(text, cases[i].denied);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			(void)unlinkat(cgroup.fd, names[j], 0);
		cgroup_done(&cgroup);
		(void)rmdir(dir);
	}
}

static void cgroup_v1_without_the_file_is_an_error(void **state)
{
	const dev_t device = makedev(195, 0);
	struct cgroup cgroup = {.v1 = true, .path = (char[]){"/x"}};
	struct err err = {0};

	(void)state;
	cgroup.fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	assert_int_equal(cgroup_v1_allow(&cgroup, &device, 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "devices.allow"));
	(void)close(cgroup.fd);
}

static void cgroup_open_without_a_hierarchy_is_an_error(void **state)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	auto_done(cgroup) struct cgroup cgroup = {.fd = -1};

	(void)state;
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);
	assert_int_equal(cgroup_open(&self, "1 0 0:1 / / rw - ext4 x rw\n", &cgroup, NULL),
			 -ENOENT);
}

/* What /proc/PID/cgroup says on kernels without CONFIG_CGROUP_DEVICE. */
static void cgroup_open_without_devices_in_the_kernel_finds_nothing(void **state)
{
	static const struct {
		const char *text; /* NULL: no such file */
		int expected;
	} cases[] = {
		{"3:pids:/docker/x\n2:cpu,cpuacct:/docker/x\n1:name=systemd:/\n", 0},
		{"", 0},
		{NULL, 0},
		{"3:pids:/docker/x\n2:devices:/docker/x\n", -ENOENT},
		{"1:name=systemd:/\n0::/system.slice/x\n", -ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(ns_process) struct ns_process process = {.proc_fd = -1, .stat_fd = -1};
		auto_done(cgroup) struct cgroup cgroup = {.fd = -1};
		char dir[] = "/tmp/test_cgroup.XXXXXX";

		assert_non_null(mkdtemp(dir));
		process.proc_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cases[i].text != NULL) {
			auto_fd fd = openat(process.proc_fd, "cgroup", O_CREAT | O_WRONLY, 0600);

			assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)),
					 (ssize_t)strlen(cases[i].text));
		}

		assert_int_equal(
			cgroup_open(&process, "1 0 0:1 / / rw - ext4 x rw\n", &cgroup, NULL),
			cases[i].expected);

		(void)unlinkat(process.proc_fd, "cgroup", 0);
		(void)rmdir(dir);
	}
}

/* The mountinfo says where the hierarchy is: here a plain folder that looks like one. */
static void cgroup_open_takes_v1_where_it_is_mounted(void **state)
{
	auto_done(ns_process) struct ns_process self = {.proc_fd = -1};
	auto_done(cgroup) struct cgroup cgroup = {.fd = -1};
	auto_free char *text = NULL;
	auto_free char *mountinfo = NULL;
	char dir[] = "/tmp/test_cgroup.XXXXXX";
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(ns_process_open(getpid(), &self, NULL), 0);
	assert_int_equal(ns_read(&self, "cgroup", CGROUP_MAX_TEXT, &text, &len, NULL), 0);
	mountinfo = str_format("1 0 0:1 / / rw - ext4 x rw\n"
			       "2 1 0:2 / %s rw - cgroup cgroup rw,devices\n",
			       dir);
	if (strstr(text, ":devices:/\n") == NULL) {
		(void)rmdir(dir);
		print_message("skipped: this process is in no v1 devices cgroup '/'\n");
		skip();
	}

	assert_int_equal(cgroup_open(&self, mountinfo, &cgroup, NULL), 1);

	assert_true(cgroup.v1);
	assert_string_equal(cgroup.path, "/");
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroup_below_mount_cuts_the_part_that_is_mounted),
		cmocka_unit_test(cgroup_v1_writes_one_rule_for_each_device),
		cmocka_unit_test(cgroup_v1_withdraws_no_rule_that_was_there),
		cmocka_unit_test(cgroup_v1_without_the_file_is_an_error),
		cmocka_unit_test(cgroup_open_without_a_hierarchy_is_an_error),
		cmocka_unit_test(cgroup_open_without_devices_in_the_kernel_finds_nothing),
		cmocka_unit_test(cgroup_open_takes_v1_where_it_is_mounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
