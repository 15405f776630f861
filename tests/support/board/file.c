/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/io.h"

int file_make_parents(int fd, const char *path, struct err *err)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return err_set(err, ENAMETOOLONG, "path '%s' is too long", path);
	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);

		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdirat(fd, part + 1, 0755) < 0 && errno != EEXIST)
			return err_sys(err, errno, "make '%s'", part);
	}
	return 0;
}

int file_create(int fd, const char *path, struct err *err)
{
	int file = file_make_parents(fd, path, err);

	if (file < 0)
		return file;
	file = openat(fd, path + 1, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
	return file < 0 ? err_sys(err, errno, "create '%s'", path) : file;
}

int file_write(int fd, const char *path, const char *data, size_t len, struct err *err)
{
	auto_fd file = file_create(fd, path, err);

	return file < 0 ? file : io_write_all(file, data, len, path, err);
}
