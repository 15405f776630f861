/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proctext.h"

#include <errno.h>

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
			log_debug(host->log, "host", "%s", fault.msg);
		return 0;
	}
	if (err != NULL)
		*err = fault;
	return rc;
}

int proctext_list(const struct host *host, unsigned root, const char *path, const char *prefix,
		  struct strv *ret, struct err *err)
{
	auto_dir dir = NULL;
	size_t looked = 0;
	size_t kept = 0;
	int rc = rootfs_list(host->fds[root], path, &dir, err);

	if (rc < 0 || dir == NULL)
		return rc;
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (++looked > PROCTEXT_MAX_LOOKED || kept >= PROCTEXT_MAX_NAMES) {
			log_warn(host->log, "host",
				 "'%s' holds too many names: not all of them are looked at", path);
			break;
		}
		if (entry->d_name[0] == '.' || !str_starts_with(entry->d_name, prefix))
			continue;
		if (strv_add(ret, entry->d_name) < 0)
			return err_nomem(err);
		kept++;
	}
	strv_sort(ret);
	return 1;
}
