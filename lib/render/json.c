/* SPDX-License-Identifier: Apache-2.0 */
#include "render/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/str.h"
#include "plan/pathmap.h"
#include "render/listcount.h"
#include "render/opwords.h"

/* Without memory jansson gives NULL, and takes NULL for an error in turn: so only results of the
 * helpers below are looked at, where anything but 0 means no memory. They are joined by || and not
 * by |, which would leave the order of the members to the compiler. */

/* JSON has no bytes but UTF-8: others are written as \xNN. */
static json_t *text_value(const char *text)
{
	json_t *value;
	size_t size;
	auto_free char *shown = NULL;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	size = strlen(text) * 4 + 1;
	shown = malloc(size);
	if (shown == NULL)
		return NULL;
	str_escape(text, shown, size);
	return json_string(shown);
}

static int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

static int put_text(json_t *object, const char *key, const char *text)
{
	return put(object, key, text_value(text));
}

static int put_size(json_t *object, const char *key, size_t number)
{
	return put(object, key, json_integer((json_int_t)number));
}

static int put_mode(json_t *object, mode_t mode)
{
	auto_free char *text = str_format("%04o", (unsigned)mode & 07777u);

	return text == NULL ? -ENOMEM : put_text(object, "mode", text);
}

static int put_rdev(json_t *object, dev_t rdev)
{
	return put_size(object, "major", major(rdev)) || put_size(object, "minor", minor(rdev));
}

static int put_strv(json_t *object, const char *key, const struct strv *list)
{
	json_t *array = json_array();
	int rc = put(object, key, array);

	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = json_array_append_new(array, text_value(list->items[i]));
	return rc < 0 ? -ENOMEM : 0;
}

/* A new empty array under that name, borrowed; NULL without memory. */
static json_t *put_array(json_t *object, const char *key)
{
	json_t *array = json_array();

	return put(object, key, array) < 0 ? NULL : array;
}

/* A new empty object at the end of an array, borrowed; NULL without memory. */
static json_t *append_object(json_t *array)
{
	json_t *object = json_object();

	return json_array_append_new(array, object) < 0 ? NULL : object;
}

/* json_dump_callback_t */
static int collect(const char *text, size_t len, void *data)
{
	strbuf_add(data, text, len);
	return 0;
}

/* Not json_dumps(): of jansson 2.14 it leaves keys out where its buffer cannot grow, and says
 * nothing. Ours remembers. */
static int finish(json_t *root, int rc, char **ret, struct err *err)
{
	auto_done(strbuf) struct strbuf text = {0};
	char *whole = NULL;

	if (rc == 0 && root != NULL &&
	    json_dump_callback(root, collect, &text, JSON_INDENT(2)) == 0) {
		strbuf_addc(&text, '\n');
		whole = strbuf_take(&text);
	}
	json_decref(root);
	if (whole == NULL)
		return err_nomem(err);
	*ret = whole;
	return 0;
}

static int put_fact(json_t *facts, const char *key, const struct fact *fact)
{
	json_t *object;
	int rc;

	if (fact->value == NULL)
		return put(facts, key, json_null());
	object = json_object();
	rc = put(facts, key, object);
	return rc != 0 ? rc
		       : put_text(object, "value", fact->value) ||
				 put_text(object, "source", fact->source);
}

static int put_facts(json_t *root, const struct platform *platform)
{
	const struct {
		const char *key;
		const struct fact *fact;
	} facts[] = {
		{"board", &platform->board},
		{"model", &platform->model},
		{"module", &platform->module},
		{"soc", &platform->soc},
		{"chip_id", &platform->chip_id},
		{"l4t", &platform->l4t},
		{"jetpack", &platform->jetpack},
		{"driver", &platform->driver},
		{"cuda", &platform->cuda},
		{"gpu", &platform->gpu},
		{"gpu_architecture", &platform->gpu_arch},
		{"compute_capability", &platform->compute},
		{"cuda_name", &platform->cuda_name},
	};
	json_t *object = json_object();
	int rc = put(root, "facts", object);

	for (size_t i = 0; rc == 0 && i < sizeof(facts) / sizeof(facts[0]); i++)
		rc = put_fact(object, facts[i].key, facts[i].fact);
	return rc;
}

