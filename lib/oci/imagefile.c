/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/imagefile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "sys/rootfs.h"

void imagefile_done(struct imagefile *file)
{
	auto_fd_release(&file->fd);
	file->fd = -1;
	elfinfo_done(&file->info);
}

int imagefile_open(int dirfd, const char *path, int flags, struct imagefile *ret, struct err *err)
{
	struct stat st;
	int rc;

	/* not the window, a page */
	ret->info = (struct elfinfo){0};
	ret->size = 0;
	ret->fd = rootfs_open(dirfd, path, O_RDONLY | O_NOCTTY | flags, NULL);
	if (ret->fd < 0)
		return err_is_trouble(-ret->fd)
			       ? err_sys(err, -ret->fd, "open the image's '%s'", path)
			       : 0;
	if (fstat(ret->fd, &st) < 0)
		return err_sys(err, errno, "look at the image's '%s'", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	ret->size = (uint64_t)st.st_size;
	window_init(&ret->window, ret->fd);
	rc = elfinfo_parse_by(window_read, &ret->window, ret->size, &ret->info, NULL);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (ret->window.error != 0)
		return err_sys(err, ret->window.error, "read the image's '%s'", path);
	return rc < 0 ? 1 : 2;
}
