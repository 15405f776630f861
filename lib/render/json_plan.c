/* SPDX-License-Identifier: Apache-2.0 */
#include "render/json.h"

#include <errno.h>

#include "base/auto.h"
#include "render/jsonput.h"
#include "render/opwords.h"

struct word {
	bool is;
	const char *text; /* NULL = behind the last */
};

static int put_words(json_t *object, const char *key, const struct word *words)
{
	json_t *array = jsonput_array(object, key);
	int rc = array == NULL ? -ENOMEM : 0;

	for (; rc == 0 && words->text != NULL; words++) {
		if (words->is)
			rc = json_array_append_new(array, json_string(words->text));
	}
	return rc < 0 ? -ENOMEM : 0;
}

/* What a request can have beside GPUs. */
static int put_extras(json_t *object, const struct request *request)
{
	const struct word extras[] = {
		{request->gds, "gds"},
		{request->mofed, "mofed"},
		{request->nvswitch, "nvswitch"},
		{request->gdrcopy, "gdrcopy"},
		{request->mig_config, "mig-config"},
		{request->mig_monitor, "mig-monitor"},
		{false, NULL},
	};
	const struct word without[] = {
		{(request->without & SERVICE_PERSISTENCED) != 0, "persistenced"},
		{(request->without & SERVICE_FABRICMANAGER) != 0, "fabricmanager"},
		{(request->without & SERVICE_GSP_FIRMWARE) != 0, "gsp-firmware"},
		{(request->without & SERVICE_MPS) != 0, "mps"},
		{false, NULL},
	};

	return put_words(object, "extras", extras) ||
	       jsonput_strv(object, "channels", &request->channels) ||
	       put_words(object, "without", without);
}

static int put_request(json_t *root, const struct request *request)
{
	static const char *const lists[] = {"default", "all", "base"};
	static const char *const compat[] = {"default", "auto", "host"};
	static const char *const missing[] = {"default", "fail", "start"};
	json_t *object = json_object();

	if (jsonput_value(root, "request", object) < 0)
		return -ENOMEM;
	return jsonput_text(object, "mode", request_devices_name(request->mode)) ||
	       jsonput_strv(object, "devices", &request->devices) ||
	       jsonput_caps(object, request->caps) ||
	       jsonput_strv(object, "requires", &request->requires) ||
	       jsonput_value(object, "disable_require", json_boolean(request->disable_require)) ||
	       jsonput_value(object, "legacy_image", json_boolean(request->legacy_image)) ||
	       jsonput_text(object, "lists", lists[request->lists]) ||
	       put_extras(object, request) ||
	       jsonput_text(object, "compat", compat[request->compat]) ||
	       jsonput_text(object, "missing", missing[request->missing]) ||
	       jsonput_text(object, "origin", request->origin) ||
	       jsonput_text(object, "refused", request->refused);
}

static int put_flags(json_t *object, unsigned flags)
{
	json_t *array = jsonput_array(object, "flags");
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
	json_t *array = jsonput_array(object, "libraries");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < op->libraries.n; i++) {
		const struct op_library *library = &op->libraries.items[i];
		json_t *each = jsonput_append(array);

		rc = jsonput_text(each, "soname", library->soname) ||
		     jsonput_text(each, "path", library->path) ||
		     jsonput_text(each, "file", library->file);
	}
	return rc;
}

static int put_op(json_t *array, const struct inventory *inv, const struct op *op)
{
	json_t *object = jsonput_append(array);
	int rc = jsonput_text(object, "op", op_kind_name(op->kind)) || put_flags(object, op->flags);

	if (rc == 0 && op->target != NULL)
		rc = jsonput_text(object, "target", op->target);
	if (rc == 0)
		rc = jsonput_source(object, inv, op);
	if (rc == 0 && op->link != NULL)
		rc = jsonput_text(object, "link", op->link);
	if (rc == 0 && op->kind == OP_FILE)
		rc = (op->content != NULL && jsonput_text(object, "content", op->content)) ||
		     jsonput_mode(object, op->mode);
	if (rc == 0 && op->kind == OP_DEVICE)
		rc = jsonput_rdev(object, op->rdev) || jsonput_mode(object, op->mode) ||
		     jsonput_size(object, "gid", op->gid);
	if (rc == 0 && op->kind == OP_LDCACHE)
		rc = jsonput_strv(object, "dirs", &op->dirs) || put_libraries(object, op);
	return rc != 0 ? rc : jsonput_provenance(object, inv, op);
}

int json_plan(const struct inventory *inv, const struct request *request, const struct plan *plan,
	      char **ret, struct err *err)
{
	json_t *root = json_object();
	json_t *ops = NULL;
	json_t *groups = NULL;
	int rc = jsonput_text(root, "schema", "nvc.plan/1");

	if (rc == 0)
		rc = put_request(root, request);
	if (rc == 0) {
		ops = jsonput_array(root, "operations");
		groups = jsonput_array(root, "groups");
	}
	if (ops == NULL || groups == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < plan->ops.n; i++)
		rc = put_op(ops, inv, &plan->ops.items[i]);
	for (size_t i = 0; rc == 0 && i < plan->gids.n; i++)
		rc = json_array_append_new(groups, json_integer((json_int_t)plan->gids.items[i]));
	if (rc == 0)
		rc = jsonput_strv(root, "warnings", &plan->warnings) ||
		     jsonput_strv(root, "notes", &plan->notes);
	return jsonput_finish(root, rc, ret, err);
}
