/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "driverroot.h"

#define FIRMWARE "/lib/firmware/nvidia/" VERSION

static void add_file(struct driverroot *root, const char *path, mode_t mode)
{
	tree_write(&root->tree, path, "x", 1, mode);
}

static void add_socket(struct driverroot *root, const char *path)
{
	char full[PATH_MAX];

	tree_make_parents(&root->tree, path);
	tree_path(&root->tree, path, full);
	assert_int_equal(mknod(full, S_IFSOCK | 0666, 0), 0);
}

static const struct part *part_of(const struct driverroot *root, const char *name)
{
	vec_each(part, &root->setup.inv->driver.parts)
	{
		if (strcmp(part->name, name) == 0)
			return part;
	}
	fail_msg("no part '%s': %s", name, root->text);
	return NULL;
}

/* ---- programs ---- */

static void driverfiles_program_goes_to_usr_bin(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_file(&root, "/usr/lib/nvidia/current/nvidia-smi", 0755);
	root_link(&root, "/etc/alternatives/nvidia--nvidia-smi",
		  "/usr/lib/nvidia/current/nvidia-smi");
	root_link(&root, "/usr/local/bin/nvidia-smi", "/etc/alternatives/nvidia--nvidia-smi");

	root_find(&root, DRIVER_CAP_UTILITY);

	assert_non_null(strstr(
		root.text, "nvidia-smi: /usr/local/bin\n"
			   "  file 0:/usr/lib/nvidia/current/nvidia-smi at /usr/bin/nvidia-smi\n"));
}

static void driverfiles_programs_are_found_in_every_place(void **state)
{
	static const char *const dirs[] = {
		"/usr/bin",       "/usr/sbin",
		"/usr/local/bin", "/usr/local/nvidia/bin",
		"/opt/bin",       "/run/current-system/sw/bin",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		auto_done(root) struct driverroot root;
		auto_free char *smi = str_format("%s/nvidia-smi", dirs[i]);
		auto_free char *dump = str_format("%s/nvidia-debugdump", dirs[i]);
		auto_free char *smi_part = str_format("nvidia-smi: %s", dirs[i]);
		auto_free char *dump_part = str_format("nvidia-debugdump: %s", dirs[i]);

		root_make(&root);
		add_file(&root, smi, 0755);
		add_file(&root, dump, 0755);

		root_find(&root, DRIVER_CAP_UTILITY);

		if (!root_has(&root, smi_part) || !root_has(&root, dump_part))
			fail_msg("%s: %s", dirs[i], root.text);
	}
}

static void driverfiles_programs_of_a_capability_alone_are_found(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_file(&root, "/opt/bin/nvidia-cuda-mps-control", 0755);

	root_find(&root, DRIVER_CAP_COMPUTE);

	assert_true(root_has(&root, "nvidia-cuda-mps-control: /opt/bin"));
	assert_null(strstr(root.text, "nvidia-smi"));
}

static void driverfiles_missing_nvidia_smi_is_a_lack_of_utility(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);

	root_find(&root, DRIVER_CAP_UTILITY);

	assert_true(root_has(&root, "lacks nvidia-smi: not in 8 directories"));
	assert_null(strstr(root.text, "debugdump"));
}

/* ---- modules ---- */

static void driverfiles_modules_lie_beside_the_libraries(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, "/usr/lib64", "libGLX_nvidia", "0");
	root_add(&root, "/usr/lib64", "libnvidia-allocator", "1");
	root_link(&root, "/usr/lib64/gbm/nvidia-drm_gbm.so", "../libnvidia-allocator.so." VERSION);
	root_library(&root, "/usr/lib64/xorg/modules/drivers/nvidia_drv.so", "nvidia_drv.so");

	root_find(&root, DRIVER_CAP_GRAPHICS);

	assert_non_null(strstr(root.text,
			       "nvidia-drm_gbm.so: /usr/lib64/gbm\n"
			       "  link 0:/usr/lib64/gbm/nvidia-drm_gbm.so -> "
			       "../libnvidia-allocator.so." VERSION "\n"
			       "  file 0:/usr/lib64/libnvidia-allocator.so." VERSION "\n"));
	assert_true(root_has(&root, "nvidia_drv.so: /usr/lib64/xorg/modules/drivers"));
}

