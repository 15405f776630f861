/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldscan.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abinote.h"
#include "base/auto.h"
#include "base/str.h"
#include "format/ldflags.h"
#include "sys/io.h"
#include "sys/rootfs.h"
#include "treelib.h"

struct world {
	struct tree tree;
	int root;
	struct log log;
	unsigned lines; /* of the log */
	struct ldcache cache;
	struct ldscan scan;
};

static void count_line(void *arg, enum log_level level, const char *module, const char *text)
{
	struct world *world = arg;

	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_string_equal(module, "ldscan");
	assert_null(strchr(text, '\n'));
	world->lines++;
}

static void world_make(struct world *world, const struct tree_entry *entries)
{
	memset(world, 0, sizeof(*world));
	tree_make(&world->tree, entries);
	world->root = open(world->tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(world->root >= 0);
	world->log = (struct log){.level = LOG_LEVEL_INFO, .emit = count_line, .arg = world};
	world->scan = (struct ldscan){.rootfd = world->root,
				      .log = &world->log,
				      .machine = EM_AARCH64,
				      .cache = &world->cache};
}

static void world_done(struct world *world)
{
	ldcache_done(&world->cache);
	ldscan_done(&world->scan);
	(void)close(world->root);
	tree_remove(&world->tree);
}

static void add_lib(struct world *world, const char *path, const char *soname)
{
	treelib_write(&world->tree, path, soname);
}

static void check_scan(struct world *world, const char *entries, const char *links)
{
	auto_done(strbuf) struct strbuf got = {0};
	auto_done(strbuf) struct strbuf made = {0};

	strbuf_adds(&got, "");
	strbuf_adds(&made, "");
	vec_each(entry, &world->cache.entries)
	{
		strbuf_addf(&got, "%s=%s", entry->key, entry->value);
		if (entry->hwcaps != NULL)
			strbuf_addf(&got, "(%s)", entry->hwcaps);
		if (entry->hwcap != 0)
			strbuf_addf(&got, "(%llx)", (unsigned long long)entry->hwcap);
		strbuf_adds(&got, "\n");
		assert_int_equal(entry->flags, LDCACHE_ELF_LIBC6 | LDCACHE_AARCH64_LIB64);
	}
	vec_each(link, &world->scan.links) strbuf_addf(&made, "%s -> %s\n", link->path, link->text);
	assert_string_equal(got.data == NULL ? "" : got.data, entries);
	assert_string_equal(made.data == NULL ? "" : made.data, links);
}

static void scan_all(struct world *world)
{
	const struct strv none = {0};
	struct err err = {0};

	if (ldscan_all(&world->scan, &none, &err) < 0)
		fail_msg("%s", err.msg);
}

static void ldscan_all_reads_first_named_and_system_directories(void **state)
{
	static const struct tree_entry entries[] = {
		{.kind = TREE_FILE, .path = "/etc/ld.so.conf", .text = "/opt/x\n/real\n/opt/no\n"},
		{.kind = TREE_LINK, .path = "/lib", .text = "usr/lib"},
		{.kind = TREE_LINK, .path = "/opt/x", .text = "../real"},
		{0}};
	auto_done(strv) struct strv first = {0};
	struct world world;

	(void)state;
	world_make(&world, entries);
	add_lib(&world, "/usr/lib/libc.so.6", "libc.so.6");
	add_lib(&world, "/usr/lib/aarch64-linux-gnu/libm.so.6", "libm.so.6");
	add_lib(&world, "/real/libr.so.1", "libr.so.1");
	add_lib(&world, "/first/libf.so.1", "libf.so.1");
	assert_int_equal(strv_add(&first, "/first"), 0);
	assert_int_equal(ldscan_all(&world.scan, &first, NULL), 0);

	/* of two paths to one directory the one that is named first, as ldconfig has it */
	check_scan(&world,
		   "libf.so.1=/first/libf.so.1\nlibr.so.1=/opt/x/libr.so.1\n"
		   "libm.so.6=/lib/aarch64-linux-gnu/libm.so.6\nlibc.so.6=/lib/libc.so.6\n",
		   "");
	assert_int_equal(world.lines, 0);
	world_done(&world);
}

static void ldscan_dir_adds_each_directory_once(void **state)
{
	struct world world;

	(void)state;
	world_make(&world, NULL);
	add_lib(&world, "/d/libx.so.1", "libx.so.1");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
		assert_int_equal(ldscan_dir(&world.scan, "/d//", NULL), 0);
		assert_int_equal(ldscan_dir(&world.scan, "/missing", NULL), 0);
	}
	check_scan(&world, "libx.so.1=/d/libx.so.1\n", "");
	world_done(&world);
}

