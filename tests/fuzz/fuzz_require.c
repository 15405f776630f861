/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "format/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text up to its first newline is compared as versions with the rest, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct require_facts facts = {"12.6", "8.7", "540.3.0", "Tesla", false, true};
	const struct require_facts none = {.any_case = true};
	auto_free char *text = malloc(size + 1);
	struct err err = {0};
	char *rest;
	int ret;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	ret = require_check(text, &facts, &err);
	if ((ret == 1) != (err.msg[0] == '\0'))
		abort();
	if ((require_check(text, &none, NULL) < 0) != (ret < 0))
		abort();
	rest = strchr(text, '\n');
	if (rest != NULL) {
		int forth;
		int back;

		*rest++ = '\0';
		if (require_compare_versions(text, rest, &forth) == 0 &&
		    (require_compare_versions(rest, text, &back) != 0 || forth != -back))
			abort();
	}
	return 0;
}
