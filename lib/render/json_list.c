/* SPDX-License-Identifier: Apache-2.0 */
#include "render/json.h"

#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "render/jsonput.h"
#include "render/opwords.h"

static const char *kind_of(const struct op *op)
{
	if (op->kind == OP_LINK)
		return "link";
	if (op->kind == OP_DEVICE)
		return "device";
	if ((op->flags & OP_SOCKET) != 0)
		return "socket";
	return (op->flags & OP_DIR) != 0 ? "directory" : "file";
}

static int put_items(json_t *root, const struct inventory *inv, const struct plan *plan)
{
	json_t *array = jsonput_array(root, "items");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < plan->ops.n; i++) {
		const struct op *op = &plan->ops.items[i];
		json_t *object;

		if (op->kind == OP_LDCACHE || (op->flags & OP_LATER) != 0)
			continue;
		object = jsonput_append(array);
		rc = jsonput_text(object, "path", op->target) ||
		     jsonput_text(object, "kind", kind_of(op)) || jsonput_source(object, inv, op) ||
		     jsonput_provenance(object, inv, op);
		if (rc == 0 && op->link != NULL)
			rc = jsonput_text(object, "link", op->link);
		if (rc == 0 && op->kind == OP_DEVICE)
			rc = jsonput_rdev(object, op->rdev);
	}
	return rc;
}

static int put_row(json_t *array, const struct inventory *inv, size_t index,
		   const struct row_verdict *verdict)
{
	const struct row *row = &inv->rows.items[index];
	json_t *object = jsonput_append(array);
	int rc = jsonput_text(object, "list", inv->files.items[row->file].name) ||
		 jsonput_size(object, "line", row->line) ||
		 jsonput_size(object, "column", row->column) ||
		 jsonput_text(object, "type", row_type_name(row->type)) ||
		 jsonput_text(object, "path", row->path) ||
		 jsonput_text(object, "verdict", verdict_name(verdict->verdict));

	if (rc == 0 && row->reason != NULL)
		rc = jsonput_text(object, "reason", row->reason);
	if (rc == 0 && verdict->other != NO_ROW) {
		const struct row *other = &inv->rows.items[verdict->other];

		rc = jsonput_text(object, "by_list", inv->files.items[other->file].name) ||
		     jsonput_size(object, "by_line", other->line);
	}
	return rc;
}

/* True for each part that brings something: one byte each; the caller frees it. */
static bool *find_used(const struct inventory *inv, const struct plan *plan)
{
	bool *used = calloc(inv->driver.parts.n + 1, sizeof(*used));

	vec_each(op, &plan->ops)
	{
		if (used != NULL && opwords_part(inv, op) != NULL)
			used[op->part] = true;
	}
	return used;
}

static int put_paths(json_t *object, const struct inventory *inv, const struct part *part)
{
	json_t *array = jsonput_array(object, "paths");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = part->first_item;
	     rc == 0 && i < part->first_item + part->n_items && i < inv->items.n; i++)
		rc = json_array_append_new(array, jsonput_string(inv->items.items[i].source));
	return rc < 0 ? -ENOMEM : 0;
}

static const char *service_name(unsigned service)
{
	switch (service) {
	case SERVICE_PERSISTENCED:
		return "persistenced";
	case SERVICE_FABRICMANAGER:
		return "fabricmanager";
	case SERVICE_GSP_FIRMWARE:
		return "gsp-firmware";
	case SERVICE_MPS:
		return "mps";
	default:
		return NULL;
	}
}

static int put_part(json_t *array, const struct inventory *inv, const struct part *part, bool used)
{
	const struct driver *driver = &inv->driver;
	json_t *object = jsonput_append(array);
	int rc = jsonput_text(object, "kind", part_kind_name(part->kind)) ||
		 jsonput_text(object, "name", part->name) ||
		 jsonput_text(object, "why", part->why) || jsonput_caps(object, part->caps) ||
		 jsonput_value(object, "compat32", json_boolean(part->compat32)) ||
		 jsonput_value(object, "used", json_boolean(used)) || put_paths(object, inv, part);

	if (rc == 0 && service_name(part->service) != NULL)
		rc = jsonput_text(object, "service", service_name(part->service));
	if (rc == 0 && part->gpu < driver->gpus.n)
		rc = jsonput_size(object, "gpu", driver->gpus.items[part->gpu].index);
	if (rc == 0 && part->mig < driver->migs.n)
		rc = jsonput_size(object, "mig", part->mig);
	if (rc == 0 && part->kind == PART_CHANNEL)
		rc = jsonput_size(object, "number", part->number);
	return rc;
}

static int put_parts(json_t *root, const struct inventory *inv, const struct plan *plan)
{
	auto_free bool *used = find_used(inv, plan);
	json_t *array = jsonput_array(root, "parts");
	int rc = used == NULL || array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < inv->driver.parts.n; i++)
		rc = put_part(array, inv, &inv->driver.parts.items[i], used[i]);
	return rc;
}

static int put_lacks(json_t *root, const struct driver *driver)
{
	json_t *array = jsonput_array(root, "lacks");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < driver->lacks.n; i++) {
		const struct lack *lack = &driver->lacks.items[i];
		json_t *object = jsonput_append(array);

		rc = jsonput_text(object, "name", lack->name) ||
		     jsonput_text(object, "reason", lack->reason) ||
		     jsonput_caps(object, lack->caps);
	}
	return rc;
}

int json_list(const struct inventory *inv, const struct plan *plan, char **ret, struct err *err)
{
	json_t *root = json_object();
	json_t *rows;
	int rc = jsonput_text(root, "schema", "nvc.list/1");

	if (rc == 0)
		rc = put_items(root, inv, plan);
	rows = rc == 0 ? jsonput_array(root, "rows") : NULL;
	if (rows == NULL)
		rc = -ENOMEM;
	for (size_t r = 0; rc == 0 && r < plan->verdicts.n; r++)
		rc = put_row(rows, inv, r, &plan->verdicts.items[r]);
	if (rc == 0)
		rc = put_parts(root, inv, plan) || put_lacks(root, &inv->driver);
	return jsonput_finish(root, rc, ret, err);
}
