/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of sysfilter.c and sysrefuse.c where libseccomp is not to be had: NVC_SECCOMP=OFF.
 */
#include <errno.h>
#include <stddef.h>

#include "sys/sysfilter.h"

const char *const sysfilter_ldconfig[] = {NULL};
const char *const sysfilter_sync[] = {NULL};

bool sysfilter_built(void)
{
	return false;
}

static int sysfilter_absent(struct err *err)
{
	return err_set(err, ENOSYS, "load a system call filter: this build has none");
}

int sysfilter_allow(const char *const *names, struct err *err)
{
	(void)names;
	return sysfilter_absent(err);
}

int sysfilter_allow_but(const char *const *names, const char *const *done, struct err *err)
{
	(void)names;
	(void)done;
	return sysfilter_absent(err);
}

int sysfilter_allow_when(const char *const *names, const struct sysfilter_rule *rules,
			 struct err *err)
{
	(void)names;
	(void)rules;
	return sysfilter_absent(err);
}

int sysfilter_deny(const char *const *names, int code, struct err *err)
{
	(void)names;
	(void)code;
	return sysfilter_absent(err);
}

int sysfilter_refuse(const struct sysfilter_rule *const *lists, struct err *err)
{
	(void)lists;
	return sysfilter_absent(err);
}
