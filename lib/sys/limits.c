/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/limits.h"

static int limits_one(const struct limits_entry *entry, struct err *err)
{
	__rlimit_resource_t which = (__rlimit_resource_t)entry->which;
	struct rlimit old;
	struct rlimit new = {.rlim_cur = entry->soft, .rlim_max = entry->hard};

	if (getrlimit(which, &old) < 0)
		return err_sys(err, errno, "ask for a limit");
	if (old.rlim_max != RLIM_INFINITY && old.rlim_max < entry->hard)
		new.rlim_max = old.rlim_max;
	if (new.rlim_max < new.rlim_cur)
		new.rlim_cur = new.rlim_max;
	return setrlimit(which, &new) < 0 ? err_sys(err, errno, "set a limit") : 0;
}

int limits_set(const struct limits_entry *entries, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = limits_one(&entries[i], err);
	return r;
}
