/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

struct folder {
	char path[64];
	int fd;
};

static int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/nvc-test-io-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
	*state = folder;
	return 0;
}

static int folder_remove(void **state)
{
	static const char *const names[] = {"file", "fifo", "empty"};
	struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(folder->fd, names[i], 0);
	(void)close(folder->fd);
	assert_int_equal(rmdir(folder->path), 0); /* also: no temporary file is left */
	free(folder);
	return 0;
}

static void put(const struct folder *folder, const char *name, const char *data, size_t len)
{
	auto_fd fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, data, len, name, NULL), 0);
}

static void io_read_is_bounded(void **state)
{
	static const struct {
		size_t size;
		size_t max;
		int want;
	} table[] = {{0, 0, 0},        {0, 10, 0},           {1, 0, -EFBIG},       {10, 10, 0},
		     {11, 10, -EFBIG}, {4096, 4096, 0},      {4097, 4096, -EFBIG}, {4095, 4096, 0},
		     {9000, 9000, 0},  {9000, 8999, -EFBIG}, {9000, 100000, 0}};
	const struct folder *folder = *state;
	char data[9000];

	memset(data, 'd', sizeof(data));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		auto_free char *text = NULL;
		size_t len = 0;

		put(folder, "file", data, table[i].size);
		assert_int_equal(io_read_at(folder->fd, "file", table[i].max, &text, &len, NULL),
				 table[i].want);
		if (table[i].want < 0) {
			assert_null(text);
			continue;
		}
		assert_int_equal(len, table[i].size);
		assert_int_equal(strlen(text), len);
	}
}

static void io_read_takes_files_that_say_size_zero(void **state)
{
	auto_free char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(io_read_at(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len, NULL), 0);

	assert_true(len > 100);
	assert_non_null(strstr(text, "VmSize"));
}

static void io_read_refuses_what_is_no_file(void **state)
{
	const struct folder *folder = *state;
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(mkfifoat(folder->fd, "fifo", 0644), 0);
	assert_int_equal(io_read_at(folder->fd, "fifo", 10, &text, &len, NULL), -EINVAL);
	assert_int_equal(io_read_at(folder->fd, ".", 10, &text, &len, NULL), -EINVAL);
	assert_int_equal(io_read_at(AT_FDCWD, "/dev/zero", 10, &text, &len, NULL), -EINVAL);
	assert_int_equal(io_read_at(folder->fd, "missing", 10, &text, &len, NULL), -ENOENT);
	assert_null(text);
}

static void io_read_within_ends_at_the_deadline(void **state)
{
	auto_free char *text = NULL;
	char *none = NULL;
	size_t len = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "some", 4), 4);
	assert_int_equal(io_read_fd_within(ends[0], 10, 50, "pipe", &none, &len, NULL), -ETIMEDOUT);
	assert_null(none);

	assert_int_equal(write(ends[1], "more", 4), 4);
	(void)close(ends[1]);
	assert_int_equal(io_read_fd_within(ends[0], 10, 1000, "pipe", &text, &len, NULL), 0);
	assert_string_equal(text, "more");
	(void)close(ends[0]);
}

static void io_replace_sets_content_and_mode(void **state)
{
	const struct folder *folder = *state;
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0;
	uid_t uid = geteuid() == 0 ? 12 : geteuid();
	gid_t gid = geteuid() == 0 ? 34 : getegid();

	put(folder, "file", "old content", 11);
	assert_int_equal(
		io_replace_at(
			folder->fd, "file",
			&(struct io_new){
				.data = "new", .len = 3, .mode = 02604, .uid = uid, .gid = gid},
			NULL),
		0);

	assert_int_equal(io_read_at(folder->fd, "file", 100, &text, &len, NULL), 0);
	assert_string_equal(text, "new");
	assert_int_equal(fstatat(folder->fd, "file", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 02604);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
}

static void io_replace_does_not_follow_a_link(void **state)
{
	const struct folder *folder = *state;
	struct stat st;

	assert_int_equal(symlinkat("/nowhere/else", folder->fd, "file"), 0);
	assert_int_equal(io_replace_at(folder->fd, "file",
				       &(struct io_new){.data = "new",
							.len = 3,
							.mode = 0644,
							.uid = geteuid(),
							.gid = getegid()},
				       NULL),
			 0);

	assert_int_equal(fstatat(folder->fd, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void io_replace_error_leaves_nothing(void **state)
{
	const struct folder *folder = *state;

	/* a directory cannot be replaced by a file; folder_remove finds any rest */
	assert_int_equal(mkdirat(folder->fd, "dir", 0755), 0);
	assert_int_equal(io_replace_at(folder->fd, "dir",
				       &(struct io_new){.data = "new",
							.len = 3,
							.mode = 0644,
							.uid = geteuid(),
							.gid = getegid()},
				       NULL),
			 -EISDIR);
	assert_int_equal(unlinkat(folder->fd, "dir", AT_REMOVEDIR), 0);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(io_read_is_bounded),
		FOLDER_TEST(io_read_takes_files_that_say_size_zero),
		FOLDER_TEST(io_read_refuses_what_is_no_file),
		FOLDER_TEST(io_read_within_ends_at_the_deadline),
		FOLDER_TEST(io_replace_sets_content_and_mode),
		FOLDER_TEST(io_replace_does_not_follow_a_link),
		FOLDER_TEST(io_replace_error_leaves_nothing),
	};

	(void)umask(022);
	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
