/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/limits.h"

#include "sys/libc.h"

static int limits_one(const struct limits_entry *entry, struct err *err)
{
	struct rlimit old;
	struct rlimit new = {.rlim_cur = entry->soft, .rlim_max = entry->hard};

	if (libc_getrlimit(entry->which, &old) < 0)
		return err_sys(err, errno, "ask for a limit");
	if (old.rlim_max != RLIM_INFINITY && old.rlim_max < entry->hard)
		new.rlim_max = old.rlim_max;
	if (new.rlim_max < new.rlim_cur)
		new.rlim_cur = new.rlim_max;
	return libc_setrlimit(entry->which, &new) < 0 ? err_sys(err, errno, "set a limit") : 0;
}

int limits_set(const struct limits_entry *entries, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = limits_one(&entries[i], err);
	return r;
}
