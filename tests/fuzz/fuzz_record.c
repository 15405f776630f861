/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is understood must come back the same when written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record first = {0};
	struct record second = {0};
	struct err err = {0};
	char *text;
	char *again;

	if (record_parse((const char *)data, size, &first, &err) < 0)
		return 0;
	text = record_format(&first);
	if (text == NULL || record_parse(text, strlen(text), &second, &err) < 0)
		abort();
	again = record_format(&second);
	if (again == NULL || strcmp(text, again) != 0)
		abort();
	free(text);
	free(again);
	record_done(&first);
	record_done(&second);
	return 0;
}
