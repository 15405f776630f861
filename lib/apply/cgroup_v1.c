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

int cgroup_v1_allow(const struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err)
{
	auto_fd fd = entry_open(cgroup->fd, "devices.allow", O_WRONLY, 0);

	if (fd < 0)
		return err_sys(err, errno, "open 'devices.allow' of cgroup '%s'", cgroup->path);
	for (size_t i = 0; i < n; i++) {
		char rule[64];
		/* one rule for each write; no "m": the node is bound, not made */
		int len = snprintf(rule, sizeof(rule), "c %u:%u rw", major(devices[i]),
				   minor(devices[i]));

		if (write(fd, rule, (size_t)len) != len)
			return err_sys(err, errno, "allow '%s' in cgroup '%s'", rule, cgroup->path);
	}
	return (int)n;
}
