/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/overwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/rootfs.h"

bool overwrite_is_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT;
}

/* A file that has to grow finds out that it cannot before its old content is gone. */
static int overwrite_reserve(int fd, const struct stat *st, size_t len)
{
	if ((uint64_t)st->st_size >= len || fallocate(fd, 0, 0, (off_t)len) == 0)
		return 0;
	return overwrite_is_full(-errno) ? -errno : 0;
}

static int overwrite_owner(int fd, const struct stat *st, const struct io_new *content)
{
	if ((st->st_uid != content->uid || st->st_gid != content->gid) &&
	    fchown(fd, content->uid, content->gid) < 0)
		return -errno;
	return fchmod(fd, content->mode) < 0 ? -errno : 0;
}

/* Copy-on-write needs room for the new blocks before it gives the old ones back, which others
 * cannot have meanwhile only if nobody asks: the last resort, when the file is lost otherwise. */
static int overwrite_write(int fd, const struct io_new *content, const char *name, struct err *err)
{
	int rc = io_write_all(fd, content->data, content->len, name, err);

	if (!overwrite_is_full(rc))
		return rc;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 || syncfs(fd) < 0)
		return err_sys(err, errno, "empty '%s'", name);
	return io_write_all(fd, content->data, content->len, name, err);
}

int overwrite_at(int dirfd, const char *name, const struct io_new *content, struct err *err)
{
	/* somebody may just be putting a node in its place, and opening one does something */
	auto_fd fd = rootfs_open(dirfd, name, O_WRONLY | O_NOFOLLOW | O_NOCTTY, NULL);
	struct stat st;
	int rc;

	if (fd < 0 && fd != -EINVAL)
		return err_sys(err, -fd, "open '%s'", name);
	if (fd >= 0 && fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", name);
	if (fd < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "'%s' is not a regular file", name);
	rc = overwrite_reserve(fd, &st, content->len);
	if (rc < 0)
		return err_sys(err, -rc, "write '%s'", name);
	rc = overwrite_write(fd, content, name, err);
	if (rc < 0) {
		const struct timespec times[2] = {st.st_atim, st.st_mtim};

		/* recognised by both: there will be another attempt */
		(void)!ftruncate(fd, st.st_size);
		(void)futimens(fd, times);
		return rc;
	}
	if (ftruncate(fd, (off_t)content->len) < 0)
		return err_sys(err, errno, "cut '%s'", name);
	rc = overwrite_owner(fd, &st, content);
	return rc < 0 ? err_sys(err, -rc, "set owner and mode of '%s'", name) : 0;
}
