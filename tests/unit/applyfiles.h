/* SPDX-License-Identifier: Apache-2.0 */
/* Small files and links, by path; what goes wrong fails the test. */
#ifndef UNIT_APPLYFILES_H
#define UNIT_APPLYFILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"

static inline void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", strerror(errno));
}

static inline void put(const char *path, const char *text)
{
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void has_text(const char *path, const char *text)
{
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[256] = "";

	if (fd < 0)
		fail_msg("'%s': %s", path, strerror(errno));
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
}

static inline void has_link(const char *path, const char *text)
{
	char buf[256] = "";

	if (readlink(path, buf, sizeof(buf) - 1) < 0)
		fail_msg("'%s': %s", path, strerror(errno));
	assert_string_equal(buf, text);
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

#endif
