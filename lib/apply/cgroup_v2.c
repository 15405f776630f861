/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/cgroup.h"

#include <sys/sysmacros.h>

#include "base/auto.h"
#include "sys/devbpf.h"

int cgroup_v2_allow(const struct cgroup *cgroup, const dev_t *devices, size_t n, struct err *err)
{
	auto_free struct devbpf_rule *rules = calloc(n, sizeof(*rules));
	int r;

	if (rules == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct devbpf_rule){
			.type = 'c',
			.major = major(devices[i]),
			.minor = minor(devices[i]),
			.access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
		};
	r = devbpf_allow(cgroup->fd, rules, n, err);
	if (r < 0)
		return err_wrap(err, "device program of cgroup '%s'", cgroup->path);
	return r == 0 ? 0 : (int)n;
}
