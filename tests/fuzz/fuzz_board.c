/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board in a folder: each file of it is a section of the input, which begins with a byte 1 and a
 * letter that chooses the file. From there the whole way: facts, lists, plan, renderings.
 */
#include <jansson.h>

#include "base/path.h"
#include "base/str.h"
#include "fuzz.h"
#include "fuzzroot.h"
#include "host/host.h"
#include "plan/build.h"
#include "render/json.h"
#include "render/text.h"

static const char *const dirs[] = {"dev",
				   "etc",
				   "etc/lists",
				   "proc",
				   "proc/device-tree",
				   "proc/driver",
				   "proc/driver/nvidia",
				   "proc/driver/nvidia-caps",
				   "proc/driver/nvidia/gpus",
				   "proc/driver/nvidia/gpus/0000:01:00.0",
				   "proc/driver/nvidia/gpus/0000:02:00.0",
				   "proc/driver/nvidia/capabilities",
				   "proc/driver/nvidia/capabilities/gpu0",
				   "proc/driver/nvidia/capabilities/gpu0/mig",
				   "proc/driver/nvidia/capabilities/gpu0/mig/gi1",
				   "proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0",
				   "sys",
				   "sys/devices",
				   "sys/devices/soc0",
				   "sys/module",
				   "sys/module/tegra_fuse",
				   "sys/module/tegra_fuse/parameters",
				   "usr",
				   "usr/lib",
				   "usr/lib/tegra",
				   NULL};

static const struct {
	char letter;
	const char *path;
} files[] = {
	{'c', "proc/device-tree/compatible"},
	{'m', "proc/device-tree/model"},
	{'f', "sys/devices/soc0/family"},
	{'i', "sys/devices/soc0/soc_id"},
	{'s', "sys/devices/soc0/machine"},
	{'t', "sys/module/tegra_fuse/parameters/tegra_chip_id"},
	{'r', "etc/nv_tegra_release"},
	{'l', "etc/lists/l4t.csv"},
	{'d', "etc/lists/devices.csv"},
	{'x', "etc/lists/extra.csv"},
	{'e', "usr/lib/tegra/libcuda.so.1.1"},
	{'v', "proc/driver/nvidia/version"},
	{'p', "proc/driver/nvidia/params"},
	{'g', "proc/driver/nvidia/gpus/0000:01:00.0/information"},
	{'h', "proc/driver/nvidia/gpus/0000:02:00.0/information"},
	{'a', "proc/driver/nvidia/capabilities/gpu0/mig/gi1/access"},
	{'b', "proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access"},
	{'n', "proc/driver/nvidia-caps/mig-minors"},
	{'k', "proc/devices"},
};

static int make_root(void)
{
	static bool made;
	int root = fuzzroot_open(dirs);

	if (!made) {
		claim(symlinkat("tegra/libcuda.so.1.1", root, "usr/lib/libcuda.so") == 0);
		claim(symlinkat("libcuda.so.1", root, "usr/lib/tegra/libcuda.so") == 0);
		claim(symlinkat("libcuda.so.1.1", root, "usr/lib/tegra/libcuda.so.1") == 0);
		claim(symlinkat("loop", root, "usr/lib/loop") == 0);
		claim(symlinkat("../../../../etc", root, "usr/lib/up") == 0);
		made = true;
	}
	return root;
}

static void write_files(int root, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const uint8_t *found = NULL;
		const uint8_t *end;

		for (size_t at = 0; found == NULL && at + 1 < size; at++) {
			if (data[at] == 1 && data[at + 1] == (uint8_t)files[i].letter)
				found = data + at + 2;
		}
		if (found == NULL) {
			(void)unlinkat(root, files[i].path, 0);
			continue;
		}
		end = memchr(found, 1, size - (size_t)(found - data));
		fuzzroot_write(root, files[i].path, found,
			       (size_t)((end == NULL ? data + size : end) - found));
	}
}

static void check_plan(const struct plan *plan)
{
	vec_each(op, &plan->ops)
	{
		auto_free char *normal = op->target == NULL ? NULL : path_normal(op->target);

		claim(op->target != NULL ? strcmp(op->target, normal) == 0
					 : op->kind == OP_LDCACHE);
		claim(op->source == NULL || op->source[0] == '/');
	}
}

static void check_json(char *text)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	claim(json_is_object(root));
	json_decref(root);
	free(text);
}

static void check_renderings(const struct inventory *inv, const struct request *request,
			     const struct plan *plan, const struct settings *settings)
{
	auto_done(strbuf) struct strbuf buf = {0};
	char *text = NULL;

	text_info(inv, plan, &buf);
	text_list(inv, plan, 0, &buf);
	text_plan(inv, plan, &buf);
	text_rows(inv, plan, &buf);
	claim(!strbuf_failed(&buf) && buf.len > 0);
	for (size_t i = 0; i < buf.len; i++)
		claim((unsigned char)buf.data[i] >= 0x20 || buf.data[i] == '\n' ||
		      buf.data[i] == '\t');
	claim(json_info(inv, plan, settings, &text, NULL) == 0);
	check_json(text);
	claim(json_list(inv, plan, &text, NULL) == 0);
	check_json(text);
	claim(json_plan(inv, request, plan, &text, NULL) == 0);
	check_json(text);
}

static void check_host(const struct host *host, const struct settings *settings)
{
	struct inventory *inv = inventory_new();
	const struct request request = {.mode = DEVICES_ALL, .caps = DRIVER_CAP_EVERY};
	struct plan *plan = NULL;
	struct err err = {0};

	claim(inv != NULL);
	claim(host_read_platform(host, inv, NULL) == 0);
	if (host_read_lists(host, HOST_LISTS_ALL, inv, &err) == 0 &&
	    host_read_driver(host, inv, &err) == 0 &&
	    host_find_driver_nodes(host, inv, &err) == 0 &&
	    host_find_gates(host, HOST_GATE_EVERY, inv, &err) == 0 &&
	    host_find_driver_files(host, DRIVER_CAP_EVERY, inv, &err) == 0 &&
	    plan_build(inv, &request, NULL, settings, &plan, &err) == 0) {
		check_plan(plan);
		check_renderings(inv, &request, plan, settings);
	}
	claim((plan == NULL) == (err.msg[0] != '\0'));
	plan_free(plan);
	inventory_free(inv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *settings = settings_new();
	struct host host = {.n = 0};

	write_files(make_root(), data, size);
	claim(settings != NULL);
	free(settings->root);
	free(settings->host_root);
	free(settings->list_dir);
	settings->root = strdup(fuzzroot_path);
	settings->host_root = strdup(fuzzroot_path);
	settings->list_dir = strdup("/etc/lists");
	claim(settings->root != NULL && settings->host_root != NULL && settings->list_dir != NULL);
	claim(host_open(&host, settings, NULL, NULL) == 0);
	check_host(&host, settings);
	host_close(&host);
	settings_free(settings);
	return 0;
}
