/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "driverroot.h"
#include "host/libsearch.h"

#define CUDA    DRIVER_CAP_COMPUTE
#define UTILITY DRIVER_CAP_UTILITY
#define IN_DIR  MULTI "/libcuda.so." VERSION

static const char *const cuda_cache[] = {
	"libcuda.so.1 " MULTI "/libcuda.so.1", "libcuda.so " MULTI "/libcuda.so",
	"libnvidia-ptxjitcompiler.so.1 " MULTI "/libnvidia-ptxjitcompiler.so.1", NULL};

static void add_cuda(struct driverroot *root, const char *dir)
{
	root_add(root, dir, "libcuda", "1");
	root_add(root, dir, "libnvidia-ptxjitcompiler", "1");
}

static void libsearch_library_in_cache_comes_with_its_links(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cuda_cache);

	root_find(&root, CUDA);

	/* the cache says that there is no libnvidia-ptxjitcompiler.so: then it is not asked for */
	assert_string_equal(root.text,
			    "libcuda.so: ld.so.cache\n"
			    "  link 0:" MULTI "/libcuda.so.1 -> libcuda.so." VERSION "\n"
			    "  file 0:" MULTI "/libcuda.so." VERSION "\n"
			    "  link 0:" MULTI "/libcuda.so -> libcuda.so.1\n"
			    "libnvidia-ptxjitcompiler.so: ld.so.cache\n"
			    "  link 0:" MULTI "/libnvidia-ptxjitcompiler.so.1 -> "
			    "libnvidia-ptxjitcompiler.so." VERSION "\n"
			    "  file 0:" MULTI "/libnvidia-ptxjitcompiler.so." VERSION "\n");
	assert_int_equal(root.setup.warnings, 0);
}

static void libsearch_parts_have_capability_and_facts(void **state)
{
	auto_done(root) struct driverroot root;
	const struct part *part;
	const struct item *item;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cuda_cache);

	root_find(&root, CUDA);

	part = &root.setup.inv->driver.parts.items[0];
	item = &root.setup.inv->items.items[part->first_item + 1];
	assert_int_equal(part->kind, PART_FILE);
	assert_int_equal(part->caps, DRIVER_CAP_COMPUTE | DRIVER_CAP_VIDEO);
	assert_int_equal(part->gpu, NO_INDEX);
	assert_int_equal(part->mig, NO_INDEX);
	assert_false(part->compat32);
	assert_int_equal(item->elf.class, ELF_CLASS_64);
	assert_int_equal(item->elf.machine, EM_X86_64);
	assert_string_equal(item->elf.soname, "libcuda.so.1");
}

static void libsearch_name_that_begins_alike_is_another(void **state)
{
	static const char *const cache[] = {
		"libcudart.so.1 " MULTI "/libcudart.so.1", "libcuda-x.so.1 " MULTI "/libcuda.so.1",
		"xlibcuda.so.1 " MULTI "/libcuda.so.1", "libcuda.so1 " MULTI "/libcuda.so.1", NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, MULTI, "libcudart", "1");
	root_add(&root, "/opt/elsewhere", "libcuda", "1");
	root_cache(&root, cache);

	root_find(&root, CUDA);

	assert_null(strstr(root.text, "libcudart"));
	assert_non_null(strstr(root.text, "lacks libcuda.so: not in the loader's cache nor in"));
}

static void libsearch_every_usual_directory_is_looked_at(void **state)
{
	static const char *const dirs[] = {
		"/usr/lib/x86_64-linux-gnu",
		"/usr/lib64",
		"/usr/lib",
		"/usr/lib/x86_64-linux-gnu/nvidia",
		"/usr/lib/x86_64-linux-gnu/nvidia/current",
		"/usr/lib64/nvidia",
		"/usr/lib/nvidia",
		"/usr/lib/nvidia-550",
		"/usr/local/nvidia/lib64",
		"/var/lib/nvidia/lib64",
		"/run/opengl-driver/lib",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		auto_done(root) struct driverroot root;
		auto_free char *cuda = str_format("libcuda.so: %s", dirs[i]);
		/* no driver needs it: it is looked for where the others are */
		auto_free char *nvvm = str_format("libnvidia-nvvm.so: %s", dirs[i]);

		root_make(&root);
		add_cuda(&root, dirs[i]);
		root_add(&root, dirs[i], "libnvidia-nvvm", "4");

		root_find(&root, CUDA);

		if (!root_has(&root, cuda) || !root_has(&root, nvvm))
			fail_msg("%s: %s", dirs[i], root.text);
		assert_int_equal(root.setup.warnings, 0);
	}
}

