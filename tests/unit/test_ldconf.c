/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldconf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

static void ldconf_line_gives_its_directory(void **state)
{
	static const struct {
		const char *text, *dir; /* dir NULL: none is named */
		bool includes;
	} cases[] = {
		{"/opt/lib\n", "/opt/lib", false},
		{"/opt/lib", "/opt/lib", false},
		{"  /opt//lib/  # comment\r\n", "/opt/lib", false},
		{"\t/opt/lib=libc6\n", "/opt/lib", false},
		{"# /opt/lib\n", NULL, false},
		{"relative\n", NULL, false},
		{"hwcap 0 nosegneg\n", NULL, false},
		{"include /etc/ld.so.conf.d/*.conf\n", NULL, true},
		{"include\tld.so.conf.d/*.conf\n", NULL, true},
		{"include /elsewhere/*.conf\n", NULL, false},
		{"include\n", NULL, false},
		{"", NULL, false},
		{"\n\n\n", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(ldconf) struct ldconf conf = {0};

		assert_int_equal(ldconf_parse(&conf, cases[i].text, strlen(cases[i].text), NULL),
				 0);
		assert_int_equal(conf.dirs.n, cases[i].dir == NULL ? 0 : 1);
		if (cases[i].dir != NULL)
			assert_string_equal(conf.dirs.items[0], cases[i].dir);
		assert_int_equal(conf.includes_dir, cases[i].includes);
	}
}

static void ldconf_default_directories_are_covered(void **state)
{
	auto_done(ldconf) struct ldconf conf = {0};

	(void)state;
	assert_true(ldconf_covers(&conf, "/usr/lib"));
	assert_false(ldconf_covers(&conf, "/usr/lib/tegra"));
	assert_int_equal(ldconf_parse(&conf, "/usr/lib/tegra\n", 15, NULL), 0);
	assert_true(ldconf_covers(&conf, "/usr/lib/tegra"));
}

static void put(int dir, const char *name, const char *text)
{
	auto_fd fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void ldconf_read_takes_only_conf_files_of_an_included_folder(void **state)
{
	char dir[] = "/tmp/test_ldconf.XXXXXX";
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(ldconf) struct ldconf without = {0};
	auto_fd root = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	assert_int_equal(mkdirat(root, "etc/ld.so.conf.d", 0755), 0);
	put(root, "etc/ld.so.conf.d/a.conf", "/opt/a\n");
	put(root, "etc/ld.so.conf.d/b.txt", "/opt/b\n");
	assert_int_equal(mkfifoat(root, "etc/ld.so.conf.d/c.conf", 0644), 0);
	assert_int_equal(symlinkat("/dev/zero", root, "etc/ld.so.conf.d/d.conf"), 0);
	put(root, "etc/ld.so.conf", "/opt/top\n");
	assert_int_equal(ldconf_read(root, 0, &without, NULL), 0);
	put(root, "etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);

	assert_true(ldconf_covers(&without, "/opt/top"));
	assert_false(ldconf_covers(&without, "/opt/a"));
	assert_true(ldconf_covers(&conf, "/opt/a"));
	assert_int_equal(conf.dirs.n, 1);
	(void)unlinkat(root, "etc/ld.so.conf.d/a.conf", 0);
	(void)unlinkat(root, "etc/ld.so.conf.d/b.txt", 0);
	(void)unlinkat(root, "etc/ld.so.conf.d/c.conf", 0);
	(void)unlinkat(root, "etc/ld.so.conf.d/d.conf", 0);
	(void)unlinkat(root, "etc/ld.so.conf.d", AT_REMOVEDIR);
	(void)unlinkat(root, "etc/ld.so.conf", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)rmdir(dir);
}

static void ldconf_of_an_empty_image_names_nothing(void **state)
{
	char dir[] = "/tmp/test_ldconf.XXXXXX";
	auto_done(ldconf) struct ldconf conf = {0};
	auto_fd root = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);

	assert_int_equal(conf.dirs.n, 0);
	assert_false(conf.includes_dir);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldconf_line_gives_its_directory),
		cmocka_unit_test(ldconf_default_directories_are_covered),
		cmocka_unit_test(ldconf_read_takes_only_conf_files_of_an_included_folder),
		cmocka_unit_test(ldconf_of_an_empty_image_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
