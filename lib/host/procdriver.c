/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

int host_read_driver(const struct host *host, struct inventory *inv, struct err *err)
{
	(void)host;
	(void)inv;
	(void)err;
	return 0;
}
