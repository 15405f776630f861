/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define MAX_WAIT_MS 2000u
#define PAUSE_MS    10u

void conffile_done(struct conffile *file)
{
	auto_fd_release(&file->dirfd);
	free(file->path);
	free(file->text);
	*file = (struct conffile)CONFFILE_NONE;
}

/* Where the link at path leads: text, from the folder of the link unless it is absolute. ".." is
 * left to the kernel, which knows where a folder really is. */
static char *follow(const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');

	if (text[0] == '/' || slash == NULL)
		return strdup(text);
	return str_format("%.*s/%s", (int)(slash - path), path, text);
}

/* Puts the folder and the name at file->path into file. 1 = a link is there: path is its target. */
static int step(struct conffile *file, struct err *err)
{
	auto_free char *text = NULL;
	struct err failed = {0};
	char *next;
	int rc;

	auto_fd_release(&file->dirfd);
	file->dirfd = rootfs_open_parent(file->rootfd, file->path, file->name, &failed);
	if (file->dirfd == -ENOENT) {
		file->dirfd = -1;
		return 0;
	}
	if (file->dirfd < 0)
		return err_set(err, failed.code, "%s", failed.msg);
	if (entry_stat(file->dirfd, file->name, &file->st) < 0 || !S_ISLNK(file->st.st_mode))
		return 0;
	rc = rootfs_readlinkat(file->dirfd, file->name, &text, err);
	if (rc < 0)
		return rc;
	next = follow(file->path, text);
	if (next == NULL)
		return err_nomem(err);
	free(file->path);
	file->path = next;
	return 1;
}

static int find(struct conffile *file, struct err *err)
{
	int rc = 1;

	for (int i = 0; rc > 0 && i <= ROOTFS_MAX_LINKS; i++)
		rc = step(file, err);
	return rc > 0 ? err_sys(err, ELOOP, "find '%s'", file->path) : rc;
}

static int read_text(struct conffile *file, size_t max, struct err *err)
{
	auto_fd fd = rootfs_open(file->dirfd, file->name, O_RDONLY | O_NOFOLLOW | O_NOCTTY, NULL);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0 && fd != -EINVAL)
		return err_sys(err, -fd, "open '%s'", file->path);
	if (fd >= 0 && fstat(fd, &file->st) < 0)
		return err_sys(err, errno, "look at '%s'", file->path);
	if (fd < 0 || !S_ISREG(file->st.st_mode))
		return err_set(err, EINVAL, "'%s' is not a regular file", file->path);
	return io_read_fd(fd, max, file->path, &file->text, &file->len, err);
}

int conffile_open(int rootfd, const char *path, size_t max, struct conffile *ret, struct err *err)
{
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	int rc;

	file.rootfd = rootfd;
	file.path = strdup(path);
	if (file.path == NULL)
		return err_nomem(err);
	rc = find(&file, err);
	if (rc == 0 && file.dirfd >= 0)
		rc = read_text(&file, max, err);
	if (rc < 0)
		return rc;
	*ret = file;
	file = (struct conffile)CONFFILE_NONE;
	return 0;
}

/* Two of us would use the same temporary names. Whoever can read the folder can hold its lock, and
 * some file systems have none: after a while it goes without. */
static void lock_folder(int dirfd, int *ret_fd)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	auto_fd fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned waited = 0; fd >= 0 && waited < MAX_WAIT_MS; waited += PAUSE_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR))
			break;
		(void)nanosleep(&pause, NULL);
	}
	*ret_fd = take_fd(&fd);
}

static bool is_as_read(int dirfd, const struct conffile *file)
{
	struct stat st;

	if (entry_stat(dirfd, file->name, &st) < 0)
		return errno == ENOENT && file->text == NULL;
	return file->text != NULL && st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino &&
	       st.st_size == file->st.st_size && st.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

/* 1 = an earlier one stays. */
static int keep_old(const struct conffile *file, const struct conffile_copy *copy,
		    struct io_new *content, struct err *err)
{
	char name[NAME_MAX + 1];
	struct stat st;

	content->mode = file->st.st_mode & 07777;
	content->uid = file->st.st_uid;
	content->gid = file->st.st_gid;
	content->data = file->text;
	content->len = file->len;
	if (snprintf(name, sizeof(name), "%s%s", file->name, copy->suffix) > NAME_MAX)
		return err_sys(err, ENAMETOOLONG, "copy '%s'", file->path);
	if (copy->first && entry_stat(file->dirfd, name, &st) == 0)
		return 1;
	return io_replace_durably_at(file->dirfd, name, content, err);
}

int conffile_write(const struct conffile *file, const char *text, size_t len,
		   const struct conffile_copy *copy, struct err *err)
{
	struct io_new content = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	char name[NAME_MAX + 1];
	auto_fd made = -1;
	auto_fd lock = -1;
	auto_fd old = -1;
	int dirfd = file->dirfd;
	int kept;
	int rc = 0;

	if (dirfd < 0) {
		made = rootfs_make_parent(file->rootfd, file->path, NULL, NULL, name, err);
		dirfd = made;
	}
	if (dirfd < 0)
		return dirfd;
	lock_folder(dirfd, &lock);
	if (!is_as_read(dirfd, file))
		return err_set(err, EBUSY, "'%s' has just been changed by somebody else",
			       file->path);
	if (file->text != NULL) {
		old = rootfs_open(dirfd, file->name, O_RDONLY | O_NOFOLLOW | O_NOCTTY, err);
		content.like = &old;
		rc = old < 0 ? old : keep_old(file, copy, &content, err);
	}
	if (rc < 0)
		return rc;
	content.data = text;
	content.len = len;
	kept = rc;
	rc = io_replace_durably_at(dirfd, file->name, &content, err);
	return rc < 0 ? rc : kept;
}
