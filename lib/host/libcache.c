/* SPDX-License-Identifier: Apache-2.0 */
#include "host/libcache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "sys/io.h"
#include "sys/rootfs.h"

void libcache_done(struct libcache *cache)
{
	ldcache_done(&cache->entries);
	free(cache->data);
	cache->data = NULL;
}

static int read_bytes(const struct host *host, const char *path, const struct trust *trust,
		      struct libcache *cache, size_t *ret_len, struct err *err)
{
	auto_fd fd = rootfs_open(host->fds[ROOT_DRIVER], path, O_RDONLY, err);
	const char *fault;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	fault = trust_fault(trust, &st);
	if (fault != NULL)
		return err_set(err, EPERM, "'%s' %s", path, fault);
	return io_read_fd(fd, LDCACHE_MAX_BYTES, path, &cache->data, ret_len, err);
}

int libcache_read(const struct host *host, const struct trust *trust, struct libcache *ret,
		  struct err *err)
{
	const char *own = host->settings->ldcache;
	const char *path = own == NULL ? LIBCACHE_PATH : own;
	auto_done(libcache) struct libcache cache = {0};
	struct err fault = {0};
	size_t len = 0;
	int rc = read_bytes(host, path, trust, &cache, &len, &fault);

	if (rc == -ENOENT && own == NULL)
		return 0;
	if (rc == 0)
		rc = ldcache_parse(cache.data, len, &cache.entries, &fault);
	if (rc < 0 && err_is_trouble(-rc)) {
		if (err != NULL)
			*err = fault;
		return rc;
	}
	if (rc < 0) {
		log_warn(host->log, "host", "the loader's cache is not used: %s", fault.msg);
		return 0;
	}
	*ret = cache;
	cache = (struct libcache){0};
	return 0;
}
