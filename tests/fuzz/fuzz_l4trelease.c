/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/l4trelease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct l4trelease release;

	if (l4trelease_parse((const char *)data, size, &release, NULL) < 0)
		return 0;
	if (strnlen(release.board, sizeof(release.board)) == sizeof(release.board) ||
	    strnlen(release.lib_dir, sizeof(release.lib_dir)) == sizeof(release.lib_dir) ||
	    (release.lib_dir[0] != '/' && release.lib_dir[0] != '\0'))
		abort();
	return 0;
}