static int put_lists(json_t *root, const struct inventory *inv, const struct plan *plan)
{
	auto_free struct listcount *counts = listcount_new(inv, plan);
	json_t *array = put_array(root, "lists");
	int rc = counts == NULL || array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < inv->files.n; i++) {
		const struct list_file *file = &inv->files.items[i];
		const struct listcount *c = &counts[i];
		json_t *object = append_object(array);

		rc = put_text(object, "name", file->name) || put_text(object, "path", file->path) ||
		     put(object, "base", json_boolean(file->base)) ||
		     put(object, "selected", json_boolean(listcount_selected(file, c))) ||
		     put_text(object, "error", file->error) ||
		     put_size(object, "rows", file->n_rows) ||
		     put_size(object, "found", c->found) ||
		     put_size(object, "duplicate", c->duplicate) ||
		     put_size(object, "missing", c->missing) ||
		     put_size(object, "refused", c->refused) ||
		     put_size(object, "malformed", c->malformed);
	}
	return rc;
}

static int put_devices(json_t *root, const struct inventory *inv)
{
	json_t *array = put_array(root, "devices");
	struct pathmap seen = {0};
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < inv->items.n; i++) {
		const struct item *item = &inv->items.items[i];
		json_t *object;
		int added = 0;

		if (item->kind == ITEM_DEVICE)
			added = pathmap_put(&seen, item->target, NO_ROW, NULL);
		if (added <= 0) {
			rc = added;
			continue;
		}
		object = append_object(array);
		rc = put_text(object, "path", item->target) || put_rdev(object, item->rdev) ||
		     put_mode(object, item->mode) || put_size(object, "uid", item->uid) ||
		     put_size(object, "gid", item->gid);
	}
	pathmap_done(&seen);
	return rc;
}

int json_info(const struct inventory *inv, const struct plan *plan, char **ret, struct err *err)
{
	static const struct strv none;
	json_t *root = json_object();
	int rc = put_text(root, "schema", "nvc.info/1");

	if (rc == 0)
		rc = put_text(root, "platform",
			      inv->platform.kind == PLATFORM_TEGRA ? "tegra" : "none");
	if (rc == 0)
		rc = put_facts(root, &inv->platform);
	if (rc == 0)
		rc = put_strv(root, "looked_at", &inv->platform.looked) ||
		     put_text(root, "list_dir", inv->list_dir) ||
		     put(root, "list_dir_found", json_boolean(inv->list_dir_found));
	if (rc == 0)
		rc = put_lists(root, inv, plan);
	if (rc == 0)
		rc = put_devices(root, inv);
	if (rc == 0)
		rc = put_strv(root, "notes", plan == NULL ? &none : &plan->notes);
	return finish(root, rc, ret, err);
}

/* Who asked for it: list and line, or words. */
static int put_provenance(json_t *object, const struct inventory *inv, const struct op *op)
{
	if (op->row == NO_ROW || op->row >= inv->rows.n)
		return op->why == NULL ? 0 : put_text(object, "why", op->why);
	return put_text(object, "list", inv->files.items[inv->rows.items[op->row].file].name) ||
	       put_size(object, "line", inv->rows.items[op->row].line);
}

static int put_source(json_t *object, const struct inventory *inv, const struct op *op)
{
	if (op->source == NULL)
		return 0;
	return put_text(object, "root", op->root < ROOT_MAX ? inv->roots[op->root] : NULL) ||
	       put_text(object, "source", op->source);
}

static const char *kind_of(const struct op *op)
{
	if (op->kind == OP_LINK)
		return "link";
	if (op->kind == OP_DEVICE)
		return "device";
	return (op->flags & OP_DIR) != 0 ? "directory" : "file";
}

static int put_items(json_t *root, const struct inventory *inv, const struct plan *plan)
{
	json_t *array = put_array(root, "items");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < plan->ops.n; i++) {
		const struct op *op = &plan->ops.items[i];
		json_t *object;

		if (op->kind == OP_LDCACHE)
			continue;
		object = append_object(array);
		rc = put_text(object, "path", op->target) ||
		     put_text(object, "kind", kind_of(op)) || put_source(object, inv, op) ||
		     put_provenance(object, inv, op);
		if (rc == 0 && op->link != NULL)
			rc = put_text(object, "link", op->link);
		if (rc == 0 && op->kind == OP_DEVICE)
			rc = put_rdev(object, op->rdev);
	}
	return rc;
}

