/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hollow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/entry.h"
#include "sys/patience.h"
#include "sys/rootfs.h"

#define MAX_HOPS 8 /* links within one directory; more are left to the resolver */

void hollow_done(struct hollow *hollow)
{
	vec_each(dir, &hollow->dirs)
	{
		free(dir->path);
		if (dir->fd >= 0)
			(void)close(dir->fd);
	}
	vec_done(&hollow->dirs);
}

/* fd of the directory of path, negative = none. */
static int dir_of(struct hollow *hollow, const char *path, size_t len)
{
	struct hollow_dir *dir;

	for (size_t i = hollow->dirs.n; i-- > 0;) {
		dir = &hollow->dirs.items[i];
		if (strncmp(dir->path, path, len) == 0 && dir->path[len] == '\0')
			return dir->fd;
	}
	if (hollow->dirs.n >= HOLLOW_MAX_DIRS || (dir = vec_add(&hollow->dirs)) == NULL)
		return -1;
	dir->path = strndup(path, len);
	dir->fd = dir->path == NULL
			  ? -1
			  : rootfs_open(hollow->rootfd, dir->path, O_PATH | O_DIRECTORY, NULL);
	if (dir->path == NULL)
		hollow->dirs.n--;
	return dir->path == NULL ? -1 : dir->fd;
}

static bool is_empty(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size == 0;
}

static bool resolve(const struct hollow *hollow, const char *path)
{
	auto_fd fd = rootfs_open(hollow->rootfd, path, O_PATH, NULL);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && is_empty(&st);
}

bool hollow_is(struct hollow *hollow, const char *path)
{
	char name[NAME_MAX + 1];
	const char *slash = strrchr(path, '/');
	struct stat st;
	int dir;

	if (hollow->looks++ >= HOLLOW_MAX_LOOKS ||
	    !patience_lasts(&hollow->patience, HOLLOW_DEADLINE_MS))
		return false;
	if (slash == NULL || slash == path || strlen(slash + 1) > NAME_MAX)
		return false;
	dir = dir_of(hollow, path, (size_t)(slash - path));
	if (dir < 0)
		return hollow->dirs.n >= HOLLOW_MAX_DIRS && resolve(hollow, path);
	memcpy(name, slash + 1, strlen(slash + 1) + 1);
	/* most entries name a link to a file beside it, so the link is asked first */
	for (int hops = 0; hops < MAX_HOPS && path_is_name(name); hops++) {
		char text[NAME_MAX + 2];
		ssize_t n = entry_readlink(dir, name, text, sizeof(text));

		if (n < 0)
			return entry_stat(dir, name, &st) == 0 && is_empty(&st);
		if ((size_t)n > NAME_MAX || memchr(text, '/', (size_t)n) != NULL)
			break;
		memcpy(name, text, (size_t)n);
		name[n] = '\0';
	}
	return resolve(hollow, path);
}