static void driverfiles_module_of_the_version_comes_with_its_link(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, MULTI, "libGLX_nvidia", "0");
	root_library(&root, MULTI "/nvidia/xorg/libglxserver_nvidia.so." VERSION,
		     "libglxserver_nvidia.so");
	root_link(&root, MULTI "/nvidia/xorg/libglxserver_nvidia.so",
		  "libglxserver_nvidia.so." VERSION);
	root_library(&root, "/usr/lib/xorg/modules/extensions/libglxserver_nvidia.so.535.1",
		     "libglxserver_nvidia.so");

	root_find(&root, DRIVER_CAP_DISPLAY);

	assert_non_null(strstr(root.text,
			       "libglxserver_nvidia.so: " MULTI "/nvidia/xorg\n  file 0:" MULTI
			       "/nvidia/xorg/libglxserver_nvidia.so." VERSION " module\n"
			       "  link 0:" MULTI "/nvidia/xorg/libglxserver_nvidia.so -> "
			       "libglxserver_nvidia.so." VERSION "\n"));
	assert_null(strstr(root.text, "535"));
}

static void driverfiles_module_of_another_version_is_not_taken(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, "/usr/lib64", "libGLX_nvidia", "0");
	root_library(&root, "/usr/lib64/libnvidia-allocator.so.535.1", "libnvidia-allocator.so.1");
	root_link(&root, "/usr/lib64/gbm/nvidia-drm_gbm.so", "../libnvidia-allocator.so.535.1");

	root_find(&root, DRIVER_CAP_GRAPHICS);

	assert_null(strstr(root.text, "535.1"));
}

/* ---- data ---- */

