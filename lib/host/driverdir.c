/* SPDX-License-Identifier: Apache-2.0 */
#include "host/driverdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/rootfs.h"

#define MODULE "driver"

static const char *fault_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return "cannot be looked at";
	if (st.st_uid != geteuid())
		return "belongs to somebody else";
	return (st.st_mode & 022) != 0 ? "can be written by others" : NULL;
}

/* whole: the folder above must be the caller's alone, too. */
static int open_one(const struct host *host, const char *dir, bool whole, bool make)
{
	char name[NAME_MAX + 1];
	const char *fault;
	auto_fd slash = rootfs_open_slash(NULL);
	auto_fd parent = slash < 0 ? -1 : rootfs_open_parent(slash, dir, name, NULL);
	auto_fd fd = -1;

	if (parent < 0)
		return -1;
	fault = whole ? fault_of(parent) : NULL;
	if (fault == NULL && make && entry_make_dir(parent, name, 0700) < 0 && errno != EEXIST) {
		log_debug(host->log, MODULE, "'%s' cannot be made: %s", dir, strerror(errno));
		return -1;
	}
	if (fault == NULL) {
		fd = entry_open(parent, name, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0)
			return -1;
		fault = fault_of(fd);
	}
	if (fault == NULL)
		return take_fd(&fd);
	log_debug(host->log, MODULE, "'%s' is not used: it, or what it is in, %s", dir, fault);
	return -1;
}

/* The caller's id outside of its user namespace. False for root of the machine. */
static bool find_user(uint32_t *ret)
{
	auto_free char *text = NULL;
	size_t len = 0;

	*ret = geteuid();
	if (*ret != 0)
		return true;
	return trust_read_ids(&text, &len) && !procfs_map_is_initial(text, len) &&
	       procfs_map_root(text, len, ret) == 1 && *ret != 0;
}

int driverdir_open(const struct host *host, bool make)
{
	const char *dir = host->settings->cache_dir;
	int fd = open_one(host, dir, false, make);
	auto_free char *own = NULL;
	uint32_t user;

	if (fd >= 0 || !str_equal(dir, SETTINGS_DEFAULT_CACHE_DIR) || !find_user(&user))
		return fd;
	own = str_format(DRIVERDIR_USERS "/%u/nvc", user);
	return own == NULL ? -1 : open_one(host, own, true, make);
}
