/* SPDX-License-Identifier: Apache-2.0 */
/* A small root folder whose files are written anew for each input, and removed at exit. */
#ifndef FUZZ_FUZZROOT_H
#define FUZZ_FUZZROOT_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

static char fuzzroot_path[] = "/tmp/nvc-fuzz-XXXXXX";
static pid_t fuzzroot_owner;

static inline int fuzzroot_remove_one(const char *path, const struct stat *st, int type,
				      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fuzzroot_remove(void)
{
	if (getpid() == fuzzroot_owner)
		(void)nftw(fuzzroot_path, fuzzroot_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* O_PATH fd of the root; dirs: "a", "a/b", ... then NULL. */
static inline int fuzzroot_open(const char *const *dirs)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	(void)umask(022);
	claim(mkdtemp(fuzzroot_path) != NULL && chmod(fuzzroot_path, 0755) == 0);
	fuzzroot_owner = getpid();
	claim(atexit(fuzzroot_remove) == 0);
	fd = open(fuzzroot_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	claim(fd >= 0);
	for (; *dirs != NULL; dirs++)
		claim(mkdirat(fd, *dirs, 0755) == 0);
	return fd;
}

static inline void fuzzroot_write(int root, const char *name, const void *data, size_t len)
{
	auto_fd fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	claim(fd >= 0 && (len == 0 || write(fd, data, len) == (ssize_t)len));
}

#endif
