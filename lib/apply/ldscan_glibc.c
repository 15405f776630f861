/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/ldconf.h"
#include "apply/ldscan.h"
#include "base/auto.h"
#include "base/str.h"
#include "format/elfinfo.h"
#include "sys/io.h"
#include "sys/rootfs.h"
#include "sys/window.h"

#define LIBC     "libc.so.6"
#define MAX_LIBC (16u * 1024 * 1024)
#define MAX_DIRS 16u

/* 231 of "2.31" at text, whatever follows; 0 = no version. */
static unsigned version_at(const char *text)
{
	unsigned minor = 0;
	int digits = 0;

	if (!str_starts_with(text, "2."))
		return 0;
	for (text += 2; *text >= '0' && *text <= '9' && digits < 2; text++, digits++)
		minor = minor * 10 + (unsigned)(*text - '0');
	return digits == 0 || (*text >= '0' && *text <= '9') ? 0 : 200 + minor;
}

/* Before 2.34 the library had its version in its name, and libc.so.6 was a link. */
static unsigned version_by_link(int rootfd, const char *path)
{
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(rootfd, path, name, NULL);
	auto_free char *text = NULL;
	const char *base;

	if (dir < 0 || rootfs_readlinkat(dir, name, &text, NULL) < 0)
		return 0;
	base = strrchr(text, '/');
	base = base == NULL ? text : base + 1;
	return str_starts_with(base, "libc-") ? version_at(base + strlen("libc-")) : 0;
}

static bool is_of(int fd, uint64_t len, uint16_t machine)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	struct window window;

	window_init(&window, fd);
	return elfinfo_parse_by(window_read, &window, len, &info, NULL) == 0 &&
	       (machine == 0 || info.machine == machine);
}

/* What libc.so.6 prints when it is run. */
static unsigned version_by_text(int fd)
{
	static const char mark[] = "release version ";
	auto_free char *data = NULL;
	const char *found;
	size_t len;

	if (io_read_fd(fd, MAX_LIBC, LIBC, &data, &len, NULL) < 0)
		return 0;
	found = memmem(data, len, mark, sizeof(mark) - 1);
	return found == NULL ? 0 : version_at(found + sizeof(mark) - 1);
}

static unsigned version_in(int rootfd, uint16_t machine, const char *dir)
{
	auto_free char *path = str_format("%s/" LIBC, dir);
	auto_fd fd = path == NULL ? -1 : rootfs_open(rootfd, path, O_RDONLY | O_NOCTTY, NULL);
	unsigned version;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !is_of(fd, (uint64_t)st.st_size, machine))
		return 0;
	version = version_by_link(rootfd, path);
	return version != 0 ? version : version_by_text(fd);
}

unsigned ldscan_glibc(int rootfd, uint16_t machine)
{
	auto_done(strv) struct strv dirs = {0};
	unsigned version = 0;

	if (ldconf_system_dirs(rootfd, machine, &dirs, NULL) < 0)
		return 0;
	for (size_t i = 0; version == 0 && i < dirs.n && i < MAX_DIRS; i++)
		version = version_in(rootfd, machine, dirs.items[i]);
	return version;
}
