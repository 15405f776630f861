/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libfacts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "format/elfinfo.h"
#include "sys/entry.h"
#include "sys/window.h"

bool libfacts_wanted(const char *name)
{
	return strstr(name, ".so") != NULL;
}

static int libfacts_parse(int fd, uint64_t len, struct elf_facts *ret)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct window window;
	int rc;

	window_init(&window, fd);
	rc = elfinfo_parse_by(window_read, &window, len, &info, NULL);
	if (window.error != 0)
		return -window.error;
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	ret->class = info.bits == 64 ? ELF_CLASS_64 : ELF_CLASS_32;
	ret->machine = info.machine;
	ret->flags = info.flags;
	ret->soname = take_ptr(&info.soname);
	return 0;
}

/* Negative: no way to go on; -1 in *ret: not the file that st describes. */
static int libfacts_open(int dirfd, const char *name, const struct stat *st, int *ret,
			 uint64_t *ret_len)
{
	/* O_NONBLOCK: the name may have become a FIFO since it was looked at */
	auto_fd fd = entry_open(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat now;

	*ret = -1;
	if (fd < 0 || fstat(fd, &now) < 0)
		return errno == EACCES || errno == EPERM || err_is_trouble(errno) ? -errno : 0;
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino || !S_ISREG(now.st_mode))
		return 0;
	*ret = take_fd(&fd);
	*ret_len = (uint64_t)now.st_size;
	return 0;
}

int libfacts_read(int dirfd, const char *name, const struct stat *st, struct elf_facts *ret)
{
	auto_fd fd = -1;
	uint64_t len;
	int rc = libfacts_open(dirfd, name, st, &fd, &len);

	return fd < 0 ? rc : libfacts_parse(fd, len, ret);
}

int libfacts_read_abi(int dirfd, const char *name, const struct stat *st, uint32_t *ret)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct window window;
	auto_fd fd = -1;
	uint64_t len;
	int rc = libfacts_open(dirfd, name, st, &fd, &len);

	*ret = 0;
	if (fd < 0)
		return rc;
	window_init(&window, fd);
	rc = elfinfo_parse_notes_by(window_read, &window, len, &info, NULL);
	if (window.error != 0)
		return -window.error;
	if (rc == 0)
		*ret = info.os_version;
	return rc == -ENOMEM ? rc : 0;
}

int libfacts_copy(struct elf_facts *ret, const struct elf_facts *from)
{
	struct elf_facts copy = *from;

	if (from->soname != NULL) {
		copy.soname = strdup(from->soname);
		if (copy.soname == NULL)
			return -ENOMEM;
	}
	*ret = copy;
	return 0;
}
