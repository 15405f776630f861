/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/entry.h"

static int write_rule(int fd, const char *rule)
{
	size_t len = strlen(rule);
	ssize_t n;

	do
		n = write(fd, rule, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static void format_rule(dev_t device, char *ret, size_t size)
{
	/* no "m": the node is bound, not made */
	(void)snprintf(ret, size, "c %u:%u rw", major(device), minor(device));
}

void cgroup_v1_withdraw(const struct cgroup *cgroup, const dev_t *devices, size_t n)
{
	auto_fd fd = entry_open(cgroup->fd, "devices.deny", O_WRONLY, 0);

	for (size_t i = 0; fd >= 0 && i < n; i++) {
		char rule[64];

		format_rule(devices[i], rule, sizeof(rule));
		(void)write_rule(fd, rule);
	}
}

int cgroup_v1_allow(const struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err)
{
	auto_fd fd = entry_open(cgroup->fd, "devices.allow", O_WRONLY, 0);

	if (fd < 0)
		return err_sys(err, errno, "open 'devices.allow' of cgroup '%s'", cgroup->path);
	for (size_t i = 0; i < n; i++) {
		char rule[64];
		int r;

		format_rule(devices[i], rule, sizeof(rule));
		r = write_rule(fd, rule); /* one for each write */
		if (r == 0)
			continue;
		cgroup_v1_withdraw(cgroup, devices, i);
		return err_sys(err, -r, "allow '%s' in cgroup '%s'", rule, cgroup->path);
	}
	return (int)n;
}
