/* SPDX-License-Identifier: Apache-2.0 */
#include "render/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/path.h"
#include "plan/pathmap.h"
#include "render/listcount.h"
#include "render/opwords.h"

#define LABEL_WIDTH 20

static void add_fact(struct strbuf *out, const char *label, const struct fact *fact)
{
	if (fact->value == NULL) {
		strbuf_addf(out, "%-*snot known\n", LABEL_WIDTH, label);
		return;
	}
	strbuf_addf(out, "%-*s", LABEL_WIDTH, label);
	opwords_show(out, fact->value);
	strbuf_adds(out, "  (");
	opwords_show(out, fact->source);
	strbuf_adds(out, ")\n");
}

static void add_platform(struct strbuf *out, const struct platform *platform)
{
	add_fact(out, "Board:", &platform->board);
	add_fact(out, "Model:", &platform->model);
	add_fact(out, "Module:", &platform->module);
	add_fact(out, "SoC:", &platform->soc);
	add_fact(out, "Chip:", &platform->chip_id);
	add_fact(out, "L4T:", &platform->l4t);
	add_fact(out, "JetPack:", &platform->jetpack);
	add_fact(out, "Driver:", &platform->driver);
	add_fact(out, "CUDA:", &platform->cuda);
	add_fact(out, "GPU:", &platform->gpu);
	add_fact(out, "GPU architecture:", &platform->gpu_arch);
	add_fact(out, "Compute capability:", &platform->compute);
	add_fact(out, "CUDA device name:", &platform->cuda_name);
}

static void add_looked(struct strbuf *out, const struct platform *platform)
{
	strbuf_adds(out, "This machine has no GPU that can be given to a container: no driver of "
			 "NVIDIA's is loaded,\nand it is no Tegra.\nLooked at:\n");
	for (size_t i = 0; i < platform->looked.n; i++) {
		strbuf_adds(out, "  ");
		opwords_show(out, platform->looked.items[i]);
		strbuf_addc(out, '\n');
	}
}

static void add_list(struct strbuf *out, const struct list_file *file, const struct listcount *c,
		     int width)
{
	auto_done(strbuf) struct strbuf name = {0};

	opwords_show(&name, file->name);
	out->failed |= name.failed;
	strbuf_addf(out, "  %-*s", width, name.data == NULL ? "" : name.data);
	if (!file->read) {
		strbuf_adds(out, "  not used: ");
		opwords_show(out, file->error == NULL ? "not read" : file->error);
		strbuf_addc(out, '\n');
		return;
	}
	strbuf_addf(out, " %6zu %6zu %9zu %7zu %7zu %9zu", file->n_rows, c->found, c->duplicate,
		    c->missing, c->refused, c->malformed);
	if (!listcount_selected(file, c))
		strbuf_adds(out, "  not selected");
	strbuf_addc(out, '\n');
}

static void add_lists(struct strbuf *out, const struct inventory *inv, const struct plan *plan)
{
	auto_free struct listcount *counts = listcount_new(inv, plan);
	int width = 12;

	if (counts == NULL) {
		out->failed = true;
		return;
	}
	strbuf_addf(out, "\n%-*s", LABEL_WIDTH, "Mount lists:");
	opwords_show(out, inv->list_dir == NULL ? "none" : inv->list_dir);
	if (!inv->list_dir_found || inv->files.n == 0) {
		strbuf_adds(out, inv->list_dir_found ? "  (no *.csv there)\n" : "  (not there)\n");
		return;
	}
	vec_each(file, &inv->files)
	{
		if (strlen(file->name) < 60 && (int)strlen(file->name) > width)
			width = (int)strlen(file->name);
	}
	strbuf_addf(out, "\n  %-*s   rows  found duplicate missing refused malformed\n", width,
		    "list");
	for (size_t i = 0; i < inv->files.n; i++)
		add_list(out, &inv->files.items[i], &counts[i], width);
}

static void add_node(struct strbuf *out, const char *path, const struct item *item)
{
	auto_done(strbuf) struct strbuf name = {0};

	opwords_show(&name, path);
	out->failed |= name.failed;
	strbuf_addf(out, "  %-28s %3u:%-5u %04o %u:%u\n", name.data == NULL ? "" : name.data,
		    major(item->rdev), minor(item->rdev), (unsigned)item->mode & 07777u,
		    (unsigned)item->uid, (unsigned)item->gid);
}

