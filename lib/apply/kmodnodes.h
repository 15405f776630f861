/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of the driver that nobody has made yet, below the driver root's /dev: never over an object,
 * never by way of a link. */
#ifndef APPLY_KMODNODES_H
#define APPLY_KMODNODES_H

#include <stdbool.h>

#include "host/host.h"

/** Makes the missing nodes of what inv->driver has, with the modes that the driver's params and
 *  capabilities say, unless they say that files are not to be made. channel: also that of IMEX
 *  channel 0. Failures are told in the log. */
int kmodnodes_make(const struct host *host, struct inventory *inv, bool channel, struct err *err);

#endif
