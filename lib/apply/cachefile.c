/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cachefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "sys/io.h"
#include "sys/overwrite.h"
#include "sys/rootfs.h"

#define MODULE "ldcache"

int cachefile_keep(int rootfd, struct record_cache *ret, char **ret_data, size_t *ret_len,
		   struct err *err)
{
	struct stat st;
	int r = rootfs_lstat(rootfd, CACHEFILE_PATH, &st, err);

	if (r < 0)
		return r;
	if (r == 0) {
		*ret = (struct record_cache){.state = RECORD_CACHE_ADDED};
		*ret_data = NULL;
		*ret_len = 0;
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the image's '" CACHEFILE_PATH "' is no regular file");
	r = rootfs_read(rootfd, CACHEFILE_PATH, RECORD_MAX_CACHE_BYTES, ret_data, ret_len, err);
	if (r < 0)
		return r;
	*ret = (struct record_cache){
		.state = RECORD_CACHE_REPLACED,
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mtime = st.st_mtim.tv_sec,
		.mtime_nsec = (uint32_t)st.st_mtim.tv_nsec,
	};
	return 0;
}

int cachefile_mark(int rootfd, struct record_cache *cache, struct err *err)
{
	const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};
	char name[NAME_MAX + 1];
	auto_fd dir = rootfs_open_parent(rootfd, CACHEFILE_PATH, name, err);
	struct stat st;

	if (dir < 0)
		return dir;
	if (utimensat(dir, name, mark, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "mark the new '" CACHEFILE_PATH "'");
	cache->our_ino = st.st_ino;
	cache->our_size = (uint64_t)st.st_size;
	return 0;
}

static bool is_earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* our_ino 0: the hook ended before it knew, and the container never ran. But ids come round again:
 * with another image below, its cache is older than the note. */
static bool is_ours(const struct record_cache *cache, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return false;
	if (cache->our_ino == 0)
		return !is_earlier(st->st_ctim, cache->since);
	return st->st_mtim.tv_sec == RECORD_MARK && (uint64_t)st->st_size == cache->our_size;
}

/* ldconfig may have given up before it wrote. */
static bool is_kept(const struct record_cache *cache, const struct stat *st, size_t len)
{
	return cache->state == RECORD_CACHE_REPLACED && st->st_mtim.tv_sec == cache->mtime &&
	       st->st_mtim.tv_nsec == cache->mtime_nsec && (size_t)st->st_size == len;
}

static int put_back(int dir, const char *name, const struct record_cache *cache, const char *data,
		    size_t len, struct err *err)
{
	const struct timespec times[2] = {
		{.tv_sec = cache->mtime, .tv_nsec = cache->mtime_nsec},
		{.tv_sec = cache->mtime, .tv_nsec = cache->mtime_nsec},
	};
	const struct io_new content = {data, len, cache->mode, cache->uid, cache->gid};
	int r = io_replace_at(dir, name, &content, err);

	if (overwrite_is_full(r))
		r = overwrite_at(dir, name, &content, err);
	if (r == 0 && utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(err, errno, "set the time of '" CACHEFILE_PATH "'");
	return r;
}

int cachefile_restore(int rootfd, const struct record_cache *cache, const char *data, size_t len,
		      const struct log *log, struct err *err)
{
	char name[NAME_MAX + 1];
	auto_fd dir = -1;
	struct stat st;

	if (cache->state == RECORD_CACHE_UNTOUCHED)
		return 0;
	dir = rootfs_open_parent(rootfd, CACHEFILE_PATH, name, err);
	if (dir < 0)
		return dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_sys(err, errno, "look at '" CACHEFILE_PATH "'");
		if (cache->our_ino != 0)
			return 0; /* removed by the container */
	} else if (is_kept(cache, &st, len)) {
		return 0;
	} else if (!is_ours(cache, &st)) {
		log_info(log, MODULE,
			 "'" CACHEFILE_PATH "' was written by the container since: it stays");
		return 0;
	}
	if (cache->state == RECORD_CACHE_REPLACED)
		return put_back(dir, name, cache, data, len, err);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '" CACHEFILE_PATH "'");
	return 0;
}
