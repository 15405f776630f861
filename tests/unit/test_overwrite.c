/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/overwrite.h"

static char folder[] = "/tmp/overwrite.XXXXXX";
static int folder_fd = -1;

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlinkat(folder_fd, "file", 0);
	(void)unlinkat(folder_fd, "link", 0);
	(void)unlinkat(folder_fd, "node", 0);
	(void)close(folder_fd);
	return rmdir(folder);
}

static struct io_new content_of(const char *text)
{
	return (struct io_new){.data = text,
			       .len = strlen(text),
			       .mode = 0640,
			       .uid = geteuid(),
			       .gid = getegid()};
}

static void write_file(const char *text)
{
	struct io_new content = content_of(text);

	content.mode = 0600;
	assert_int_equal(io_replace_at(folder_fd, "file", &content, NULL), 0);
}

static void overwrite_gives_the_content_in_the_same_inode(void **state)
{
	static const char *const texts[] = {"short", "", "much longer than what was there before"};
	struct stat before;
	struct stat after;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct io_new content = content_of(texts[i]);
		auto_free char *there = NULL;
		struct err err = {0};
		size_t len;

		write_file("something in between");
		assert_int_equal(fstatat(folder_fd, "file", &before, 0), 0);

		assert_int_equal(overwrite_at(folder_fd, "file", &content, &err), 0);

		assert_int_equal(fstatat(folder_fd, "file", &after, 0), 0);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_int_equal(after.st_mode & 07777, 0640);
		assert_int_equal(io_read_at(folder_fd, "file", 100, &there, &len, &err), 0);
		assert_string_equal(there, texts[i]);
		assert_int_equal(len, content.len);
	}
}

static void overwrite_of_a_link_is_an_error(void **state)
{
	const struct io_new content = content_of("new");
	auto_free char *there = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	write_file("old");
	assert_int_equal(symlinkat("file", folder_fd, "link"), 0);

	assert_int_equal(overwrite_at(folder_fd, "link", &content, &err), -ELOOP);

	assert_int_equal(io_read_at(folder_fd, "file", 100, &there, &len, &err), 0);
	assert_string_equal(there, "old");
}

/* A device does something when it is opened. */
static void overwrite_opens_no_node(void **state)
{
	const struct io_new content = content_of("new");
	struct err err = {0};
	auto_fd events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	auto_fd reader = -1;
	char path[64];
	char event[512];

	(void)state;
	assert_int_equal(mkfifoat(folder_fd, "node", 0600), 0);
	reader = openat(folder_fd, "node", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", folder_fd);
	assert_true(inotify_add_watch(events, path, IN_OPEN | IN_ONLYDIR) >= 0);

	assert_int_equal(overwrite_at(folder_fd, "node", &content, &err), -EINVAL);

	assert_int_equal(read(events, event, sizeof(event)), -1);
	assert_string_equal(err.msg, "'node' is not a regular file");
}

static void overwrite_of_nothing_is_an_error(void **state)
{
	const struct io_new content = content_of("new");
	struct err err = {0};

	(void)state;
	assert_int_equal(overwrite_at(folder_fd, "none", &content, &err), -ENOENT);
	assert_string_equal(err.msg, "open 'none': No such file or directory");
}

static void overwrite_knows_a_full_file_system(void **state)
{
	(void)state;
	assert_true(overwrite_is_full(-ENOSPC));
	assert_true(overwrite_is_full(-EDQUOT));
	assert_false(overwrite_is_full(-EROFS));
	assert_false(overwrite_is_full(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overwrite_gives_the_content_in_the_same_inode),
		cmocka_unit_test(overwrite_of_a_link_is_an_error),
		cmocka_unit_test(overwrite_opens_no_node),
		cmocka_unit_test(overwrite_of_nothing_is_an_error),
		cmocka_unit_test(overwrite_knows_a_full_file_system),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
