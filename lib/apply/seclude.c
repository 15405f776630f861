/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/seclude.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/mounts.h"
#include "sys/rootfs.h"

/* The root of a mount by its mount point; the id says that it is the right one. */
static int open_mount(const char *point, uint64_t id, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);
	auto_fd fd = -1;
	uint64_t found;
	int r;

	if (slash < 0)
		return slash;
	fd = rootfs_open(slash, point, O_PATH | O_NOFOLLOW, err);
	if (fd < 0)
		return fd;
	r = mount_id(fd, &found, err);
	if (r < 0)
		return r;
	if (found != id)
		return err_set(err, EBUSY, "'%s' is covered by another mount", point);
	return take_fd(&fd);
}

int seclude_mount(const char *mountinfo, uint64_t id, bool own, const char *path, struct err *err)
{
	auto_free char *point = NULL;
	auto_fd fd = -1;
	bool shared = false;
	int r = procfs_mount_by_id(mountinfo, strlen(mountinfo), id, &point, &shared, err);

	if (r < 0)
		return r;
	if (!shared)
		return 0;
	if (!own) {
		(void)err_set(err, EBUSY,
			      "'%s' lies in a volume that shares its mounts with the host", path);
		return err_hint(err, "mount the volume elsewhere, or without shared propagation");
	}
	fd = open_mount(point, id, err);
	if (fd < 0)
		return fd;
	return mount_make_slave(fd, err);
}
