/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/xattrs.h"

#define IO_CHUNK 4096 /* first buffer for files that do not say their size */

static int64_t io_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 = something to read, 0 = the deadline passed. */
static int io_wait(int fd, int64_t deadline)
{
	struct pollfd waited = {.fd = fd, .events = POLLIN};
	int rc;

	do {
		int64_t left = deadline - io_now_ms();

		if (left < 0)
			return 0;
		rc = poll(&waited, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : rc;
}

static size_t io_first_size(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return max < IO_CHUNK ? max : IO_CHUNK;
	return (uintmax_t)st.st_size < max ? (size_t)st.st_size : max;
}

/* One byte more than max is asked for, to tell "exactly max" from "more". */
static int io_read_some(int fd, char *buf, size_t size, int64_t deadline, size_t *ret)
{
	ssize_t n;

	if (deadline >= 0) {
		int rc = io_wait(fd, deadline);

		if (rc <= 0)
			return rc < 0 ? rc : -ETIMEDOUT;
	}
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret = (size_t)n;
	return 0;
}

struct io_input {
	int fd;
	size_t max;
	int64_t deadline; /* of io_now_ms(); negative: none */
	const char *name;
};

static int io_read_loop(const struct io_input *input, char **ret, size_t *ret_len, struct err *err)
{
	size_t cap = io_first_size(input->fd, input->max) + 2; /* the byte too many, and NUL */
	auto_free char *buf = malloc(cap);
	size_t len = 0;
	size_t n = 1;

	if (buf == NULL)
		return err_nomem(err);
	while (n > 0) {
		int rc = io_read_some(input->fd, buf + len, cap - len - 1, input->deadline, &n);

		if (rc == -ETIMEDOUT)
			return err_set(err, ETIMEDOUT, "read '%s': no end in time", input->name);
		if (rc < 0)
			return err_sys(err, -rc, "read '%s'", input->name);
		len += n;
		if (len > input->max)
			return err_set(err, EFBIG, "'%s' is larger than %zu bytes", input->name,
				       input->max);
		if (len + 1 == cap) {
			size_t more = cap < input->max ? cap * 2 : input->max + 2;
			char *grown = realloc(buf, more);

			if (grown == NULL)
				return err_nomem(err);
			buf = grown;
			cap = more;
		}
	}
	buf[len] = '\0';
	*ret = take_ptr(&buf);
	*ret_len = len;
	return 0;
}

int io_read_fd(int fd, size_t max, const char *name, char **ret, size_t *ret_len, struct err *err)
{
	const struct io_input input = {fd, max, -1, name};

	return io_read_loop(&input, ret, ret_len, err);
}

int io_read_fd_within(int fd, size_t max, unsigned timeout_ms, const char *name, char **ret,
		      size_t *ret_len, struct err *err)
{
	const struct io_input input = {fd, max, io_now_ms() + timeout_ms, name};

	return io_read_loop(&input, ret, ret_len, err);
}

int io_open_host(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC | O_NOCTTY);
}

int io_read_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
	       struct err *err)
{
	/* O_NONBLOCK: a FIFO in the place of the file must not stop us before fstat sees it */
	auto_fd fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", name);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "'%s' is not a regular file", name);
	return io_read_fd(fd, max, name, ret, ret_len, err);
}

int io_write_all(int fd, const char *data, size_t len, const char *name, struct err *err)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "write '%s'", name);
		if (n == 0)
			return err_set(err, EIO, "write '%s': nothing was taken", name);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_temporary_name(char *ret, struct err *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(err, errno, "get random bytes");
	(void)snprintf(ret, IO_TEMPORARY_MAX, IO_TEMPORARY_PREFIX "%016" PRIx64, random);
	return 0;
}

static int io_fill(int fd, const struct io_new *content, const char *name, struct err *err)
{
	struct stat st;
	int rc = io_write_all(fd, content->data, content->len, name, err);

	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat '%s'", name);
	/* chown only where needed: it takes a capability that the caller may not have */
	if ((st.st_uid != content->uid || st.st_gid != content->gid) &&
	    fchown(fd, content->uid, content->gid) < 0)
		return err_sys(err, errno, "set the owner of '%s'", name);
	if (fchmod(fd, content->mode) < 0)
		return err_sys(err, errno, "set the mode of '%s'", name);
	return content->like == NULL ? 0 : xattrs_copy(*content->like, fd, name, err);
}

int io_make_at(int dirfd, const char *name, const struct io_new *content, struct timespec mtime,
	       struct stat *ret, struct err *err)
{
	const struct timespec times[2] = {mtime, mtime};
	auto_fd fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return err_sys(err, errno, "create '%s'", name);
	rc = io_fill(fd, content, name, err);
	if (rc == 0 && (futimens(fd, times) < 0 || fstat(fd, ret) < 0))
		rc = err_sys(err, errno, "set the time of '%s'", name);
	if (rc < 0)
		(void)unlinkat(dirfd, name, 0);
	return rc;
}

/* name "." is the directory. */
static int io_sync_at(int dirfd, const char *name, struct err *err)
{
	auto_fd fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "write '%s' to its disk", name);
	return 0;
}

static int io_replace(int dirfd, const char *name, const struct io_new *content, bool durable,
		      struct err *err)
{
	const struct timespec as_written = {.tv_nsec = UTIME_OMIT};
	char temporary[NAME_MAX + 1];
	struct stat st;
	int rc;

	if (snprintf(temporary, sizeof(temporary), IO_TEMPORARY_PREFIX "%s", name) > NAME_MAX)
		return err_sys(err, ENAMETOOLONG, "replace '%s'", name);
	/* of a caller that was killed */
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", temporary);
	rc = io_make_at(dirfd, temporary, content, as_written, &st, err);
	if (rc < 0)
		return rc;
	if (durable)
		rc = io_sync_at(dirfd, temporary, err);
	if (rc == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		rc = err_sys(err, errno, "rename to '%s'", name);
	if (rc < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return rc;
}

/* No fsync: it costs more than a whole container start, and rename is ordered after the data on
 * the file systems in question. */
int io_replace_at(int dirfd, const char *name, const struct io_new *content, struct err *err)
{
	return io_replace(dirfd, name, content, false, err);
}

int io_replace_durably_at(int dirfd, const char *name, const struct io_new *content,
			  struct err *err)
{
	int rc = io_replace(dirfd, name, content, true, err);

	/* the new content is there whatever comes of this */
	if (rc == 0)
		(void)io_sync_at(dirfd, ".", NULL);
	return rc;
}
