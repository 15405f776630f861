/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libfacts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/auto.h"
#include "format/elfinfo.h"
#include "sys/io.h"

bool libfacts_wanted(const char *name)
{
	return strstr(name, ".so") != NULL;
}

static int libfacts_parse(const void *data, size_t len, struct elf_facts *ret)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	int rc = elfinfo_parse(data, len, &info, NULL);

	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	*ret = (struct elf_facts){
		.class = info.bits == 64 ? ELF_CLASS_64 : ELF_CLASS_32,
		.machine = info.machine,
		.flags = info.flags,
		.soname = take_ptr(&info.soname),
	};
	return 0;
}

int libfacts_read(int dirfd, const char *name, const struct stat *st, struct elf_facts *ret)
{
	/* O_NONBLOCK: the name may have become a FIFO since it was looked at */
	auto_fd fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat now;
	const void *data = NULL;
	size_t len = 0;
	int rc;

	if (fd < 0 || fstat(fd, &now) < 0)
		return 0;
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino || !S_ISREG(now.st_mode))
		return 0;
	rc = io_map_fd(fd, LIBFACTS_MAX_BYTES, name, &data, &len, NULL);
	if (rc < 0 || data == NULL)
		return rc == -ENOMEM ? rc : 0;
	rc = libfacts_parse(data, len, ret);
	/* munmap(2) does not write to what it is given */
	(void)munmap((void *)(uintptr_t)data, len);
	return rc;
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
