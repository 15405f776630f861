/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation with the driver child: one request, one answer. */
#ifndef HOST_DRIVERASK_H
#define HOST_DRIVERASK_H

#include <stddef.h>

#include "driver_proto.h"
#include "host/host.h"

/** Starts nvc-driver, asks it for everything, and ends it. The answer as the bytes that came (the
 *  caller frees them) and read (driveranswer_done()). Errors name the call: -ETIMEDOUT,
 *  -EPROTO; -EIO: the library itself gave an error; others: the child cannot be started. */
int driverask(const struct host *host, char **ret_frame, size_t *ret_len, proto_message *ret,
	      struct err *err);

#endif
