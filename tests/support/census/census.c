/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census [--inodes] DIR: one line for each object below DIR, in the order of their paths:
 * "PATH TYPE MODE UID GID SIZE MTIME LINK-TEXT SIGN", with the inode number and a hash of the
 * content behind it when asked. SIGN is the extended attribute trusted.nvc. '-' stands for what an
 * object has not; a directory has no size. It stays on DIR's file system. What cannot be looked at
 * is a line too, "PATH unreadable REASON", and no error: others may be at work there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../walk.h"

static char type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFREG:
		return 'f';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	default:
		return '?';
	}
}

/* FNV-1a: tells a changed file from an unchanged one. */
static uint64_t hash_of(const char *path)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	unsigned char block[65536];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = 0;

	while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ block[i]) * UINT64_C(1099511628211);
	}
	if (fd >= 0)
		(void)close(fd);
	return n < 0 ? 0 : hash;
}

static void print(const char *path, const char *shown, const struct stat *st, bool inodes)
{
	char text[4096] = "-";
	char sign[256] = "-";
	ssize_t n;

	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, text, sizeof(text) - 1);
		text[n < 0 ? 0 : n] = '\0';
	}
	n = lgetxattr(path, "trusted.nvc", sign, sizeof(sign) - 1);
	if (n >= 0)
		sign[n] = '\0';
	(void)printf("%s %c %o %u %u %jd %jd.%09ld %s %s", shown, type_of(st->st_mode),
		     (unsigned)st->st_mode & 07777u, (unsigned)st->st_uid, (unsigned)st->st_gid,
		     S_ISDIR(st->st_mode) ? (intmax_t)0 : (intmax_t)st->st_size,
		     (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, text, sign);
	if (inodes)
		(void)printf(" %ju %016" PRIx64, (uintmax_t)st->st_ino,
			     S_ISREG(st->st_mode) ? hash_of(path) : 0);
	(void)putchar('\n');
}

struct view {
	size_t skip; /* characters of the top's path */
	bool inodes;
};

static void see(const struct walk *walk, const char *path, const struct stat *st, int error)
{
	const struct view *view = walk->arg;
	const char *shown = path + view->skip;

	if (st == NULL || error != 0)
		(void)printf("%s unreadable %s\n", shown, strerror(error));
	else
		print(path, shown[0] == '\0' ? "/" : shown, st, view->inodes);
}

int main(int argc, char **argv)
{
	struct view view = {.inodes = argc == 3 && strcmp(argv[1], "--inodes") == 0};
	struct walk walk = {.see = see, .arg = &view, .one_device = true};
	const char *top = argc < 2 ? "" : argv[argc - 1];

	if (argc != (view.inodes ? 3 : 2)) {
		(void)fputs("usage: census [--inodes] DIR\n", stderr);
		return 2;
	}
	view.skip = strlen(top);
	walk_tree(&walk, top);
	return fflush(stdout) != 0;
}
