/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

#define K    "kept 0 added 0 0 0 0 0 0 0 /"
#define HEAD "nvc-record 1\nid c1\nrootfs /r\n"

static void record_format_then_parse_gives_the_same(void **state)
{
	struct record_item items[] = {
		{.kind = RECORD_DIR, .ino = 11, .path = (char[]){"/opt/with blank"}},
		{.kind = RECORD_FILE, .ino = 12, .path = (char[]){"/opt/new\nline%"}},
		{.kind = RECORD_LINK,
		 .ino = 13,
		 .path = (char[]){"/opt/l"},
		 .text = (char[]){"../a b"}},
		{.kind = RECORD_CONF, .ino = 14, .path = (char[]){"/etc/ld.so.conf.d/x"}},
	};
	char *added[] = {(char[]){"/opt/a b.so.1"}, (char[]){"/opt/c:d"}, NULL};
	struct record_kept kept[] = {
		{.path = (char[]){"/etc/ld.so.cache"},
		 .slot = 3,
		 .state = RECORD_REPLACED,
		 .mode = 0644,
		 .uid = 100000,
		 .gid = 100001,
		 .mtime = -5,
		 .mtime_nsec = 999999999,
		 .our_ino = UINT64_MAX,
		 .our_size = 3,
		 .added = {.items = added, .n = 2}},
		{.path = (char[]){"/etc/ld.so conf"}, .state = RECORD_ADDED},
	};
	struct record record = {
		.id = (char[]){"c1"},
		.bundle = (char[]){"/run/b"},
		.rootfs = (char[]){"/var/lib/\xc3\xa4/merged"},
		.folder = {.dev = UINT64_MAX, .ino = 1},
		.items = {.items = items, .n = 4},
		.since = {.tv_sec = 1000, .tv_nsec = 999999999},
		.kept = {.items = kept, .n = 2},
	};
	auto_done(record) struct record read = {0};
	auto_free char *text = record_format(&record);

	assert_int_equal(record_parse(text, strlen(text), &read, NULL), 0);

	(void)state;
	assert_string_equal(read.id, record.id);
	assert_string_equal(read.bundle, record.bundle);
	assert_string_equal(read.rootfs, record.rootfs);
	assert_true(read.folder.dev == UINT64_MAX && read.folder.ino == 1);
	assert_int_equal(read.items.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(read.items.items[i].kind, items[i].kind);
		assert_int_equal(read.items.items[i].ino, items[i].ino);
		assert_string_equal(read.items.items[i].path, items[i].path);
	}
	assert_string_equal(read.items.items[2].text, "../a b");
	assert_int_equal(read.since.tv_sec, 1000);
	assert_int_equal(read.since.tv_nsec, 999999999);
	assert_int_equal(read.kept.n, 2);
	assert_string_equal(read.kept.items[0].path, "/etc/ld.so.cache");
	assert_int_equal(read.kept.items[0].slot, 3);
	assert_int_equal(read.kept.items[0].state, RECORD_REPLACED);
	assert_int_equal(read.kept.items[0].mode, 0644);
	assert_int_equal(read.kept.items[0].uid, 100000);
	assert_int_equal(read.kept.items[0].gid, 100001);
	assert_true(read.kept.items[0].mtime == -5);
	assert_int_equal(read.kept.items[0].mtime_nsec, 999999999);
	assert_true(read.kept.items[0].our_ino == UINT64_MAX);
	assert_int_equal(read.kept.items[0].our_size, 3);
	assert_int_equal(read.kept.items[0].added.n, 2);
	assert_string_equal(read.kept.items[0].added.items[0], "/opt/a b.so.1");
	assert_string_equal(read.kept.items[0].added.items[1], "/opt/c:d");
	assert_string_equal(read.kept.items[1].path, "/etc/ld.so conf");
	assert_int_equal(read.kept.items[1].state, RECORD_ADDED);
	assert_int_equal(read.kept.items[1].added.n, 0);
}

static void record_of_an_older_hook_keeps_its_cache(void **state)
{
	static const char text[] = HEAD "cache replaced 420 1 2 3 4 5 6\n";
	auto_done(record) struct record read = {0};

	assert_int_equal(record_parse(text, strlen(text), &read, NULL), 0);

	(void)state;
	assert_int_equal(read.kept.n, 1);
	assert_string_equal(read.kept.items[0].path, "/etc/ld.so.cache");
	assert_int_equal(read.kept.items[0].slot, 0);
	assert_int_equal(read.kept.items[0].mode, 0644);
	assert_int_equal(read.kept.items[0].our_size, 6);
}

