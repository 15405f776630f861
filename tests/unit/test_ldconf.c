/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldconf.h"

#include <elf.h>
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
#include "base/str.h"
#include "tree.h"

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
		{"include /else/*.conf  ld.so.conf.d/0*.conf\n", NULL, true},
		{"include /*/ld.so.conf.d/*\n", NULL, true},
		{"include /etc/ld.so.conf.d/*.con\n", NULL, false},
		{"include /etc/ld.so.conf.d/.*\n", NULL, false},
		{"hwcap\n", NULL, false},
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

#define CONF(path_, text_)                                                                         \
	{                                                                                          \
		.kind = TREE_FILE, .path = "/etc/" path_, .text = text_                            \
	}

static void check_dirs(const struct tree_entry *entries, const char *expected, bool cut)
{
	auto_done(ldconf) struct ldconf conf = {0};
	struct tree tree;
	auto_fd root = -1;
	char got[1024] = "";

	tree_make(&tree, entries);
	root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);
	for (size_t i = 0; i < conf.dirs.n; i++) {
		size_t len = strlen(got);

		(void)snprintf(got + len, sizeof(got) - len, "%s ", conf.dirs.items[i]);
	}
	tree_remove(&tree);
	assert_string_equal(got, expected);
	assert_int_equal(conf.cut, cut);
}

/* The order is that of ldconfig -v of glibc 2.31, 2.36 and 2.41 with these files. */
static void ldconf_read_follows_includes_in_ldconfigs_order(void **state)
{
	static const struct tree_entry entries[] = {
		CONF("ld.so.conf",
		     "  include   ld.so.conf.d/*.conf   x/y?/[pq].conf /etc/missing/*.conf\n"
		     "/a\nincludex\ninclude\t/etc/one\\*.conf\nhwcap 1 foo\n"),
		CONF("ld.so.conf.d/B.conf", "/b\n"),
		CONF("ld.so.conf.d/a.conf", "/c\n"),
		CONF("ld.so.conf.d/.hid.conf", "/d\n"),
		CONF("ld.so.conf.d/b.conf", "include sub/*\n/e"),
		CONF("ld.so.conf.d/sub/z", "/f\ninclude ../../x/y1/r.conf"),
		CONF("x/y2/p.conf", "/g\n/b\n"),
		CONF("x/y1/q.conf", "/h\n"),
		CONF("x/y1/r.conf", "/i\n"),
		CONF("x/y2/s.conf", "/j\n"),
		CONF("one*.conf", "/k\n"),
		{.kind = TREE_LINK, .path = "/etc/ld.so.conf.d/c.conf", .text = "/etc/x/y2/s.conf"},
		{0},
	};

	(void)state;
	check_dirs(entries, "/b /c /f /i /e /j /h /g /a /k ", false);
}

/* threats: case 44 */
static void ldconf_read_hostile_files_are_bounded(void **state)
{
	static const struct tree_entry all[] = {
		CONF("ld.so.conf", "include /**\n/a\n"), CONF("other", "/never\n"), {0}};
	static const struct tree_entry zero[] = {
		CONF("ld.so.conf", "include /dev/zero /dev/null /etc /link\n/a\n"),
		{.kind = TREE_CHAR, .path = "/dev/zero"},
		{.kind = TREE_FIFO, .path = "/dev/null"},
		{.kind = TREE_LINK, .path = "/link", .text = "/link"},
		{0}};
	static const struct tree_entry loop[] = {
		CONF("ld.so.conf", "/a\ninclude ld.so.conf\n/b\ninclude *.conf /etc/*\n"), {0}};
	static const struct tree_entry outside[] = {
		CONF("ld.so.conf", "include c.conf /../../../etc/hosts\n/a\n"),
		{.kind = TREE_LINK, .path = "/etc/c.conf", .text = "../../../../../../etc/passwd"},
		{.kind = TREE_LINK, .path = "/etc/hosts", .text = "/proc/self/environ"},
		{0}};
	static const struct tree_entry fifo[] = {{.kind = TREE_FIFO, .path = "/etc/ld.so.conf"},
						 {0}};

	(void)state;
	check_dirs(all, "/a ", false);
	check_dirs(zero, "/a ", false);
	check_dirs(loop, "/a /b ", true);
	check_dirs(outside, "/a ", false);
	check_dirs(fifo, "", false);
}

static void ldconf_read_large_files_are_skipped(void **state)
{
	static const struct tree_entry entries[] = {
		CONF("ld.so.conf", "/a\ninclude big.conf\n/b\n"), CONF("big.conf", "/c\n"), {0}};
	auto_done(ldconf) struct ldconf conf = {0};
	struct tree tree;
	auto_fd root = -1;
	char path[PATH_MAX];

	(void)state;
	tree_make(&tree, entries);
	tree_path(&tree, "/etc/big.conf", path);
	assert_int_equal(truncate(path, (off_t)4 << 30), 0);
	root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);
	tree_remove(&tree);
	assert_int_equal(conf.dirs.n, 2);
	assert_true(conf.cut);
}

