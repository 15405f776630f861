/* SPDX-License-Identifier: Apache-2.0 */
#include "render/opwords.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

const struct opwords_flag opwords_flags[] = {
	{OP_DIR, "dir"},       {OP_IF_ABSENT, "if-absent"},
	{OP_RDONLY, "ro"},     {OP_NOSUID, "nosuid"},
	{OP_NOEXEC, "noexec"}, {OP_NODEV, "nodev"},
	{OP_SOCKET, "socket"}, {OP_IN_PROC, "in-proc"},
	{OP_LATER, "later"},   {0, NULL},
};

const struct part *opwords_part(const struct inventory *inv, const struct op *op)
{
	return op->row == NO_ROW && op->part < inv->driver.parts.n
		       ? &inv->driver.parts.items[op->part]
		       : NULL;
}

const char *opwords_part_name(const struct part *part)
{
	return part->name == NULL ? part_kind_name(part->kind) : part->name;
}

void opwords_from(const struct inventory *inv, const struct op *op, struct strbuf *out)
{
	const struct part *part = opwords_part(inv, op);

	if (op->row != NO_ROW && op->row < inv->rows.n) {
		const struct row *row = &inv->rows.items[op->row];

		strbuf_addf(out, "%s:%u", inv->files.items[row->file].name, row->line);
	} else if (op->why != NULL) {
		strbuf_adds(out, op->why);
	} else if (part != NULL) {
		strbuf_addf(out, "%s%s%s", opwords_part_name(part), part->why == NULL ? "" : ": ",
			    part->why == NULL ? "" : part->why);
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
