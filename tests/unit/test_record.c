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
	struct record record = {
		.id = (char[]){"c1"},
		.bundle = (char[]){"/run/b"},
		.rootfs = (char[]){"/var/lib/\xc3\xa4/merged"},
		.items = {.items = items, .n = 4},
		.cache = {.state = RECORD_CACHE_REPLACED,
			  .mode = 0644,
			  .uid = 100000,
			  .gid = 100001,
			  .mtime = -5,
			  .mtime_nsec = 999999999,
			  .our_ino = UINT64_MAX,
			  .our_size = 3},
	};
	auto_done(record) struct record read = {0};
	auto_free char *text = record_format(&record);

	assert_int_equal(record_parse(text, strlen(text), &read, NULL), 0);

	(void)state;
	assert_string_equal(read.id, record.id);
	assert_string_equal(read.bundle, record.bundle);
	assert_string_equal(read.rootfs, record.rootfs);
	assert_int_equal(read.items.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(read.items.items[i].kind, items[i].kind);
		assert_int_equal(read.items.items[i].ino, items[i].ino);
		assert_string_equal(read.items.items[i].path, items[i].path);
	}
	assert_string_equal(read.items.items[2].text, "../a b");
	assert_int_equal(read.cache.state, RECORD_CACHE_REPLACED);
	assert_int_equal(read.cache.mode, 0644);
	assert_int_equal(read.cache.uid, 100000);
	assert_int_equal(read.cache.gid, 100001);
	assert_true(read.cache.mtime == -5);
	assert_int_equal(read.cache.mtime_nsec, 999999999);
	assert_true(read.cache.our_ino == UINT64_MAX);
	assert_int_equal(read.cache.our_size, 3);
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
	struct record_cache cache = {.state = RECORD_CACHE_ADDED};
	auto_done(record) struct record read = {0};
	auto_fd journal = -1;

	assert_int_equal(record_write(store->fd, &record, NULL), 0);
	journal = record_open_journal(store->fd, "c1", NULL);
	assert_int_equal(record_note_item(journal, &item, NULL), 0);
	assert_int_equal(record_note_cache(journal, &cache, NULL), 0);

	assert_int_equal(record_read(store->fd, "c1", &read, NULL), 1);
	assert_int_equal(read.items.n, 1);
	assert_int_equal(read.items.items[0].ino, 0);
	assert_int_equal(read.cache.state, RECORD_CACHE_ADDED);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_format_then_parse_gives_the_same),
		cmocka_unit_test(record_parse_of_foreign_text_is_an_error_with_its_line),
		cmocka_unit_test(record_last_line_that_is_cut_is_ignored),
		cmocka_unit_test_setup_teardown(record_journal_lines_are_read_with_the_record,
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