static void record_parse_of_foreign_text_is_an_error_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
		{"nvc-record 2\nid c1\nrootfs /r\n", 1},
		{"{\"id\": 1}\n", 1},
		{HEAD "file 1 relative\n", 4},
		{HEAD "file 1 /a/../b\n", 4},
		{HEAD "file 1 /\n", 4},
		{HEAD "file 1 /a b\n", 4},
		{HEAD "file x /a\n", 4},
		{HEAD "file -1 /a\n", 4},
		{HEAD "file 18446744073709551616 /a\n", 4},
		{HEAD "file 1 /a%00\n", 4},
		{HEAD "file 1 /a%zz\n", 4},
		{HEAD "file 1 /a%\n", 4},
		{HEAD "link 1 /a\n", 4},
		{HEAD "link 1 /a \n", 4},
		{HEAD "node 1 /a\n", 4},
		{HEAD "\n", 4},
		{HEAD "id c2\n", 4},
		{HEAD "cache added 0 0 0 0 1000000000 0 0\n", 4},
		{HEAD "cache other 0 0 0 0 0 0 0\n", 4},
		{HEAD "cache added 0 4294967296 0 0 0 0 0\n", 4},
		{HEAD "cache added 4096 0 0 0 0 0 0\n", 4},
		{HEAD "cache added 0 0 0 0 0 0\n", 4},
		{HEAD "kept 0 other 0 0 0 0 0 0 0 /a\n", 4},
		{HEAD "kept 4 added 0 0 0 0 0 0 0 /a\n", 4},
		{HEAD "kept 0 added 0 0 0 0 0 0 0 a\n", 4},
		{HEAD "kept 0 added 0 0 0 0 0 0 0\n", 4},
		{HEAD "kept 0 added 0 0 0 0 0 0 0 /a b\n", 4},
		{HEAD "kept 0 added 0 0 0 0 0 0 0 /a\nadded\n", 5},
		{HEAD "added x\n", 4},
		{HEAD "folder 1 0\n", 4},
		{HEAD "folder 1\n", 4},
		{HEAD "folder 1 1\nfolder 1 1\n", 5},
		{HEAD "since 0 0\n", 4},
		{HEAD "since 1 1000000000\n", 4},
		{HEAD "since 1 1\nsince 1 1\n", 5},
		{HEAD K "a\n" K "b\n" K "c\n" K "d\n" K "e\n", 8},
		{"nvc-record 1\nid c1\n", 0},
		{"nvc-record 1\nrootfs /r\n", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record read = {0};
		struct err err = {0};

		assert_int_equal(record_parse(cases[i].text, strlen(cases[i].text), &read, &err),
				 -EINVAL);
		assert_int_equal(err.line, cases[i].line);
		assert_null(read.id);
	}
}

static void record_last_line_that_is_cut_is_ignored(void **state)
{
	static const char text[] = HEAD "file 0 /a\nfile 0 /b";
	auto_done(record) struct record read = {0};

	assert_int_equal(record_parse(text, strlen(text), &read, NULL), 0);

	(void)state;
	assert_int_equal(read.items.n, 1);
}

struct store {
	char dir[64];
	int fd;
};

static int store_setup(void **state)
{
	static struct store store;

	(void)snprintf(store.dir, sizeof(store.dir), "/tmp/test_record.XXXXXX");
	if (mkdtemp(store.dir) == NULL)
		return -1;
	store.fd = record_open_dir(store.dir, NULL, NULL);
	*state = &store;
	return store.fd < 0 ? -1 : 0;
}

static int store_teardown(void **state)
{
	struct store *store = *state;

	(void)record_delete(store->fd, "c1", NULL);
	(void)close(store->fd);
	return rmdir(store->dir);
}

static void record_journal_lines_are_read_with_the_record(void **state)
{
	struct store *store = *state;
	struct record record = {.id = (char[]){"c1"}, .rootfs = (char[]){"/r"}};
	struct record_item item = {.kind = RECORD_FILE, .path = (char[]){"/a"}};
	char *added[] = {(char[]){"/opt/a"}, NULL};
	struct record_kept kept = {
		.path = (char[]){"/etc/b"}, .slot = 1, .added = {.items = added, .n = 1}};
	auto_done(record) struct record read = {0};
	auto_fd journal = -1;

	assert_int_equal(record_write(store->fd, &record, NULL), 0);
	journal = record_open_journal(store->fd, "c1", NULL);
	assert_int_equal(record_note_item(journal, &item, NULL), 0);
	assert_int_equal(record_note_kept(journal, &kept, true, NULL), 0);
	kept.our_ino = 7;
	assert_int_equal(record_note_kept(journal, &kept, false, NULL), 0);

	assert_int_equal(record_read(store->fd, "c1", &read, NULL), 1);
	assert_int_equal(read.items.n, 1);
	assert_int_equal(read.items.items[0].ino, 0);
	assert_int_equal(read.kept.n, 1);
	assert_int_equal(read.kept.items[0].our_ino, 7);
	assert_int_equal(read.kept.items[0].added.n, 1);
	assert_string_equal(read.kept.items[0].added.items[0], "/opt/a");
	assert_int_not_equal(read.since.tv_sec, 0);
}

