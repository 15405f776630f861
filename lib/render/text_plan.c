/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "render/opwords.h"
#include "render/text.h"

#define MAX_PLACE 76u /* columns for what goes where; longer ones push the rest to the right */

static void add_flags(struct strbuf *out, unsigned flags)
{
	size_t start = out->len;

	for (const struct opwords_flag *f = opwords_flags; f->flag != 0; f++) {
		if ((flags & f->flag) != 0)
			strbuf_addf(out, "%s%s", out->len == start ? "" : ",", f->name);
	}
	if (out->len == start)
		strbuf_addc(out, '-');
}

static void add_source(struct strbuf *out, const struct inventory *inv, const struct op *op)
{
	bool other_root = op->root >= ROOT_ALT && op->root < ROOT_MAX;

	if (op->source == NULL || (!other_root && strcmp(op->source, op->target) == 0))
		return;
	strbuf_adds(out, " <- ");
	if (other_root && inv->roots[op->root] != NULL)
		opwords_show(out, inv->roots[op->root]);
	opwords_show(out, op->source);
}

/* What goes where. */
static void add_place(struct strbuf *out, const struct inventory *inv, const struct op *op)
{
	if (op->kind == OP_LDCACHE) {
		for (size_t i = 0; i < op->dirs.n; i++) {
			strbuf_adds(out, i == 0 ? "" : " ");
			opwords_show(out, op->dirs.items[i]);
		}
		return;
	}
	opwords_show(out, op->target);
	if (op->kind == OP_LINK) {
		strbuf_adds(out, " -> ");
		opwords_show(out, op->link);
	}
	add_source(out, inv, op);
	if (op->kind == OP_DEVICE)
		strbuf_addf(out, " %u:%u %04o", major(op->rdev), minor(op->rdev),
			    (unsigned)op->mode);
	if (op->kind == OP_DEVICE && op->gid != 0)
		strbuf_addf(out, " gid %u", (unsigned)op->gid);
	if (op->kind == OP_FILE)
		strbuf_addf(out, " %04o %zu bytes", (unsigned)op->mode,
			    op->content == NULL ? 0 : strlen(op->content));
}

struct widths {
	size_t flags, place;
};

static void widen(size_t *width, size_t len, size_t max)
{
	if (len > *width && len <= max)
		*width = len;
}

static struct widths measure(const struct inventory *inv, const struct plan *plan)
{
	struct widths widths = {1, 1};

	vec_each(op, &plan->ops)
	{
		auto_done(strbuf) struct strbuf flags = {0};
		auto_done(strbuf) struct strbuf place = {0};

		add_flags(&flags, op->flags);
		widen(&widths.flags, flags.len, SIZE_MAX);
		add_place(&place, inv, op);
		if (op->kind != OP_LDCACHE)
			widen(&widths.place, place.len, MAX_PLACE);
	}
	return widths;
}

static void add_op(struct strbuf *out, const struct inventory *inv, const struct op *op,
		   struct widths widths)
{
	auto_done(strbuf) struct strbuf flags = {0};
	auto_done(strbuf) struct strbuf place = {0};
	auto_done(strbuf) struct strbuf from = {0};

	add_flags(&flags, op->flags);
	add_place(&place, inv, op);
	opwords_from(inv, op, &from);
	out->failed |= flags.failed || place.failed || from.failed;
	if (out->failed)
		return;
	strbuf_addf(out, "%-7s %-*s ", op_kind_name(op->kind), (int)widths.flags, flags.data);
	if (from.len == 0) {
		strbuf_addf(out, "%s\n", place.data);
		return;
	}
	strbuf_addf(out, "%-*s  ", (int)widths.place, place.data);
	opwords_show(out, from.data);
	strbuf_addc(out, '\n');
}

static void add_lines(struct strbuf *out, const char *word, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		strbuf_addf(out, "%-8s", word);
		opwords_show(out, lines->items[i]);
		strbuf_addc(out, '\n');
	}
}

void text_plan(const struct inventory *inv, const struct plan *plan, struct strbuf *out)
{
	struct widths widths = measure(inv, plan);

	if (plan->empty_request)
		strbuf_adds(out, "nothing: no GPU was asked for\n");
	vec_each(op, &plan->ops) add_op(out, inv, op, widths);
	for (size_t i = 0; i < plan->gids.n; i++)
		strbuf_addf(out, "group   %u\n", (unsigned)plan->gids.items[i]);
	add_lines(out, "warning", &plan->warnings);
	add_lines(out, "note", &plan->notes);
}
