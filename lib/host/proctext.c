/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proctext.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/rootfs.h"

int proctext_read(const struct host *host, const char *path, size_t max, char **ret,
		  size_t *ret_len, struct err *err)
{
	struct err fault = {0};
	int rc = rootfs_read_any(host->fds[ROOT_MACHINE], path, max, ret, ret_len, &fault);

	if (rc == 0)
		return 1;
	if (!err_is_trouble(-rc)) {
		if (rc != -ENOENT && rc != -ENOTDIR)
			log_warn(host->log, "host", "%s", fault.msg);
		return 0;
	}
	if (err != NULL)
		*err = fault;
	return rc;
}

static int open_folder(const struct host *host, unsigned root, const char *path, DIR **ret,
		       struct err *err)
{
	auto_fd fd = rootfs_open(host->fds[root], path, O_RDONLY | O_DIRECTORY, NULL);

	if (fd < 0 && err_is_trouble(-fd))
		return err_sys(err, -fd, "read the directory '%s'", path);
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		log_warn(host->log, "host", "the names in '%s' cannot be read: %s", path,
			 strerror(-fd));
	if (fd < 0)
		return 0;
	*ret = fdopendir(fd);
	if (*ret == NULL)
		return err_sys(err, errno, "read the directory '%s'", path);
	(void)take_fd(&fd);
	return 1;
}

int proctext_list(const struct host *host, unsigned root, const char *path, const char *prefix,
		  struct strv *ret, struct err *err)
{
	auto_dir dir = NULL;
	const struct dirent *entry;
	size_t looked = 0;
	size_t kept = 0;
	int rc = open_folder(host, root, path, &dir, err);

	if (rc <= 0)
		return rc;
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (++looked > PROCTEXT_MAX_LOOKED || kept >= PROCTEXT_MAX_NAMES) {
			log_warn(host->log, "host",
				 "'%s' holds too many names: not all of them are looked at", path);
			errno = 0;
			break;
		}
		if (entry->d_name[0] == '.' || !str_starts_with(entry->d_name, prefix))
			continue;
		if (strv_add(ret, entry->d_name) < 0)
			return err_nomem(err);
		kept++;
	}
	if (errno != 0)
		return err_sys(err, errno, "read the directory '%s'", path);
	strv_sort(ret);
	return 1;
}
