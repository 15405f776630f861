/* SPDX-License-Identifier: Apache-2.0 */
#include "render/json.h"

#include <errno.h>

#include "base/auto.h"
#include "plan/pathmap.h"
#include "render/jsonput.h"
#include "render/listcount.h"

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
	int rc = jsonput_value(root, "facts", object);

	for (size_t i = 0; rc == 0 && i < sizeof(facts) / sizeof(facts[0]); i++)
		rc = jsonput_fact(object, facts[i].key, facts[i].fact);
	return rc;
}

static json_t *integer_or_null(int number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static int put_gpus(json_t *root, const struct driver *driver)
{
	json_t *array = jsonput_array(root, "gpus");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < driver->gpus.n; i++) {
		const struct gpu *gpu = &driver->gpus.items[i];
		json_t *object = jsonput_append(array);

		rc = jsonput_size(object, "index", gpu->index) ||
		     jsonput_text(object, "kind", gpu_kind_name(gpu->kind)) ||
		     jsonput_value(object, "minor", integer_or_null(gpu->minor)) ||
		     jsonput_text(object, "uuid", gpu->uuid) ||
		     jsonput_text(object, "bus_id", gpu->busid) ||
		     jsonput_text(object, "model", gpu->model) ||
		     jsonput_text(object, "brand", gpu->brand) ||
		     jsonput_text(object, "compute_capability", gpu->compute) ||
		     jsonput_value(object, "mig_capable", json_boolean(gpu->mig_capable)) ||
		     jsonput_value(object, "mig", json_boolean(gpu->mig)) ||
		     jsonput_text(object, "source", gpu->source);
	}
	return rc;
}

static int put_migs(json_t *root, const struct driver *driver)
{
	json_t *array = jsonput_array(root, "mig_devices");
	int rc = array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < driver->migs.n; i++) {
		const struct mig *mig = &driver->migs.items[i];
		const struct gpu *gpu =
			mig->gpu < driver->gpus.n ? &driver->gpus.items[mig->gpu] : NULL;
		json_t *object = jsonput_append(array);

		rc = jsonput_value(object, "gpu",
				   integer_or_null(gpu == NULL ? -1 : (int)gpu->index)) ||
		     jsonput_value(object, "index", integer_or_null(mig->index)) ||
		     jsonput_size(object, "gi", mig->gi) || jsonput_size(object, "ci", mig->ci) ||
		     jsonput_text(object, "uuid", mig->uuid);
	}
	return rc;
}

static int put_driver(json_t *root, const struct driver *driver)
{
	json_t *object = json_object();

	return jsonput_value(root, "driver", object) ||
	       jsonput_value(object, "loaded", json_boolean(driver->loaded)) ||
	       jsonput_value(object, "wsl", json_boolean(driver->wsl)) ||
	       jsonput_value(object, "asked", json_boolean(driver->asked)) ||
	       jsonput_fact(object, "version", &driver->version) ||
	       jsonput_fact(object, "cuda", &driver->cuda) ||
	       jsonput_text(object, "slow", driver->slow) || put_gpus(root, driver) ||
	       put_migs(root, driver);
}

static int put_lists(json_t *root, const struct inventory *inv, const struct plan *plan)
{
	auto_free struct listcount *counts = listcount_new(inv, plan);
	json_t *array = jsonput_array(root, "lists");
	int rc = counts == NULL || array == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < inv->files.n; i++) {
		const struct list_file *file = &inv->files.items[i];
		const struct listcount *c = &counts[i];
		json_t *object = jsonput_append(array);

		rc = jsonput_text(object, "name", file->name) ||
		     jsonput_text(object, "path", file->path) ||
		     jsonput_value(object, "base", json_boolean(file->base)) ||
		     jsonput_value(object, "selected", json_boolean(listcount_selected(file, c))) ||
		     jsonput_text(object, "error", file->error) ||
		     jsonput_size(object, "rows", file->n_rows) ||
		     jsonput_size(object, "found", c->found) ||
		     jsonput_size(object, "duplicate", c->duplicate) ||
		     jsonput_size(object, "missing", c->missing) ||
		     jsonput_size(object, "refused", c->refused) ||
		     jsonput_size(object, "malformed", c->malformed);
	}
	return rc;
}

static int put_devices(json_t *root, const struct inventory *inv)
{
	json_t *array = jsonput_array(root, "devices");
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
		object = jsonput_append(array);
		rc = jsonput_text(object, "path", item->target) ||
		     jsonput_rdev(object, item->rdev) || jsonput_mode(object, item->mode) ||
		     jsonput_size(object, "uid", item->uid) ||
		     jsonput_size(object, "gid", item->gid);
	}
	pathmap_done(&seen);
	return rc;
}

/* Where else files come from, and where they go: by config.toml, or by the build. */
static int put_places(json_t *root, const struct settings *settings)
{
	auto_done(strv) struct strv map = {0};

	vec_each(rule, &settings->path_map)
	{
		if (strv_addf(&map, "%s:%s", rule->from, rule->to) < 0)
			return -ENOMEM;
	}
	return jsonput_strv(root, "alt_roots", &settings->alt_roots) ||
	       jsonput_strv(root, "path_map", &map);
}

int json_info(const struct inventory *inv, const struct plan *plan, const struct settings *settings,
	      char **ret, struct err *err)
{
	static const struct strv none;
	json_t *root = json_object();
	int rc = jsonput_text(root, "schema", "nvc.info/1");

	if (rc == 0)
		rc = jsonput_text(root, "platform",
				  inv->platform.kind == PLATFORM_TEGRA ? "tegra" : "none");
	if (rc == 0)
		rc = put_facts(root, &inv->platform);
	if (rc == 0)
		rc = jsonput_strv(root, "looked_at", &inv->platform.looked) ||
		     jsonput_text(root, "list_dir", inv->list_dir) ||
		     jsonput_value(root, "list_dir_found", json_boolean(inv->list_dir_found));
	if (rc == 0)
		rc = put_places(root, settings);
	if (rc == 0)
		rc = put_driver(root, &inv->driver) || put_lists(root, inv, plan);
	if (rc == 0)
		rc = put_devices(root, inv);
	if (rc == 0)
		rc = jsonput_strv(root, "notes", plan == NULL ? &none : &plan->notes);
	return jsonput_finish(root, rc, ret, err);
}
