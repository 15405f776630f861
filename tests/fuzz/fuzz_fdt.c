/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/auto.h"
#include "format/fdt_compat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv list = {0};

	(void)fdt_strings_parse((const char *)data, size, &list, NULL);
	return 0;
}