static void ldconf_read_includes_end_at_their_limits(void **state)
{
	static const struct {
		const char *first;
		unsigned files;
		bool chain; /* each file includes the next */
		size_t dirs;
		bool cut;
	} cases[] = {
		{"include d/*\n", LDCONF_MAX_FILES - 1, false, LDCONF_MAX_FILES - 1, false},
		{"include d/*\n", LDCONF_MAX_FILES + 9, false, LDCONF_MAX_FILES - 1, true},
		{"include d/00\n", LDCONF_MAX_DEPTH, true, LDCONF_MAX_DEPTH, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(ldconf) struct ldconf conf = {0};
		struct tree tree;
		auto_fd root = -1;

		tree_make(&tree, NULL);
		tree_write(&tree, "/etc/ld.so.conf", cases[i].first, strlen(cases[i].first), 0644);
		for (unsigned k = 0; k < cases[i].files; k++) {
			char path[64];
			char text[64];

			(void)snprintf(path, sizeof(path), "/etc/d/%02u", k);
			(void)snprintf(text, sizeof(text), "/dir%u\n", k);
			if (cases[i].chain)
				(void)snprintf(text, sizeof(text), "/dir%u\ninclude %02u\n", k,
					       k + 1);
			tree_write(&tree, path, text, strlen(text), 0644);
		}
		root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);
		tree_remove(&tree);
		assert_int_equal(conf.dirs.n, cases[i].dirs);
		assert_int_equal(conf.cut, cases[i].cut);
	}
}

static void ldconf_parse_many_lines_end_at_the_limit(void **state)
{
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(strbuf) struct strbuf text = {0};

	(void)state;
	for (unsigned i = 0; i < 2 * LDCONF_MAX_DIRS; i++)
		strbuf_addf(&text, "/%u\n", i);
	assert_int_equal(ldconf_parse(&conf, text.data, text.len, NULL), 0);
	assert_int_equal(conf.dirs.n, LDCONF_MAX_DIRS);
	assert_true(conf.cut);
}

static void ldconf_system_dirs_are_debians_or_glibcs(void **state)
{
	static const struct {
		const char *dir; /* the one that tells */
		uint16_t machine;
		const char *expected;
	} cases[] = {
		{"/usr/lib/x86_64-linux-gnu", EM_X86_64,
		 "/usr/lib/x86_64-linux-gnu /lib /usr/lib "},
		{"/lib/aarch64-linux-gnu", 0, "/lib/aarch64-linux-gnu /lib /usr/lib "},
		{"/lib/arm-linux-gnueabi", EM_ARM, "/lib/arm-linux-gnueabi /lib /usr/lib "},
		{"/lib64", EM_X86_64, "/lib /lib64 /libx32 /usr/lib /usr/lib64 /usr/libx32 "},
		{"/lib/i386-linux-gnu", EM_AARCH64,
		 "/lib /lib64 /libx32 /usr/lib /usr/lib64 /usr/libx32 "},
		{"/lib", EM_386, "/lib /usr/lib "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tree_entry entries[] = {{.kind = TREE_DIR, .path = cases[i].dir}, {0}};
		auto_done(strv) struct strv dirs = {0};
		auto_fd root = -1;
		struct tree tree;
		char got[256] = "";

		tree_make(&tree, entries);
		root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(ldconf_system_dirs(root, cases[i].machine, &dirs, NULL), 0);
		tree_remove(&tree);
		for (size_t k = 0; k < dirs.n; k++) {
			size_t len = strlen(got);

			(void)snprintf(got + len, sizeof(got) - len, "%s ", dirs.items[k]);
		}
		assert_string_equal(got, cases[i].expected);
	}
}

static void ldconf_covers_follows_what_the_rootfs_is(void **state)
{
	static const struct tree_entry entries[] = {
		{.kind = TREE_DIR, .path = "/usr/lib/aarch64-linux-gnu"}, {0}};
	auto_done(ldconf) struct ldconf conf = {0};
	auto_fd root = -1;
	struct tree tree;

	(void)state;
	tree_make(&tree, entries);
	root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);
	tree_remove(&tree);

	assert_true(ldconf_covers(&conf, "/usr/lib/aarch64-linux-gnu"));
	assert_true(ldconf_covers(&conf, "/usr/lib"));
	assert_false(ldconf_covers(&conf, "/usr/lib64"));
	assert_false(ldconf_covers(&conf, "/usr/lib/aarch64-linux-gnu/tegra"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldconf_line_gives_its_directory),
		cmocka_unit_test(ldconf_default_directories_are_covered),
		cmocka_unit_test(ldconf_read_takes_only_conf_files_of_an_included_folder),
		cmocka_unit_test(ldconf_of_an_empty_image_names_nothing),
		cmocka_unit_test(ldconf_read_follows_includes_in_ldconfigs_order),
		cmocka_unit_test(ldconf_read_hostile_files_are_bounded),
		cmocka_unit_test(ldconf_read_large_files_are_skipped),
		cmocka_unit_test(ldconf_read_includes_end_at_their_limits),
		cmocka_unit_test(ldconf_parse_many_lines_end_at_the_limit),
		cmocka_unit_test(ldconf_system_dirs_are_debians_or_glibcs),
		cmocka_unit_test(ldconf_covers_follows_what_the_rootfs_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
