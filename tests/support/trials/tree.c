/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../walk.h"

#define SUM_START 14695981039346656037ull /* FNV-1a */
#define SUM_PRIME 1099511628211ull
#define MAX_BYTES (1u << 20) /* of a file, looked at */

unsigned long long tree_sum(const void *data, size_t len, unsigned long long sum)
{
	const unsigned char *at = data;

	if (sum == 0)
		sum = SUM_START;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * SUM_PRIME;
	return sum;
}

static unsigned long long content(const char *path)
{
	unsigned char data[65536];
	unsigned long long sum = 0;
	size_t left = MAX_BYTES;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	while (fd >= 0 && left > 0 && (n = read(fd, data, sizeof(data))) > 0) {
		sum = tree_sum(data, (size_t)n, sum);
		left -= (size_t)n < left ? (size_t)n : left;
	}
	if (fd >= 0)
		(void)close(fd);
	return sum;
}

struct view {
	FILE *out;
	size_t skip; /* characters of the top's path */
	enum tree_detail detail;
};

/* Files that each run makes anew, on a tmpfs of its own, are as old as the run. */
static bool has_time(const struct walk *walk, const char *path, const struct stat *st)
{
	struct statfs fs;

	return st->st_dev == walk->device || !(S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)) ||
	       statfs(path, &fs) < 0 || fs.f_type != TMPFS_MAGIC;
}

static void print_object(const struct walk *walk, const char *path, const struct stat *st)
{
	const struct view *view = walk->arg;
	FILE *out = view->out;
	char text[4096] = "";
	ssize_t n;

	(void)fprintf(out, ".%s %o %u %u", path + view->skip, st->st_mode, st->st_uid, st->st_gid);
	if (view->detail == TREE_HOST)
		(void)fprintf(out, " inode %llu", (unsigned long long)st->st_ino);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		(void)fprintf(out, " device %u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (view->detail != TREE_HOST && !has_time(walk, path, st))
		(void)fprintf(out, " %lld -", (long long)st->st_size);
	else if (!S_ISDIR(st->st_mode) || view->detail == TREE_HOST)
		(void)fprintf(out, " %lld %lld.%09ld", (long long)st->st_size,
			      (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISLNK(st->st_mode) && (n = readlink(path, text, sizeof(text) - 1)) >= 0) {
		text[n] = '\0';
		(void)fprintf(out, " -> %s", text);
	}
	if (S_ISREG(st->st_mode) && st->st_size > 0)
		(void)fprintf(out, " %016llx", content(path));
	(void)fputc('\n', out);
}

static void see(const struct walk *walk, const char *path, const struct stat *st, int error)
{
	const struct view *view = walk->arg;

	if (st == NULL || error != 0)
		(void)fprintf(view->out, ".%s: %s\n", path + view->skip, strerror(error));
	else
		print_object(walk, path, st);
}

void tree_print(FILE *out, const char *path, enum tree_detail detail)
{
	struct view view = {.out = out, .skip = strlen(path), .detail = detail};
	struct walk walk = {.see = see, .arg = &view};

	walk_tree(&walk, path);
}
