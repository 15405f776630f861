/* SPDX-License-Identifier: Apache-2.0 */
#include "host/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "base/str.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define NODES_DRIVERS "/proc/devices"
#define NODES_NVIDIA  "/dev/nvidia"
#define NVIDIA_MAJOR  195u /* fixed; the others of its modules are not */

void nodes_init(struct nodes *nodes, const struct host *host)
{
	*nodes = (struct nodes){.host = host};
}

void nodes_done(struct nodes *nodes)
{
	free(nodes->drivers);
	nodes->drivers = NULL;
}

static bool nodes_is_allowed(const struct settings *settings, unsigned number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", number);
	return strv_contains(&settings->device_majors, text);
}

/* What gives away the machine rather than a device of it. */
static const char *nodes_family(dev_t rdev)
{
	static const struct {
		unsigned major;
		const char *name;
	} families[] = {{4, "a console"},
			{5, "a console"},
			{7, "a console"},
			{21, "a disk"},
			{90, "flash memory"}};
	unsigned number = minor(rdev);

	/* every container has null, zero, full, random and urandom */
	if (major(rdev) == 1)
		return number == 3 || number == 5 || (number >= 7 && number <= 9)
			       ? NULL
			       : "the machine's memory or log";
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].major == major(rdev))
			return families[i].name;
	return NULL;
}

static int nodes_read_drivers(struct nodes *nodes, struct err *err)
{
	auto_fd fd = -1;
	int rc;

	if (nodes->drivers != NULL)
		return 0;
	fd = rootfs_open(nodes->host->fds[ROOT_MACHINE], NODES_DRIVERS, O_RDONLY | O_CLOEXEC, NULL);
	rc = fd < 0 ? fd
		    : io_read_fd(fd, NODES_MAX_BYTES, NODES_DRIVERS, &nodes->drivers,
				 &nodes->drivers_len, NULL);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0) /* a board in a folder has none */
		nodes->drivers = strdup("");
	return nodes->drivers == NULL ? err_nomem(err) : 0;
}

int nodes_fault(struct nodes *nodes, const char *path, dev_t rdev, const char **ret_fault,
		struct err *err)
{
	const struct settings *settings = nodes->host->settings;
	const char *family = nodes_family(rdev);
	char driver[64];
	int rc;

	*ret_fault = NULL;
	if (settings->device_majors.n > 0 ? !nodes_is_allowed(settings, major(rdev))
					  : family != NULL) {
		(void)snprintf(nodes->reason, sizeof(nodes->reason),
			       "is %s (character device %u:%u), not allowed by "
			       "allowed-device-majors",
			       family == NULL ? "a node" : family, major(rdev), minor(rdev));
		*ret_fault = nodes->reason;
		return 0;
	}
	if (!str_starts_with(path, NODES_NVIDIA) || major(rdev) == NVIDIA_MAJOR)
		return 0;
	rc = nodes_read_drivers(nodes, err);
	if (rc < 0)
		return rc;
	if (!procfs_char_stranger(nodes->drivers, nodes->drivers_len, major(rdev), "nvidia", driver,
				  sizeof(driver)))
		return 0;
	(void)snprintf(nodes->reason, sizeof(nodes->reason),
		       "is a node of the driver '%s' (character device %u:%u)", driver, major(rdev),
		       minor(rdev));
	*ret_fault = nodes->reason;
	return 0;
}
