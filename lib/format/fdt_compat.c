/* SPDX-License-Identifier: Apache-2.0 */
#include "format/fdt_compat.h"

#include <errno.h>
#include <string.h>

int fdt_strings_parse(const char *data, size_t len, struct strv *ret, struct err *err)
{
	struct strv list = {0};
	const char *end = data + len;

	if (len > FDT_MAX_BYTES)
		return err_set(err, EINVAL, "read the device tree strings: more than %u bytes",
			       FDT_MAX_BYTES);
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\0' && (data[i] < 0x20 || data[i] >= 0x7f))
			return err_set(err, EINVAL,
				       "read the device tree strings: byte %zu is not printable",
				       i);
	}
	while (data < end) {
		size_t one = strnlen(data, (size_t)(end - data));

		if (one > 0 && strv_addn(&list, data, one) < 0) {
			strv_done(&list);
			return err_nomem(err);
		}
		data += one + 1;
	}
	*ret = list;
	return 0;
}
