/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

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

/* Files that each run makes anew, on a tmpfs of its own, are as old as the run. */
static bool has_time(const FTSENT *entry)
{
	const FTSENT *top = entry;
	struct statfs fs;

	while (top->fts_level > FTS_ROOTLEVEL)
		top = top->fts_parent;
	return top->fts_statp->st_dev == entry->fts_statp->st_dev ||
	       !(S_ISREG(entry->fts_statp->st_mode) || S_ISLNK(entry->fts_statp->st_mode)) ||
	       statfs(entry->fts_path, &fs) < 0 || fs.f_type != TMPFS_MAGIC;
}

static void print_object(FILE *out, const FTSENT *entry, size_t skip, enum tree_detail detail)
{
	const struct stat *st = entry->fts_statp;
	char text[4096] = "";
	ssize_t n;

	(void)fprintf(out, ".%s %o %u %u", entry->fts_path + skip, st->st_mode, st->st_uid,
		      st->st_gid);
	if (detail == TREE_HOST)
		(void)fprintf(out, " inode %llu", (unsigned long long)st->st_ino);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		(void)fprintf(out, " device %u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (detail != TREE_HOST && !has_time(entry))
		(void)fprintf(out, " %lld -", (long long)st->st_size);
	else if (!S_ISDIR(st->st_mode) || detail == TREE_HOST)
		(void)fprintf(out, " %lld %lld.%09ld", (long long)st->st_size,
			      (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISLNK(st->st_mode) &&
	    (n = readlink(entry->fts_accpath, text, sizeof(text) - 1)) >= 0) {
		text[n] = '\0';
		(void)fprintf(out, " -> %s", text);
	}
	if (S_ISREG(st->st_mode) && st->st_size > 0)
		(void)fprintf(out, " %016llx", content(entry->fts_accpath));
	(void)fputc('\n', out);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool tree_print(FILE *out, const char *path, enum tree_detail detail)
{
	char *const paths[] = {(char *)(unsigned long)path, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const FTSENT *entry;

	while (walk != NULL && (entry = fts_read(walk)) != NULL) {
		if (entry->fts_info == FTS_DP)
			continue;
		if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_NS) {
			(void)fprintf(out, ".%s: %s\n", entry->fts_path + strlen(path),
				      strerror(entry->fts_errno));
			continue;
		}
		print_object(out, entry, strlen(path), detail);
	}
	if (walk == NULL || fts_close(walk) < 0) {
		perror(path);
		return false;
	}
	return true;
}
