/* SPDX-License-Identifier: Apache-2.0 */
#include "format/fdt_compat.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(strv) struct strv list = {0};
	struct err err = {0};
	int r = fdt_strings_parse((const char *)data, size, &list, &err);

	claim((r < 0) == (err.msg[0] != '\0'));
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		claim(list.items[i][0] != '\0');
		for (const char *at = list.items[i]; *at != '\0'; at++)
			claim(*at >= 0x20 && *at < 0x7f);
	}
	return 0;
}