static void driverfiles_data_goes_to_its_standard_place(void **state)
{
	static const struct {
		const char *path;
		const char *item; /* NULL: it stays */
	} cases[] = {
		{"/etc/OpenCL/vendors/nvidia.icd", NULL},
		{"/usr/share/glvnd/egl_vendor.d/10_nvidia.json", NULL},
		{"/usr/local/share/glvnd/egl_vendor.d/10_nvidia.json",
		 "/usr/share/glvnd/egl_vendor.d/10_nvidia.json"},
		{"/etc/X11/xorg.conf.d/nvidia-drm-outputclass.conf",
		 "/usr/share/X11/xorg.conf.d/nvidia-drm-outputclass.conf"},
		{"/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json", NULL},
		{"/etc/vulkan/icd.d/nvidia_icd.json", NULL},
		{"/usr/share/vulkan/icd.d/nvidia_icd.x86_64.json", NULL},
		{"/usr/share/vulkan/implicit_layer.d/nvidia_layers.json", NULL},
		{"/usr/share/vulkansc/icd.d/nvidia_icd_vksc.json", NULL},
		{"/usr/share/nvidia/nvoptix.bin", NULL},
		{"/usr/share/nvidia/nvidia-application-profiles-" VERSION "-rc", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;
		auto_free char *item = NULL;

		root_make(&root);
		add_file(&root, cases[i].path, 0644);

		root_find(&root, DRIVER_CAP_EVERY);

		item = str_format("  file 0:%s%s%s\n", cases[i].path,
				  cases[i].item == NULL ? "" : " at ",
				  cases[i].item == NULL ? "" : cases[i].item);
		if (strstr(root.text, item) == NULL)
			fail_msg("%s: %s", cases[i].path, root.text);
	}
}

static void driverfiles_data_of_another_version_is_not_taken(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_file(&root, "/usr/share/nvidia/nvidia-application-profiles-535.1-rc", 0644);

	root_find(&root, DRIVER_CAP_EVERY);

	assert_null(strstr(root.text, "535"));
}

static void driverfiles_data_by_capability(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_file(&root, "/etc/OpenCL/vendors/nvidia.icd", 0644);
	add_file(&root, "/usr/share/glvnd/egl_vendor.d/10_nvidia.json", 0644);

	root_find(&root, DRIVER_CAP_COMPUTE);

	assert_int_equal(part_of(&root, "nvidia.icd")->caps, DRIVER_CAP_COMPUTE);
	assert_null(strstr(root.text, "10_nvidia.json"));
}

static void driverfiles_data_that_others_may_write_is_refused(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_file(&root, "/etc/OpenCL/vendors/nvidia.icd", 0666);

	root_find(&root, DRIVER_CAP_COMPUTE);

	assert_null(strstr(root.text, "nvidia.icd"));
	assert_true(root_told(&root, "'/etc/OpenCL/vendors/nvidia.icd' can be written by "
				     "everybody"));
}

/* ---- firmware ---- */

static void driverfiles_firmware_of_the_version_needs_no_capability(void **state)
{
	auto_done(root) struct driverroot root;
	const struct part *part;

	(void)state;
	root_make(&root);
	add_file(&root, "/usr" FIRMWARE "/gsp_tu10x.bin", 0644);
	add_file(&root, "/usr" FIRMWARE "/gsp_ga10x.bin", 0644);
	add_file(&root, "/usr" FIRMWARE "/other.bin", 0644);
	add_file(&root, "/usr/lib/firmware/nvidia/535.1/gsp_old.bin", 0644);
	root_link(&root, "/lib", "usr/lib");

	root_find(&root, 0);

	assert_string_equal(root.text, "gsp_ga10x.bin: " FIRMWARE "\n"
				       "  file 0:/usr" FIRMWARE "/gsp_ga10x.bin at " FIRMWARE
				       "/gsp_ga10x.bin\n"
				       "gsp_tu10x.bin: " FIRMWARE "\n"
				       "  file 0:/usr" FIRMWARE "/gsp_tu10x.bin at " FIRMWARE
				       "/gsp_tu10x.bin\n");
	part = part_of(&root, "gsp_ga10x.bin");
	assert_int_equal(part->caps, 0);
	assert_int_equal(part->service, SERVICE_GSP_FIRMWARE);
}

static void driverfiles_firmware_where_the_kernel_was_told(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	tree_write(&root.tree, "/sys/module/firmware_class/parameters/path", "/opt/fw\n", 8, 0644);
	add_file(&root, "/opt/fw/nvidia/" VERSION "/gsp.bin", 0644);
	add_file(&root, FIRMWARE "/gsp_ga10x.bin", 0644);

	root_find(&root, 0);

	assert_true(root_has(&root, "gsp.bin: /opt/fw/nvidia/" VERSION));
	assert_non_null(strstr(root.text, " at " FIRMWARE "/gsp.bin\n"));
	assert_null(strstr(root.text, "gsp_ga10x"));
}

/* ---- services ---- */

static void driverfiles_sockets_of_services(void **state)
{
	auto_done(root) struct driverroot root;
	const struct part *part;

	(void)state;
	root_make(&root);
	add_socket(&root, "/run/nvidia-persistenced/socket");
	add_socket(&root, "/run/nvidia-fabricmanager/socket");
	root_link(&root, "/var/run", "/run");

	root_find(&root, DRIVER_CAP_UTILITY);

	assert_non_null(strstr(root.text, "nvidia-persistenced: /run/nvidia-persistenced\n"
					  "  socket 0:/run/nvidia-persistenced/socket at "
					  "/var/run/nvidia-persistenced/socket\n"));
	part = part_of(&root, "nvidia-persistenced");
	assert_int_equal(part->kind, PART_IPC);
	assert_int_equal(part->caps, DRIVER_CAP_UTILITY);
	assert_int_equal(part->service, SERVICE_PERSISTENCED);
	assert_int_equal(part_of(&root, "nvidia-fabricmanager")->service, SERVICE_FABRICMANAGER);
	assert_int_equal(root.setup.warnings, 0);
}

/* A service's own user may put anything into its directory. */
static void driverfiles_what_is_no_socket_is_not_handed_on(void **state)
{
	static const struct tree_entry cases[] = {
		{TREE_LINK, "/run/nvidia-persistenced/socket", "/run/docker.sock", 0},
		{TREE_FILE, "/run/nvidia-persistenced/socket", "x", 0},
		{TREE_DIR, "/run/nvidia-persistenced/socket", NULL, 0},
		{TREE_FIFO, "/run/nvidia-persistenced/socket", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;

		root_make(&root);
		add_socket(&root, "/run/docker.sock");
		root_link(&root, "/var/run", "/run");
		tree_add(&root.tree, &cases[i]);

		root_find(&root, DRIVER_CAP_UTILITY);

		assert_null(strstr(root.text, "nvidia-persistenced: "));
		assert_true(root_told(&root, "is no socket"));
	}
}

static void driverfiles_directory_of_mps_is_writable(void **state)
{
	auto_done(root) struct driverroot root;
	const struct tree_entry dir = {TREE_DIR, "/tmp/nvidia-mps", NULL, 0777};
	const struct part *part;
	const struct item *item;

	(void)state;
	root_make(&root);
	tree_add(&root.tree, &dir);

	root_find(&root, DRIVER_CAP_COMPUTE);

	part = part_of(&root, "nvidia-mps");
	item = &root.setup.inv->items.items[part->first_item];
	assert_int_equal(part->service, SERVICE_MPS);
	assert_int_equal(part->caps, DRIVER_CAP_COMPUTE);
	assert_int_equal(item->kind, ITEM_DIR);
	assert_true(item->writable);
}

/* Anybody may make that name while no daemon of MPS runs. */
static void driverfiles_directory_of_mps_must_be_roots(void **state)
{
	auto_done(root) struct driverroot root;
	const struct tree_entry dir = {TREE_DIR, "/tmp/nvidia-mps", NULL, 0755};
	char path[PATH_MAX];

	(void)state;
	root_make(&root);
	tree_add(&root.tree, &dir);
	tree_path(&root.tree, "/tmp/nvidia-mps", path);
	if (chown(path, 12345, 12345) < 0)
		skip();

	root_find(&root, DRIVER_CAP_COMPUTE);

	assert_null(strstr(root.text, "nvidia-mps: "));
	assert_true(root_told(&root, "neither root nor the caller"));
}

static void driverfiles_directory_of_mps_is_no_link(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_link(&root, "/tmp/nvidia-mps", "/etc");
	add_file(&root, "/etc/passwd", 0644);

	root_find(&root, DRIVER_CAP_COMPUTE);

	assert_null(strstr(root.text, "nvidia-mps: "));
	assert_true(root_told(&root, "is no directory"));
}

/* ---- the rest ---- */

static void driverfiles_windows_store_keeps_its_place(void **state)
{
#define STORE "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1234"
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root.wsl = true;
	root_library(&root, STORE "/libcuda.so.1.1", "libcuda.so.1");
	add_file(&root, STORE "/nvcubins.bin", 0644);
	add_file(&root, "/usr/lib/wsl/lib/nvidia-smi", 0755);
	root_library(&root, "/usr/lib/wsl/drivers/u0360.inf_amd64_1/libcuda.so.1.1", "x");

	root_find(&root, DRIVER_CAP_UTILITY | DRIVER_CAP_COMPUTE);

	assert_non_null(strstr(root.text, "libcuda.so.1.1: " STORE "\n"
					  "  file 0:" STORE "/libcuda.so.1.1\n"
					  "nvcubins.bin: " STORE "\n"
					  "  file 0:" STORE "/nvcubins.bin\n"));
	assert_non_null(strstr(root.text, "  file 0:/usr/lib/wsl/lib/nvidia-smi at "
					  "/usr/bin/nvidia-smi\n"));
	assert_null(strstr(root.text, "u0360"));
}

static void driverfiles_integrated_gpu_alone_has_its_files_in_lists(void **state)
{
	static const struct {
		bool listed, discrete, looked;
	} cases[] = {{true, false, false},
		     {true, true, true},
		     {false, false, true},
		     {false, true, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;
		struct setup *setup = &root.setup;
		struct gpu *gpu;

		root_make(&root);
		add_file(&root, "/usr/bin/nvidia-smi", 0755);
		assert_int_equal(host_open(&setup->host, &setup->settings, NULL, NULL), 0);
		setup->inv = inventory_new();
		setup->inv->driver.loaded = true;
		setup->inv->list_dir_found = cases[i].listed;
		gpu = vec_add(&setup->inv->driver.gpus);
		gpu->kind = GPU_INTEGRATED;
		if (cases[i].discrete) {
			gpu = vec_add(&setup->inv->driver.gpus);
			gpu->kind = GPU_DISCRETE;
		}

		assert_int_equal(
			host_find_driver_files(&setup->host, DRIVER_CAP_UTILITY, setup->inv, NULL),
			0);

		assert_int_equal(setup->inv->driver.parts.n != 0, cases[i].looked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driverfiles_program_goes_to_usr_bin),
		cmocka_unit_test(driverfiles_programs_are_found_in_every_place),
		cmocka_unit_test(driverfiles_programs_of_a_capability_alone_are_found),
		cmocka_unit_test(driverfiles_missing_nvidia_smi_is_a_lack_of_utility),
		cmocka_unit_test(driverfiles_modules_lie_beside_the_libraries),
		cmocka_unit_test(driverfiles_module_of_the_version_comes_with_its_link),
		cmocka_unit_test(driverfiles_module_of_another_version_is_not_taken),
		cmocka_unit_test(driverfiles_data_goes_to_its_standard_place),
		cmocka_unit_test(driverfiles_data_of_another_version_is_not_taken),
		cmocka_unit_test(driverfiles_data_by_capability),
		cmocka_unit_test(driverfiles_data_that_others_may_write_is_refused),
		cmocka_unit_test(driverfiles_firmware_of_the_version_needs_no_capability),
		cmocka_unit_test(driverfiles_firmware_where_the_kernel_was_told),
		cmocka_unit_test(driverfiles_sockets_of_services),
		cmocka_unit_test(driverfiles_what_is_no_socket_is_not_handed_on),
		cmocka_unit_test(driverfiles_directory_of_mps_is_writable),
		cmocka_unit_test(driverfiles_directory_of_mps_must_be_roots),
		cmocka_unit_test(driverfiles_directory_of_mps_is_no_link),
		cmocka_unit_test(driverfiles_windows_store_keeps_its_place),
		cmocka_unit_test(driverfiles_integrated_gpu_alone_has_its_files_in_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
