/* SPDX-License-Identifier: Apache-2.0 */
#include "host/drivercalls.h"

#define AS_NAME(number, name) name,

const char *drivercalls_name(unsigned number)
{
	static const char *const names[] = {DRIVERCALLS(AS_NAME)};

	return number < DRIVERCALLS_N ? names[number] : "?";
}
