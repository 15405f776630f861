/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a message of the driver child can be what it should be. */
#ifndef HOST_DRIVERCHECK_H
#define HOST_DRIVERCHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "driver_proto.h"

/** 0, or -EPROTO with what is wrong. */
int drivercheck_message(const proto_message *message, struct err *err);

/** True for 8-4-4-4-12 hexadecimal digits behind at most that many words of capital letters with a
 *  "-" ("GPU-", "MIG-GPU-"), and with tail for "/1/0" behind them too. */
bool drivercheck_is_uuid(const char *text, unsigned words, bool tail);

#endif
