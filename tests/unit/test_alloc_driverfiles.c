/* SPDX-License-Identifier: Apache-2.0 */
/* The look-up of the driver's files, with each allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocfail.h"
#include "driverroot.h"

#define MOST 300 /* runs: there are a thousand allocations */

static struct tree tree;
static bool windows;

static int run_files(void *arg, struct err *err, struct strbuf *text)
{
	struct driverroot root = {.wsl = windows};
	struct setup *setup = &root.setup;
	int r;

	(void)arg;
	memcpy(root.tree.root, tree.root, sizeof(tree.root));
	setup_settings(setup, tree.root);
	assert_int_equal(strv_add(&setup->settings.library_dirs, "/opt/driver"), 0);
	assert_int_equal(host_open(&setup->host, &setup->settings, NULL, err), 0);
	setup->inv = inventory_new();
	assert_non_null(setup->inv);
	setup->inv->driver.loaded = !windows;
	setup->inv->driver.wsl = windows;
	assert_int_equal(fact_set(&setup->inv->driver.version, VERSION, "test"), 0);
	setup->inv->driver.version_text = strdup(MODULE);
	allocfail_start();
	r = host_find_driver_files(&setup->host, DRIVER_CAP_EVERY, setup->inv, err);
	allocfail_stop();
	if (r == 0) {
		root_dump(&root);
		strbuf_adds(text, root.text);
	}
	root.tree.root[0] = '\0'; /* it stays */
	root_done(&root);
	return r;
}

/* Something of each kind. */
static void fill(struct driverroot *root)
{
	static const char *const cache[] = {"libcuda.so.1 " MULTI "/libcuda.so.1",
					    "libcuda.so " MULTI "/libcuda.so",
					    "libnvidia-ml.so.1 /gone/libnvidia-ml.so.1",
					    "-libcuda.so.1 " MULTI_32 "/libcuda.so.1", NULL};
	static const struct tree_entry entries[] = {
		{TREE_FILE, "/usr/bin/nvidia-smi", "x", 0755},
		{TREE_FILE, "/usr/share/glvnd/egl_vendor.d/10_nvidia.json", "x", 0},
		{TREE_FILE, "/usr/share/nvidia/nvidia-application-profiles-" VERSION "-rc", "x", 0},
		{TREE_FILE, "/lib/firmware/nvidia/" VERSION "/gsp.bin", "x", 0},
		{TREE_DIR, "/tmp/nvidia-mps", NULL, 0},
		{TREE_LINK, MULTI "/gbm/nvidia-drm_gbm.so", "../libcuda.so." VERSION, 0},
		{TREE_FIFO, MULTI "/libnvcuvid.so." VERSION, NULL, 0},
		{TREE_END, NULL, NULL, 0},
	};

	root_add(root, MULTI, "libcuda", "1");
	root_add(root, MULTI_32, "libcuda", "1");
	root_add(root, MULTI, "libnvidia-ml", "1");
	root_add(root, MULTI "/vdpau", "libvdpau_nvidia", "1");
	root_add(root, "/opt/driver", "libnvidia-nvvm", "4");
	root_library(root, "/usr/lib/wsl/lib/libcuda.so.1", "libcuda.so.1");
	root_library(root, "/usr/lib/wsl/drivers/nv_x/libcuda.so.1.1", "libcuda.so.1");
	root_cache(root, cache);
	for (size_t i = 0; entries[i].kind != TREE_END; i++)
		tree_add(&root->tree, &entries[i]);
}

static void alloc_failures_of_the_drivers_files_are_errors(void **state)
{
	const struct allocfail_case files = {
		.name = "driver files", .run = run_files, .most = MOST, .succeeds = true};
	struct driverroot root;

	(void)state;
	root_make(&root);
	fill(&root);
	tree = root.tree;
	allocfail_sweep(&files);
	windows = true;
	allocfail_sweep(&files);
	root_done(&root);
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_of_the_drivers_files_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_driverfiles");
	return failed;
}