static void record_saved_files_go_with_it(void **state)
{
	struct store *store = *state;
	auto_free char *data = NULL;
	size_t len = 0;

	for (unsigned i = 0; i < RECORD_MAX_KEPT; i++)
		assert_int_equal(record_save_kept(store->fd, "c1", i, "a\0b", 3, NULL), 0);
	assert_int_equal(record_save_kept(store->fd, "c1", RECORD_MAX_KEPT, "", 0, NULL), -E2BIG);
	assert_int_equal(record_read_kept(store->fd, "c1", 3, &data, &len, NULL), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "a\0b", 3);
	assert_int_equal(record_delete(store->fd, "c1", NULL), 0);

	assert_int_equal(record_read_kept(store->fd, "c1", 3, &data, &len, NULL), -ENOENT);
	/* the teardown's rmdir() finds what else is left */
}

static void record_bytes_of_an_older_hook_are_found(void **state)
{
	struct store *store = *state;
	auto_free char *data = NULL;
	auto_fd fd = openat(store->fd, "c1.cache", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	size_t len = 0;

	assert_int_equal(write(fd, "old", 3), 3);

	assert_int_equal(record_read_kept(store->fd, "c1", 0, &data, &len, NULL), 0);
	assert_int_equal(len, 3);
	assert_int_equal(record_read_kept(store->fd, "c1", 1, &data, &len, NULL), -ENOENT);
}

static void record_absent_is_no_error(void **state)
{
	struct store *store = *state;
	struct record read = {0};

	assert_int_equal(record_read(store->fd, "c1", &read, NULL), 0);
	assert_int_equal(record_delete(store->fd, "c1", NULL), 0);
}

static void record_that_others_may_write_is_refused(void **state)
{
	struct store *store = *state;
	struct record record = {.id = (char[]){"c1"}, .rootfs = (char[]){"/r"}};
	struct record read = {0};

	assert_int_equal(record_write(store->fd, &record, NULL), 0);
	assert_int_equal(fchmodat(store->fd, "c1.state", 0666, 0), 0);

	assert_int_equal(record_read(store->fd, "c1", &read, NULL), -EPERM);
}

static void record_id_that_is_no_name_is_refused(void **state)
{
	static const char *const ids[] = {"", ".", "..", "a/b", "../x"};
	struct store *store = *state;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct record read = {0};

		assert_int_equal(record_read(store->fd, ids[i], &read, NULL), -EINVAL);
		assert_int_equal(record_delete(store->fd, ids[i], NULL), -EINVAL);
	}
}

static void record_directory_that_others_may_write_is_not_used(void **state)
{
	char dir[] = "/tmp/test_record.XXXXXX";
	auto_fd fd = -1;
	struct stat st;
	struct stat used;
	bool absent = access("/run/nvc", F_OK) < 0; /* where records go instead */

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0777), 0);
	fd = record_open_dir(dir, NULL, NULL);
	if (fd >= 0) {
		assert_int_equal(stat(dir, &st), 0);
		assert_int_equal(fstat(fd, &used), 0);
		assert_int_not_equal(st.st_ino, used.st_ino);
	}
	(void)rmdir(dir);
	if (absent) {
		(void)rmdir("/run/nvc/state");
		(void)rmdir("/run/nvc");
	}
}

static void record_is_found_in_the_directory_that_has_it(void **state)
{
	struct store *store = *state;
	struct record record = {.id = (char[]){"c1"}, .rootfs = (char[]){"/r"}};
	auto_fd found = -1;
	struct stat a;
	struct stat b;

	assert_int_equal(record_find_dir(store->dir, "c1", NULL), -ENOENT);
	assert_int_equal(record_find_dir(store->dir, "../c1", NULL), -EINVAL);
	assert_int_equal(record_write(store->fd, &record, NULL), 0);

	found = record_find_dir(store->dir, "c1", NULL);

	assert_true(found >= 0);
	assert_int_equal(fstat(found, &a), 0);
	assert_int_equal(fstat(store->fd, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_format_then_parse_gives_the_same),
		cmocka_unit_test(record_of_an_older_hook_keeps_its_cache),
		cmocka_unit_test(record_parse_of_foreign_text_is_an_error_with_its_line),
		cmocka_unit_test(record_last_line_that_is_cut_is_ignored),
		cmocka_unit_test_setup_teardown(record_journal_lines_are_read_with_the_record,
						store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(record_saved_files_go_with_it, store_setup,
						store_teardown),
		cmocka_unit_test_setup_teardown(record_bytes_of_an_older_hook_are_found,
						store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(record_is_found_in_the_directory_that_has_it,
						store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(record_absent_is_no_error, store_setup,
						store_teardown),
		cmocka_unit_test_setup_teardown(record_that_others_may_write_is_refused,
						store_setup, store_teardown),
		cmocka_unit_test_setup_teardown(record_id_that_is_no_name_is_refused, store_setup,
						store_teardown),
		cmocka_unit_test(record_directory_that_others_may_write_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
