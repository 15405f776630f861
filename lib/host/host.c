/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/io.h"
#include "sys/procself.h"
#include "sys/rootfs.h"

static int host_open_root(struct host *host, size_t root, const char *path, struct err *err)
{
	host->fds[root] = -1;
	host->paths[root] = strdup(path);
	if (host->paths[root] == NULL)
		return err_nomem(err);
	/* the one path that no root fd can resolve: it says where the root is */
	host->fds[root] = io_open_host(path, O_PATH | O_DIRECTORY);
	if (host->fds[root] < 0)
		return err_sys(err, errno, "open root directory '%s'", path);
	return 0;
}

/* Inside the driver root: on a board in a folder its own trees, not those of this machine. */
static int host_open_alternate(struct host *host, size_t root, const char *path, struct err *err)
{
	const char *driver = host->paths[ROOT_DRIVER];
	const char *fault;
	struct stat st;
	auto_fd fd = -1;

	host->fds[root] = -1;
	host->paths[root] =
		strcmp(driver, "/") == 0 ? strdup(path) : str_format("%s%s", driver, path);
	if (host->paths[root] == NULL)
		return err_nomem(err);
	fd = rootfs_open(host->fds[ROOT_DRIVER], path, O_PATH | O_DIRECTORY | O_CLOEXEC, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	/* its files are looked at one by one, and may be root's: but not root's choice */
	fault = trust_fault(&host->trust, &st);
	if (fault != NULL)
		return err_set(err, EPERM, "it %s", fault);
	host->fds[root] = take_fd(&fd);
	return 0;
}

static int host_open_alternates(struct host *host, struct err *err)
{
	const struct strv *roots = &host->settings->alt_roots;

	if (roots->n > ROOT_MAX - ROOT_ALT)
		return err_set(err, E2BIG, "more than %u alternate roots", ROOT_MAX - ROOT_ALT);
	for (size_t i = 0; i < roots->n; i++) {
		struct err missing = {0};
		int rc;

		host->n = ROOT_ALT + i + 1;
		rc = host_open_alternate(host, ROOT_ALT + i, roots->items[i], &missing);
		if (rc == -ENOMEM)
			return err_nomem(err);
		/* what the build names may be a package that is not installed */
		if (rc < 0)
			log_write(host->log,
				  rc == -ENOENT && !host->settings->alt_roots_named
					  ? LOG_LEVEL_DEBUG
					  : LOG_LEVEL_WARNING,
				  "host", "alternate root '%s' is not used: %s",
				  host->paths[ROOT_ALT + i], missing.msg);
	}
	return 0;
}

int host_open(struct host *host, const struct settings *settings, const struct log *log,
	      struct err *err)
{
	__attribute__((cleanup(host_close))) struct host new = {
		.settings = settings, .log = log, .n = ROOT_ALT};
	int rc;

	for (size_t i = 0; i < ROOT_MAX; i++)
		new.fds[i] = -1;
	/* without it every row of a list would look missing */
	rc = procself_prepare(err);
	if (rc < 0)
		return rc;
	trust_init(&new.trust);
	rc = host_open_root(&new, ROOT_DRIVER, settings->root ? settings->root : "/", err);
	if (rc < 0)
		return rc;
	rc = host_open_root(&new, ROOT_MACHINE, settings->host_root ? settings->host_root : "/",
			    err);
	if (rc < 0)
		return rc;
	rc = host_open_alternates(&new, err);
	if (rc < 0)
		return rc;
	*host = new;
	new.n = 0;
	return 0;
}

void host_close(struct host *host)
{
	for (size_t i = 0; i < host->n; i++) {
		auto_fd_release(&host->fds[i]);
		host->fds[i] = -1;
		free(host->paths[i]);
		host->paths[i] = NULL;
	}
	host->n = 0;
}

bool host_may_ask(const struct settings *settings)
{
#ifdef NVC_NVML
	const char *path = settings->host_root ? settings->host_root : "/";
	auto_fd root = io_open_host(path, O_PATH | O_DIRECTORY);
	struct stat st;

	return root >= 0 && (rootfs_lstat(root, "/proc/driver/nvidia/version", &st, NULL) > 0 ||
			     rootfs_lstat(root, "/dev/dxg", &st, NULL) > 0);
#else
	(void)settings;
	return false;
#endif
}