static void add_nodes(struct strbuf *out, const struct inventory *inv)
{
	struct pathmap seen = {0};
	auto_done(strbuf) struct strbuf nodes = {0};
	size_t n = 0;

	vec_each(item, &inv->items)
	{
		int rc = 0;

		if (item->kind == ITEM_DEVICE)
			rc = pathmap_put(&seen, item->target, NO_ROW, NULL);
		if (rc < 0)
			out->failed = true;
		if (rc <= 0)
			continue;
		n++;
		add_node(&nodes, item->target, item);
	}
	pathmap_done(&seen);
	out->failed |= nodes.failed;
	strbuf_addf(out, "\n%-*s%zu present\n", LABEL_WIDTH, "Device nodes:", n);
	strbuf_adds(out, nodes.data == NULL ? "" : nodes.data);
}

static void add_notes(struct strbuf *out, const struct plan *plan)
{
	for (size_t i = 0; plan != NULL && i < plan->notes.n; i++) {
		strbuf_adds(out, "note: ");
		opwords_show(out, plan->notes.items[i]);
		strbuf_addc(out, '\n');
	}
}

static void add_machine(struct strbuf *out, const struct inventory *inv)
{
	bool driver = inv->driver.loaded || inv->driver.wsl;

	if (driver)
		text_driver(inv, true, out);
	if (inv->platform.kind != PLATFORM_NONE) {
		strbuf_adds(out, driver ? "\n" : "");
		add_platform(out, &inv->platform);
	} else if (!driver) {
		add_looked(out, &inv->platform);
	}
}

void text_info(const struct inventory *inv, const struct plan *plan, struct strbuf *out)
{
	bool only_driver =
		inv->platform.kind == PLATFORM_NONE && (inv->driver.loaded || inv->driver.wsl);

	add_machine(out, inv);
	/* a machine with a driver of its own lacks nothing when it has no lists */
	if (inv->list_dir_found || !only_driver)
		add_lists(out, inv, plan);
	if (inv->platform.kind != PLATFORM_NONE || inv->items.n > 0)
		add_nodes(out, inv);
	if (plan != NULL && plan->notes.n > 0)
		strbuf_addc(out, '\n');
	add_notes(out, plan);
}

void text_fact(const char *label, const char *value, struct strbuf *out)
{
	strbuf_addf(out, "%-*s", LABEL_WIDTH, label);
	opwords_show(out, value);
	strbuf_addc(out, '\n');
}

void text_settings(const struct settings *settings, struct strbuf *out)
{
	const char *label = "Alternate roots:";

	for (size_t i = 0; i < settings->alt_roots.n; i++) {
		text_fact(label, settings->alt_roots.items[i], out);
		label = "";
	}
	label = "Path map:";
	vec_each(rule, &settings->path_map)
	{
		strbuf_addf(out, "%-*s", LABEL_WIDTH, label);
		opwords_show(out, rule->from);
		strbuf_adds(out, " -> ");
		opwords_show(out, rule->to);
		strbuf_addc(out, '\n');
		label = "";
	}
}

void text_rows(const struct inventory *inv, const struct plan *plan, struct strbuf *out)
{
	for (size_t r = 0; r < inv->rows.n; r++) {
		const struct row *row = &inv->rows.items[r];
		const struct row_verdict *verdict = NULL;

		if (plan != NULL && r < plan->verdicts.n)
			verdict = &plan->verdicts.items[r];
		strbuf_addf(out, "%s:%u:%u: %s", inv->files.items[row->file].name, row->line,
			    row->column,
			    verdict == NULL ? row_state_name(row->state)
					    : verdict_name(verdict->verdict));
		if (verdict != NULL && verdict->other != NO_ROW) {
			const struct row *other = &inv->rows.items[verdict->other];

			strbuf_addf(out, " by %s:%u", inv->files.items[other->file].name,
				    other->line);
		}
		strbuf_addf(out, ": %s, ", row_type_name(row->type));
		opwords_show(out, row->path);
		if (row->reason != NULL) {
			strbuf_adds(out, " (");
			opwords_show(out, row->reason);
			strbuf_addc(out, ')');
		}
		strbuf_addc(out, '\n');
	}
}
