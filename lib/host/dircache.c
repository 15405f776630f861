/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dircache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/procself.h"
#include "sys/rootfs.h"

void dircache_init(struct dircache *cache, const struct host *host)
{
	*cache = (struct dircache){.host = host};
	for (size_t root = 0; root < ROOT_MAX; root++)
		for (size_t slot = 0; slot < DIRCACHE_SLOTS; slot++)
			cache->entries[root][slot].fd = -1;
}

static void dircache_entry_done(struct dircache_entry *entry)
{
	if (entry->path != NULL)
		auto_fd_release(&entry->fd);
	free(entry->path);
	free(entry->real);
	*entry = (struct dircache_entry){.fd = -1};
}

void dircache_done(struct dircache *cache)
{
	for (size_t root = 0; root < ROOT_MAX; root++) {
		for (size_t slot = 0; slot < DIRCACHE_SLOTS; slot++)
			dircache_entry_done(&cache->entries[root][slot]);
		free(cache->root_real[root]);
		cache->root_real[root] = NULL;
	}
}

/* Where the kernel says that an open directory lies; the caller frees; NULL with errno. */
static char *dircache_fd_path(int fd)
{
	char path[PATH_MAX];
	int proc = procself_dir(NULL);

	if (proc < 0) {
		errno = -proc;
		return NULL;
	}
	return procself_path(proc, fd, path, sizeof(path)) < 0 ? NULL : strdup(path);
}

/* Gives entry->real. What does not lie below its root was moved out of it meanwhile: -EXDEV. */
static int dircache_find_real(struct dircache *cache, unsigned root, struct dircache_entry *entry)
{
	auto_free char *path = dircache_fd_path(entry->fd);
	char **base = &cache->root_real[root];

	if (path != NULL && *base == NULL)
		*base = dircache_fd_path(cache->host->fds[root]);
	if (path == NULL || *base == NULL)
		return -errno;
	if (!path_is_below(path, *base))
		return -EXDEV;
	if (strcmp(path, *base) == 0)
		entry->real = strdup("/");
	else
		entry->real = strdup(path + (strcmp(*base, "/") == 0 ? 0 : strlen(*base)));
	return entry->real == NULL ? -ENOMEM : 0;
}

static struct dircache_entry *dircache_find(struct dircache *cache, unsigned root, const char *path,
					    size_t len)
{
	for (size_t slot = 0; slot < DIRCACHE_SLOTS; slot++) {
		struct dircache_entry *entry = &cache->entries[root][slot];

		if (entry->path != NULL && strncmp(entry->path, path, len) == 0 &&
		    entry->path[len] == '\0')
			return entry;
	}
	return NULL;
}

int dircache_get(struct dircache *cache, unsigned root, const char *path, size_t len,
		 const struct dircache_entry **ret, struct err *err)
{
	struct dircache_entry *entry;
	int rc = 0;

	if (len == 0) {
		path = "/";
		len = 1;
	}
	entry = dircache_find(cache, root, path, len);
	if (entry != NULL) {
		*ret = entry;
		return 0;
	}
	entry = &cache->entries[root][cache->next[root]++ % DIRCACHE_SLOTS];
	dircache_entry_done(entry);
	entry->path = strndup(path, len);
	if (entry->path == NULL)
		return err_nomem(err);
	entry->fd = rootfs_open(cache->host->fds[root], entry->path,
				O_PATH | O_DIRECTORY | O_CLOEXEC, NULL);
	rc = entry->fd < 0 ? entry->fd : dircache_find_real(cache, root, entry);
	if (rc < 0 && err_is_trouble(-rc)) {
		rc = err_sys(err, -rc, "open directory '%s'", entry->path);
		dircache_entry_done(entry);
		return rc;
	}
	if (rc < 0) {
		auto_fd_release(&entry->fd);
		entry->fd = -1;
		entry->error = -rc;
	}
	*ret = entry;
	return 0;
}
