/* SPDX-License-Identifier: Apache-2.0 */
#include "render/opwords.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

const struct opwords_flag opwords_flags[] = {
	{OP_DIR, "dir"},
	{OP_IF_ABSENT, "if-absent"},
	{OP_RDONLY, "ro"},
	{OP_NOSUID, "nosuid"},
	{OP_NOEXEC, "noexec"},
	{OP_NODEV, "nodev"},
	{0, NULL},
};

void opwords_from(const struct inventory *inv, const struct op *op, struct strbuf *out)
{
	if (op->row != NO_ROW && op->row < inv->rows.n) {
		const struct row *row = &inv->rows.items[op->row];

		strbuf_addf(out, "%s:%u", inv->files.items[row->file].name, row->line);
	} else if (op->why != NULL) {
		strbuf_adds(out, op->why);
	}
}

void opwords_show(struct strbuf *out, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	auto_free char *shown = malloc(size);

	if (shown == NULL) {
		out->failed = true;
		return;
	}
	str_escape(text, shown, size);
	strbuf_adds(out, shown);
}
