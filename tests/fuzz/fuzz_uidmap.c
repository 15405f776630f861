/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An id that comes out is a number that went in, and one that chown(2) takes for an id. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	uint32_t id = 4711;
	char digits[16];
	int r = procfs_map_root(text, size, &id);

	if (r != 1 && (id != 4711 || (r != 0 && r != -EINVAL)))
		abort();
	(void)snprintf(digits, sizeof(digits), "%" PRIu32, id);
	if (r == 1 && (id == UINT32_MAX || memmem(text, size, digits, strlen(digits)) == NULL))
		abort();
	if (procfs_map_is_initial(text, size) && (r != 1 || id != 0))
		abort();
	return 0;
}
