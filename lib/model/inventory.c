/* SPDX-License-Identifier: Apache-2.0 */
#include "model/inventory.h"

#include <stdlib.h>
#include <string.h>

struct inventory *inventory_new(void)
{
	return calloc(1, sizeof(struct inventory));
}

void item_done(struct item *item)
{
	free(item->source);
	free(item->target);
	free(item->link);
	free(item->elf.soname);
	*item = (struct item){0};
}

static void platform_done(struct platform *platform)
{
	fact_done(&platform->model);
	fact_done(&platform->soc);
	fact_done(&platform->chip_id);
	fact_done(&platform->module);
	fact_done(&platform->board);
	fact_done(&platform->l4t);
	fact_done(&platform->jetpack);
	fact_done(&platform->cuda);
	fact_done(&platform->driver);
	fact_done(&platform->gpu);
	fact_done(&platform->gpu_arch);
	fact_done(&platform->compute);
	fact_done(&platform->cuda_name);
	strv_done(&platform->looked);
}

void inventory_free(struct inventory *inv)
{
	if (inv == NULL)
		return;
	platform_done(&inv->platform);
	driver_done(&inv->driver);
	free(inv->list_dir);
	vec_each(file, &inv->files)
	{
		free(file->path);
		free(file->name);
		free(file->error);
	}
	vec_done(&inv->files);
	vec_each(row, &inv->rows)
	{
		free(row->path);
		free(row->reason);
	}
	vec_done(&inv->rows);
	vec_each(item, &inv->items) item_done(item);
	vec_done(&inv->items);
	vec_each(extra, &inv->extras) item_done(extra);
	vec_done(&inv->extras);
	for (size_t i = 0; i < ROOT_MAX; i++)
		free(inv->roots[i]);
	free(inv);
}

const char *row_type_name(enum row_type type)
{
	static const char *const names[] = {"lib", "dir", "dev", "sym", "unknown"};

	return names[type];
}

const char *row_state_name(enum row_state state)
{
	static const char *const names[] = {"found", "missing", "refused", "malformed"};

	return names[state];
}

const char *item_kind_name(enum item_kind kind)
{
	static const char *const names[] = {"file", "dir", "device", "link", "socket"};

	return names[kind];
}
