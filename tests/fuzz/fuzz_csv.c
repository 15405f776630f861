/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bounds {
	const char *text;
	size_t len;
	unsigned line;
};

static int check_row(void *arg, const struct csv_row *row)
{
	struct bounds *bounds = arg;

	if (row->path < bounds->text || row->path_len == 0 || row->line <= bounds->line ||
	    row->column == 0 || (size_t)(row->path - bounds->text) + row->path_len > bounds->len ||
	    (row->fault != NULL) != (row->type == CSV_MALFORMED))
		abort();
	if (row->fault == NULL && memchr(row->path, '\n', row->path_len) != NULL)
		abort();
	bounds->line = row->line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bounds bounds = {(const char *)data, size, 0};

	(void)csv_parse((const char *)data, size, check_row, &bounds, NULL);
	return 0;
}