static void libsearch_links_are_found_beside_the_file(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, "/usr/lib64");

	root_find(&root, CUDA);

	assert_non_null(strstr(root.text,
			       "libcuda.so: /usr/lib64\n"
			       "  file 0:/usr/lib64/libcuda.so." VERSION "\n"
			       "  link 0:/usr/lib64/libcuda.so.1 -> libcuda.so." VERSION "\n"
			       "  link 0:/usr/lib64/libcuda.so -> libcuda.so.1\n"));
}

static void libsearch_link_that_only_linkers_read_is_left_out(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, "/usr/lib64");

	root_find(&root, CUDA);

	assert_non_null(strstr(root.text, "libnvidia-ptxjitcompiler.so.1 -> "));
	assert_null(strstr(root.text, "libnvidia-ptxjitcompiler.so -> "));
}

static void libsearch_link_to_something_else_is_left_out(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_library(&root, IN_DIR, "libcuda.so.1");
	root_library(&root, MULTI "/other.so", "other.so");
	root_link(&root, MULTI "/libcuda.so", "other.so");

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: " MULTI));
	assert_null(strstr(root.text, "other.so"));
}

static void libsearch_configured_directory_comes_first(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cuda_cache);
	root_add(&root, "/opt/driver", "libcuda", "1");
	assert_int_equal(strv_add(&root.setup.settings.library_dirs, "/opt/driver"), 0);

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: /opt/driver"));
	assert_true(root_has(&root, "libnvidia-ptxjitcompiler.so: ld.so.cache"));
}

static void libsearch_configured_cache_is_read(void **state)
{
	auto_done(root) struct driverroot root;
	char from[PATH_MAX], to[PATH_MAX];

	(void)state;
	root_make(&root);
	add_cuda(&root, "/opt/driver");
	root_cache(&root, (const char *const[]){"libcuda.so.1 /opt/driver/libcuda.so.1", NULL});
	tree_path(&root.tree, "/etc/ld.so.cache", from);
	tree_path(&root.tree, "/etc/own.cache", to);
	assert_int_equal(rename(from, to), 0);
	root.setup.settings.ldcache = strdup("/etc/own.cache");

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: ld.so.cache"));
}

static void libsearch_configured_cache_that_is_not_there_is_told(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root.setup.settings.ldcache = strdup("/etc/own.cache");

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: " MULTI));
	assert_int_equal(root.setup.warnings, 1);
	assert_true(root_told(&root, "/etc/own.cache"));
}

static void libsearch_version_of_its_own_is_taken(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, MULTI, "libnvidia-glcore", VERSION ".not");
	root_library(&root, MULTI "/libnvidia-egl-gbm.so.1.1.1", "libnvidia-egl-gbm.so.1");
	root_link(&root, MULTI "/libnvidia-egl-gbm.so.1", "libnvidia-egl-gbm.so.1.1.1");

	root_find(&root, DRIVER_CAP_GRAPHICS);

	assert_non_null(strstr(root.text, "libnvidia-egl-gbm.so: " MULTI "\n"
					  "  link 0:" MULTI
					  "/libnvidia-egl-gbm.so.1 -> libnvidia-egl-gbm.so.1.1.1\n"
					  "  file 0:" MULTI "/libnvidia-egl-gbm.so.1.1.1\n"));
}

static void libsearch_machine_is_that_of_the_driver(void **state)
{
	auto_done(root) struct driverroot root;
	struct setup *setup = &root.setup;

	(void)state;
	root_make(&root);
	treelib_write_for(&root.tree, "/usr/lib/aarch64-linux-gnu/libcuda.so." VERSION,
			  "libcuda.so.1", EM_AARCH64);
	assert_int_equal(host_open(&setup->host, &setup->settings, NULL, NULL), 0);
	setup->inv = inventory_new();
	setup->inv->driver.loaded = true;
	assert_int_equal(fact_set(&setup->inv->driver.version, VERSION, "test"), 0);
	setup->inv->driver.version_text =
		strdup("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  " VERSION
		       "  Release Build\nGCC version: x86_64\n");

	assert_int_equal(host_find_driver_files(&setup->host, CUDA, setup->inv, NULL), 0);

	root_dump(&root);
	assert_true(root_has(&root, "libcuda.so: /usr/lib/aarch64-linux-gnu"));
}

