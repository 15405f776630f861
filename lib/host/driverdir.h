/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder for the driver's answers: that of the settings, or, for who is not root of the machine
 * and has no other by them, one below /run/user/UID, which the machine gives to each user alone.
 * The environment names none: callers have none, and root's could be somebody else's.
 */
#ifndef HOST_DRIVERDIR_H
#define HOST_DRIVERDIR_H

#include <stdbool.h>

#include "host/host.h"

#define DRIVERDIR_USERS "/run/user" /* UID/nvc below it */

/** Opens it; make: if there is none, it is made, for the caller alone. -1: none can be used, which
 *  is said at debug level. Nobody but the caller can write what is opened. */
int driverdir_open(const struct host *host, bool make);

#endif