/* A smaller cache without a word would be the worst of all. */
static void ldscan_dir_that_cannot_be_looked_at_is_an_error(void **state)
{
	struct world world;
	struct rlimit limit;
	struct rlimit none;
	struct err err = {0};
	int r;

	(void)state;
	world_make(&world, NULL);
	add_lib(&world, "/d/libx.so.1", "libx.so.1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int room = 0;; room++) {
		int next = open("/", O_PATH | O_CLOEXEC);

		(void)close(next);
		none = (struct rlimit){.rlim_cur = (rlim_t)(next + room),
				       .rlim_max = limit.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		err = (struct err){0};
		r = ldscan_dir(&world.scan, "/d", &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		if (r == 0) {
			assert_true(room >= 2); /* at least the directory and a file in it */
			break;
		}
		assert_int_equal(r, -EMFILE);
		assert_non_null(strstr(err.msg, "'/d"));
		ldscan_done(&world.scan);
		world.scan = (struct ldscan){.rootfd = world.root,
					     .log = &world.log,
					     .machine = EM_AARCH64,
					     .cache = &world.cache};
	}
	check_scan(&world, "libx.so.1=/d/libx.so.1\n", "");
	world_done(&world);
}

static void ldscan_dir_notes_links_that_are_not_there(void **state)
{
	static const struct tree_entry entries[] = {
		{.kind = TREE_LINK, .path = "/b/libx.so.1", .text = "gone"},
		{.kind = TREE_LINK, .path = "/c/libx.so.1", .text = "libx.so.1.0"},
		{.kind = TREE_LINK, .path = "/c/libx.so", .text = "libx.so.1"},
		{.kind = TREE_LINK, .path = "/e/libx.so.1", .text = "/else/x"},
		{0}};
	static const char *const dirs[] = {"/a", "/b", "/c", "/e"};
	struct world world;

	(void)state;
	world_make(&world, entries);
	add_lib(&world, "/a/libx.so.1.0", "libx.so.1");
	add_lib(&world, "/b/libx.so.1.0", "libx.so.1");
	add_lib(&world, "/c/libx.so.1.0", "libx.so.1");
	add_lib(&world, "/else/x", "libx.so.1");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ldscan_dir(&world.scan, dirs[i], NULL), 0);
	check_scan(&world, "libx.so.1=/a/libx.so.1\nlibx.so.1=/b/libx.so.1\n",
		   "/a/libx.so.1 -> libx.so.1.0\n/b/libx.so.1 -> libx.so.1.0\n");
	/* what is there is taken: a link for ld(1) is an entry of its own */
	assert_int_equal(ldscan_dir(&world.scan, dirs[2], NULL), 0);
	assert_int_equal(world.cache.entries.n, 4);
	assert_int_equal(ldscan_dir(&world.scan, dirs[3], NULL), 0);
	assert_string_equal(world.cache.entries.items[4].value, "/e/libx.so.1");
	assert_int_equal(world.scan.links.n, 2);
	world_done(&world);
}

static void patch(const char *path, off_t offset, uint16_t value)
{
	auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &value, sizeof(value), offset), sizeof(value));
}

/* threats: case 45 */
static void ldscan_dir_hostile_files_are_passed_over(void **state)
{
	static const struct tree_entry entries[] = {
		{.kind = TREE_FIFO, .path = "/d/libfifo.so.1"},
		{.kind = TREE_CHAR, .path = "/d/libnull.so.1"},
		{.kind = TREE_DIR, .path = "/d/libdir.so.1"},
		{.kind = TREE_FILE, .path = "/d/libempty.so.1"},
		{.kind = TREE_FILE, .path = "/d/libtext.so", .text = "INPUT(libx.so.1)"},
		{.kind = TREE_LINK, .path = "/d/libloop.so.1", .text = "libloop.so.1"},
		{.kind = TREE_LINK, .path = "/d/libtodir.so.1", .text = "libdir.so.1"},
		{.kind = TREE_LINK, .path = "/d/libtofifo.so.1", .text = "/d/libfifo.so.1"},
		{.kind = TREE_LINK, .path = "/d/libgone.so.1", .text = "../../../gone"},
		{.kind = TREE_LINK, .path = "/d/glibc-hwcaps", .text = "glibc-hwcaps"},
		{.kind = TREE_LINK, .path = "/d/tls", .text = "."},
		{0}};
	struct world world;
	struct tree host;
	char path[PATH_MAX];
	char link_path[PATH_MAX];

	(void)state;
	world_make(&world, entries);
	tree_make(&host, NULL);
	treelib_write(&host, "/libhost.so.1", "libhost.so.1");
	tree_path(&host, "/libhost.so.1", path);
	tree_path(&world.tree, "/d/libhost.so.1", link_path);
	assert_int_equal(symlink(path, link_path), 0);
	add_lib(&world, "/d/libcut.so.1", "libcut.so.1");
	tree_path(&world.tree, "/d/libcut.so.1", path);
	assert_int_equal(truncate(path, 300), 0);
	add_lib(&world, "/d/libexec.so.1", "libexec.so.1");
	tree_path(&world.tree, "/d/libexec.so.1", path);
	patch(path, offsetof(Elf64_Ehdr, e_type), ET_EXEC);
	add_lib(&world, "/d/libslash.so.1", "../../etc/passwd");
	add_lib(&world, "/d/libdots.so.1", "..");
	treelib_write_for(&world.tree, "/d/libforeign.so.1", "libforeign.so.1", EM_X86_64);
	add_lib(&world, "/d/libgood.so.1", NULL);
	add_lib(&world, "/d/notalib", "libnot.so.1");
	world.scan.glibc = 231;
	assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
	check_scan(&world, "libgood.so.1=/d/libgood.so.1\n", "");
	assert_int_equal(world.lines, 0);
	tree_remove(&host);
	world_done(&world);
}