static int put_row(json_t *array, const struct inventory *inv, size_t index,
		   const struct row_verdict *verdict)
{
	const struct row *row = &inv->rows.items[index];
	json_t *object = append_object(array);
	int rc = put_text(object, "list", inv->files.items[row->file].name) ||
		 put_size(object, "line", row->line) || put_size(object, "column", row->column) ||
		 put_text(object, "type", row_type_name(row->type)) ||
		 put_text(object, "path", row->path) ||
		 put_text(object, "verdict", verdict_name(verdict->verdict));

	if (rc == 0 && row->reason != NULL)
		rc = put_text(object, "reason", row->reason);
	if (rc == 0 && verdict->other != NO_ROW) {
		const struct row *other = &inv->rows.items[verdict->other];

		rc = put_text(object, "by_list", inv->files.items[other->file].name) ||
		     put_size(object, "by_line", other->line);
	}
	return rc;
}

int json_list(const struct inventory *inv, const struct plan *plan, char **ret, struct err *err)
{
	json_t *root = json_object();
	json_t *rows;
	int rc = put_text(root, "schema", "nvc.list/1");

	if (rc == 0)
		rc = put_items(root, inv, plan);
	rows = rc == 0 ? put_array(root, "rows") : NULL;
	if (rows == NULL)
		rc = -ENOMEM;
	for (size_t r = 0; rc == 0 && r < plan->verdicts.n; r++)
		rc = put_row(rows, inv, r, &plan->verdicts.items[r]);
	return finish(root, rc, ret, err);
}

static int put_request(json_t *root, const struct request *request)
{
	static const char *const lists[] = {"default", "all", "base"};
	json_t *object = json_object();

	if (put(root, "request", object) < 0)
		return -ENOMEM;
	return put_text(object, "mode", request_devices_name(request->mode)) ||
	       put_strv(object, "devices", &request->devices) ||
	       put_strv(object, "requires", &request->requires) ||
	       put(object, "disable_require", json_boolean(request->disable_require)) ||
	       put_text(object, "lists", lists[request->lists]) ||
	       put_text(object, "origin", request->origin) ||
	       put_text(object, "refused", request->refused);
}

static int put_flags(json_t *object, unsigned flags)
{
	json_t *array = put_array(object, "flags");
	int rc = array == NULL ? -ENOMEM : 0;

	for (const struct opwords_flag *f = opwords_flags; rc == 0 && f->flag != 0; f++) {
		if ((flags & f->flag) != 0 &&
		    json_array_append_new(array, json_string(f->name)) < 0)
			rc = -ENOMEM;
	}
	return rc;
}

static int put_libraries(json_t *object, const struct op *op)
{
	json_t *array = put_array(object, "libraries");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < op->libraries.n; i++) {
		const struct op_library *library = &op->libraries.items[i];
		json_t *each = append_object(array);

		rc = put_text(each, "soname", library->soname) ||
		     put_text(each, "path", library->path) || put_text(each, "file", library->file);
	}
	return rc;
}

static int put_op(json_t *array, const struct inventory *inv, const struct op *op)
{
	json_t *object = append_object(array);
	int rc = put_text(object, "op", op_kind_name(op->kind)) || put_flags(object, op->flags);

	if (rc == 0 && op->target != NULL)
		rc = put_text(object, "target", op->target);
	if (rc == 0)
		rc = put_source(object, inv, op);
	if (rc == 0 && op->link != NULL)
		rc = put_text(object, "link", op->link);
	if (rc == 0 && op->kind == OP_FILE)
		rc = (op->content != NULL && put_text(object, "content", op->content)) ||
		     put_mode(object, op->mode);
	if (rc == 0 && op->kind == OP_DEVICE)
		rc = put_rdev(object, op->rdev) || put_mode(object, op->mode) ||
		     put_size(object, "gid", op->gid);
	if (rc == 0 && op->kind == OP_LDCACHE)
		rc = put_strv(object, "dirs", &op->dirs) || put_libraries(object, op);
	return rc != 0 ? rc : put_provenance(object, inv, op);
}

int json_plan(const struct inventory *inv, const struct request *request, const struct plan *plan,
	      char **ret, struct err *err)
{
	json_t *root = json_object();
	json_t *ops = NULL;
	json_t *groups = NULL;
	int rc = put_text(root, "schema", "nvc.plan/1");

	if (rc == 0)
		rc = put_request(root, request);
	if (rc == 0) {
		ops = put_array(root, "operations");
		groups = put_array(root, "groups");
	}
	if (ops == NULL || groups == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < plan->ops.n; i++)
		rc = put_op(ops, inv, &plan->ops.items[i]);
	for (size_t i = 0; rc == 0 && i < plan->gids.n; i++)
		rc = json_array_append_new(groups, json_integer((json_int_t)plan->gids.items[i]));
	if (rc == 0)
		rc = put_strv(root, "notes", &plan->notes);
	return finish(root, rc, ret, err);
}