static void libsearch_libraries_of_32_bits_are_parts_of_their_own(void **state)
{
	static const char *const cache[] = {"libcuda.so.1 " MULTI "/libcuda.so.1",
					    "-libcuda.so.1 " MULTI_32 "/libcuda.so.1", NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_add(&root, MULTI_32, "libcuda", "1");
	root_add(&root, MULTI_32, "libnvidia-nvvm", "4");
	root_cache(&root, cache);

	root_find(&root, CUDA | DRIVER_CAP_COMPAT32);

	assert_true(root_has(&root, "libcuda.so: ld.so.cache"));
	assert_true(root_has(&root, "libcuda.so (32): ld.so.cache"));
	assert_true(root_has(&root, "libnvidia-nvvm.so (32): " MULTI_32));
	assert_non_null(strstr(root.text, "  file 0:" MULTI_32 "/libcuda.so." VERSION));
	assert_null(strstr(root.text, "32 bits"));
	assert_int_equal(root.setup.warnings, 0);
}

static void libsearch_none_of_32_bits_is_one_lack(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cuda_cache);

	root_find(&root, CUDA | UTILITY | DRIVER_CAP_COMPAT32);

	assert_non_null(strstr(root.text, "lacks libraries of 32 bits: not in the loader's cache"));
	assert_null(strstr(root.text, "(32)"));
	assert_int_equal(root.setup.inv->driver.lacks.items[1].caps, DRIVER_CAP_COMPAT32);
}

static void libsearch_32_bits_without_being_asked_for_are_not_looked_at(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, MULTI_32, "libcuda", "1");

	root_find(&root, CUDA);

	assert_null(strstr(root.text, "32"));
}

/* /lib is usr/lib, and Debian's links go by /etc/alternatives. */
static void libsearch_true_names_are_kept(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_library(&root, MULTI "/nvidia/current/libcuda.so." VERSION, "libcuda.so.1");
	root_link(&root, MULTI "/nvidia/current/libcuda.so.1", "libcuda.so." VERSION);
	root_link(&root, "/etc/alternatives/nvidia--libcuda.so.1",
		  MULTI "/nvidia/current/libcuda.so.1");
	root_link(&root, MULTI "/libcuda.so.1", "/etc/alternatives/nvidia--libcuda.so.1");
	root_link(&root, "/lib", "usr/lib");
	root_cache(&root,
		   (const char *const[]){"libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1", NULL});

	root_find(&root, CUDA);

	assert_non_null(
		strstr(root.text,
		       "libcuda.so: ld.so.cache\n"
		       "  link 0:" MULTI "/libcuda.so.1 -> /etc/alternatives/nvidia--libcuda.so.1\n"
		       "  link 0:/etc/alternatives/nvidia--libcuda.so.1 -> " MULTI
		       "/nvidia/current/libcuda.so.1\n"
		       "  link 0:" MULTI "/nvidia/current/libcuda.so.1 -> libcuda.so." VERSION "\n"
		       "  file 0:" MULTI "/nvidia/current/libcuda.so." VERSION "\n"));
}

static void libsearch_subdirectory_of_a_library_is_looked_at(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_add(&root, MULTI, "libnvcuvid", "1");
	root_add(&root, MULTI "/vdpau", "libvdpau_nvidia", "1");

	root_find(&root, DRIVER_CAP_VIDEO);

	assert_non_null(strstr(root.text,
			       "libvdpau_nvidia.so: " MULTI "/vdpau\n"
			       "  file 0:" MULTI "/vdpau/libvdpau_nvidia.so." VERSION " module\n"));
	assert_non_null(strstr(root.text, MULTI "/libnvcuvid.so." VERSION "\n"));
}

static void libsearch_library_of_a_subdirectory_may_lie_with_the_others(void **state)
{
	static const char *const cache[] = {
		"libvdpau_nvidia.so.1 " MULTI "/vdpau/libvdpau_nvidia.so.1", NULL};

	(void)state;
	for (unsigned cached = 0; cached < 2; cached++) {
		auto_done(root) struct driverroot root;

		root_make(&root);
		root_add(&root, MULTI, "libnvcuvid", "1");
		root_add(&root, cached ? MULTI "/vdpau" : MULTI, "libvdpau_nvidia", "1");
		if (cached)
			root_cache(&root, cache); /* the machine's loader has that directory */

		root_find(&root, DRIVER_CAP_VIDEO);

		assert_non_null(strstr(root.text, "/libvdpau_nvidia.so." VERSION "\n"));
		assert_null(strstr(root.text, " module\n"));
	}
}