/* Without openat2(2), as before Linux 5.6. */
static void ldscan_dir_hostile_files_are_passed_over_by_walking(void **state)
{
	rootfs_force_walk(true);
	ldscan_dir_hostile_files_are_passed_over(state);
	ldscan_dir_notes_links_that_are_not_there(state);
	rootfs_force_walk(false);
}

static void ldscan_dir_hardware_directories_are_those_of_the_version(void **state)
{
	static const struct {
		unsigned glibc;
		const char *entries;
	} cases[] = {
		{231, "liby.so=/d/liby.so\nliby.so=/d/atomics/liby.so(100)\n"},
		{236, "liby.so=/d/liby.so\nlibz.so.1=/d/glibc-hwcaps/v9/libz.so.1.5(v9)\n"
		      "liby.so=/d/atomics/liby.so(100)\n"},
		{241, "liby.so=/d/liby.so\nlibz.so.1=/d/glibc-hwcaps/v9/libz.so.1.5(v9)\n"},
		{0, "liby.so=/d/liby.so\nlibz.so.1=/d/glibc-hwcaps/v9/libz.so.1.5(v9)\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		world_make(&world, NULL);
		add_lib(&world, "/d/liby.so", NULL);
		add_lib(&world, "/d/haswell/liby.so", NULL);
		add_lib(&world, "/d/atomics/liby.so", NULL);
		add_lib(&world, "/d/glibc-hwcaps/v9/libz.so.1.5", "libz.so.1");
		add_lib(&world, "/d/glibc-hwcaps/v9/atomics/libz.so.1.5", "libz.so.1");
		add_lib(&world, "/d/glibc-hwcaps/.v8/libz.so.1.5", "libz.so.1");
		add_lib(&world, "/d/glibc-hwcaps/v7:/libz.so.1.5", "libz.so.1");
		world.scan.glibc = cases[i].glibc;
		assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
		check_scan(&world, cases[i].entries, "");
		world_done(&world);
	}
}

/* Sums as ldconfig of 2.31 wrote them. */
static void ldscan_dir_nested_hardware_directories_add_up(void **state)
{
	struct world world;

	(void)state;
	world_make(&world, NULL);
	add_lib(&world, "/d/tls/atomics/tls/liby.so", NULL);
	world.scan.glibc = 231;
	assert_int_equal(ldscan_dir(&world.scan, "/d/tls/atomics", NULL), 0);
	assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
	check_scan(&world, "liby.so=/d/tls/atomics/tls/liby.so(100)\n", "");
	world_done(&world);
}

static void ldscan_dir_os_version_is_noted_where_that_ldconfig_does(void **state)
{
	const unsigned versions[] = {231, 235, 236, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct world world;
		auto_free char *data = NULL;
		size_t len;

		/* this program has a note of what it was linked for, and ET_DYN */
		assert_int_equal(
			io_read_at(AT_FDCWD, "/proc/self/exe", 1u << 28, &data, &len, NULL), 0);
		world_make(&world, NULL);
		tree_write(&world.tree, "/d/libself.so.1", data, len, 0644);
		world.scan.machine = 0;
		world.scan.glibc = versions[i];
		assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
		assert_int_equal(world.cache.entries.n, 1);
		assert_int_equal(world.cache.entries.items[0].osversion != 0, i < 2);
		world_done(&world);
	}
}

static void ldscan_dir_a_limit_stops_with_one_line(void **state)
{
	struct world world;

	(void)state;
	for (int i = 0; i < 4; i++) {
		world_make(&world, NULL);
		add_lib(&world, "/a/libx.so.1", "libx.so.1");
		add_lib(&world, "/b/libx.so.1", "libx.so.1");
		assert_int_equal(ldscan_dir(&world.scan, "/a", NULL), 0);
		if (i == 1)
			world.scan.files = LDSCAN_MAX_FILES;
		if (i == 2)
			world.scan.patience.over = true;
		assert_in_range(world.scan.bytes, 1, 1000);
		if (i == 3)
			world.scan.bytes = LDSCAN_MAX_BYTES;
		assert_int_equal(ldscan_dir(&world.scan, "/b", NULL), 0);
		assert_int_equal(ldscan_dir(&world.scan, "/c", NULL), 0);
		assert_int_equal(ldscan_dir(&world.scan, "/b", NULL), 0);
		scan_all(&world);
		/* what was found stays */
		assert_int_equal(world.cache.entries.n, i == 0 ? 2 : 1);
		assert_int_equal(world.scan.stopped, i != 0);
		assert_int_equal(world.lines, i != 0);
		world_done(&world);
	}
}

static void ldscan_dir_many_names_are_all_read(void **state)
{
	enum { NAMES = 20000 };
	struct world world;
	char path[PATH_MAX];
	char name[64];
	auto_fd dir = -1;

	(void)state;
	world_make(&world, NULL);
	add_lib(&world, "/d/file", NULL);
	tree_path(&world.tree, "/d", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < NAMES; i++) {
		(void)snprintf(name, sizeof(name), "lib%05d.so", i);
		assert_int_equal(linkat(dir, "file", dir, name, 0), 0);
	}
	world.scan.patience.end = UINT64_MAX; /* however busy the machine is */
	assert_int_equal(ldscan_dir(&world.scan, "/d", NULL), 0);
	assert_false(world.scan.stopped);
	assert_int_equal(world.cache.entries.n, NAMES);
	world_done(&world);
}

static void ldscan_glibc_is_known_by_link_or_by_what_it_says(void **state)
{
	static const struct {
		const char *dir, *target; /* of the link; NULL = a file */
		const char *text;
		uint16_t machine;
		unsigned version;
	} cases[] = {
		{"/lib/aarch64-linux-gnu", "libc-2.31.so", "", EM_AARCH64, 231},
		{"/lib64", "libc-2.9.so", "", EM_AARCH64, 209},
		{"/lib", NULL, "stable release version 2.36.\n", EM_AARCH64, 236},
		{"/usr/lib/aarch64-linux-gnu", NULL, "release version 2.41", 0, 241},
		{"/lib", "libother.so", "release version 2.40.9000", EM_AARCH64, 240},
		{"/lib", NULL, "stable release version 2.361.\n", EM_AARCH64, 0},
		{"/lib", NULL, "stable release version 3.1.\n", EM_AARCH64, 0},
		{"/lib", NULL, "", EM_AARCH64, 0},
		{"/lib", NULL, "stable release version 2.36.\n", EM_X86_64, 0},
		{"/opt", NULL, "stable release version 2.36.\n", EM_AARCH64, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		char path[128];
		char full[PATH_MAX];
		FILE *file;
		unsigned version;

		world_make(&world, NULL);
		(void)snprintf(path, sizeof(path), "%s/%s", cases[i].dir,
			       cases[i].target == NULL ? "libc.so.6" : cases[i].target);
		add_lib(&world, path, "libc.so.6");
		tree_path(&world.tree, path, full);
		file = fopen(full, "ae");
		assert_non_null(file);
		assert_true(fputs(cases[i].text, file) >= 0);
		assert_int_equal(fclose(file), 0);
		if (cases[i].target != NULL) {
			(void)snprintf(path, sizeof(path), "%s/libc.so.6", cases[i].dir);
			tree_path(&world.tree, path, full);
			assert_int_equal(symlink(cases[i].target, full), 0);
		}
		version = ldscan_glibc(world.root, cases[i].machine);
		if (version != cases[i].version)
			fail_msg("%zu: %u", i, version);
		world_done(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ldscan_all_reads_first_named_and_system_directories),
		cmocka_unit_test(ldscan_dir_adds_each_directory_once),
		cmocka_unit_test(ldscan_dir_notes_links_that_are_not_there),
		cmocka_unit_test(ldscan_dir_hostile_files_are_passed_over),
		cmocka_unit_test(ldscan_dir_hostile_files_are_passed_over_by_walking),
		cmocka_unit_test(ldscan_dir_hardware_directories_are_those_of_the_version),
		cmocka_unit_test(ldscan_dir_nested_hardware_directories_add_up),
		cmocka_unit_test(ldscan_dir_os_version_is_noted_where_that_ldconfig_does),
		cmocka_unit_test(ldscan_dir_that_cannot_be_looked_at_is_an_error),
		cmocka_unit_test(ldscan_dir_a_limit_stops_with_one_line),
		cmocka_unit_test(ldscan_dir_many_names_are_all_read),
		cmocka_unit_test(ldscan_glibc_is_known_by_link_or_by_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
