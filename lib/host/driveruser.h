/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the driver child runs as. */
#ifndef HOST_DRIVERUSER_H
#define HOST_DRIVERUSER_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/host.h"

struct driveruser {
	bool change; /* false: the caller, who is not root, stays himself */
	bool must;   /* by the settings */
	uid_t uid;
	gid_t gid;
};

/** settings->user, "UID[:GID]" in numbers or names of the machine's /etc/passwd and /etc/group;
 * NULL = nobody's ids. -EINVAL: no such user or group. */
int driveruser_find(const struct host *host, struct driveruser *ret, struct err *err);

#endif