/* Each capability with one library of its own, and those it has by another. */
static void libsearch_capability_selects(void **state)
{
	static const struct {
		unsigned caps;
		const char *has;    /* words */
		const char *hasnot; /* words */
	} cases[] = {
		{DRIVER_CAP_UTILITY, "libnvidia-ml", "libcuda libnvcuvid libGLX_nvidia ngx"},
		{DRIVER_CAP_COMPUTE, "libcuda", "libnvidia-ml libnvcuvid libGLX_nvidia ngx"},
		{DRIVER_CAP_VIDEO, "libcuda libnvcuvid", "libnvidia-ml libGLX_nvidia ngx"},
		{DRIVER_CAP_GRAPHICS, "libGLX_nvidia", "libnvidia-ml libcuda libnvcuvid ngx"},
		{DRIVER_CAP_DISPLAY, "libGLX_nvidia", "libnvidia-ml libcuda libnvcuvid ngx"},
		{DRIVER_CAP_NGX, "libnvidia-ngx", "libnvidia-ml libcuda libnvcuvid libGLX_nvidia"},
		{0, "", "libnvidia-ml libcuda libnvcuvid libGLX_nvidia libnvidia-ngx"},
	};
	static const char *const all[] = {"libnvidia-ml", "libcuda", "libnvcuvid", "libGLX_nvidia",
					  "libnvidia-ngx"};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		root_add(&root, MULTI, all[i], "1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct driverroot one = root;

		root_find(&one, cases[i].caps);

		for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
			auto_free char *part = str_format("%s.so: " MULTI, all[j]);

			if (root_has(&one, part) != (strstr(cases[i].has, all[j]) != NULL))
				fail_msg("capabilities %#x, %s: %s", cases[i].caps, all[j],
					 one.text);
		}
		host_close(&one.setup.host);
		inventory_free(one.setup.inv);
		strbuf_done(&one.told);
		free(one.text);
	}
}

static void libsearch_nothing_is_looked_for_without_a_driver(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root.no_driver = true;

	root_find(&root, DRIVER_CAP_EVERY);

	assert_string_equal(root.text, "");
}

static void libsearch_windows_libraries_are_found_without_a_version(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root.wsl = true;
	root_library(&root, "/usr/lib/wsl/lib/libdxcore.so", "libdxcore.so");
	root_library(&root, "/usr/lib/wsl/lib/libcuda.so.1", "libcuda.so.1");
	add_cuda(&root, MULTI); /* not the machine's */

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libdxcore.so: /usr/lib/wsl/lib"));
	assert_true(root_has(&root, "libcuda.so: /usr/lib/wsl/lib"));
	assert_null(strstr(root.text, MULTI));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libsearch_library_in_cache_comes_with_its_links),
		cmocka_unit_test(libsearch_parts_have_capability_and_facts),
		cmocka_unit_test(libsearch_name_that_begins_alike_is_another),
		cmocka_unit_test(libsearch_every_usual_directory_is_looked_at),
		cmocka_unit_test(libsearch_links_are_found_beside_the_file),
		cmocka_unit_test(libsearch_link_that_only_linkers_read_is_left_out),
		cmocka_unit_test(libsearch_link_to_something_else_is_left_out),
		cmocka_unit_test(libsearch_configured_directory_comes_first),
		cmocka_unit_test(libsearch_configured_cache_is_read),
		cmocka_unit_test(libsearch_configured_cache_that_is_not_there_is_told),
		cmocka_unit_test(libsearch_version_of_its_own_is_taken),
		cmocka_unit_test(libsearch_machine_is_that_of_the_driver),
		cmocka_unit_test(libsearch_libraries_of_32_bits_are_parts_of_their_own),
		cmocka_unit_test(libsearch_none_of_32_bits_is_one_lack),
		cmocka_unit_test(libsearch_32_bits_without_being_asked_for_are_not_looked_at),
		cmocka_unit_test(libsearch_true_names_are_kept),
		cmocka_unit_test(libsearch_subdirectory_of_a_library_is_looked_at),
		cmocka_unit_test(libsearch_library_of_a_subdirectory_may_lie_with_the_others),
		cmocka_unit_test(libsearch_capability_selects),
		cmocka_unit_test(libsearch_nothing_is_looked_for_without_a_driver),
		cmocka_unit_test(libsearch_windows_libraries_are_found_without_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
