/* SPDX-License-Identifier: Apache-2.0 */
/* What lies where the driver's libraries should be, and is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "driverroot.h"
#include "host/libsearch.h"

#define CUDA   DRIVER_CAP_COMPUTE
#define IN_DIR MULTI "/libcuda.so." VERSION

static const char *const cuda_cache[] = {
	"libcuda.so.1 " MULTI "/libcuda.so.1", "libcuda.so " MULTI "/libcuda.so",
	"libnvidia-ptxjitcompiler.so.1 " MULTI "/libnvidia-ptxjitcompiler.so.1", NULL};

static void add_cuda(struct driverroot *root, const char *dir)
{
	root_add(root, dir, "libcuda", "1");
	root_add(root, dir, "libnvidia-ptxjitcompiler", "1");
}

/* What lies where libcuda should be, and what is said of it. */
static void libsearch_what_is_no_library_of_ours_is_told(void **state)
{
	static const struct {
		const char *name;
		struct tree_entry entry;
		const char *told; /* NULL: nothing; the lack says it */
		const char *lack;
	} cases[] = {
		{"empty", {TREE_FILE, IN_DIR, "", 0}, "is no ELF library", "is no ELF library"},
		{"text", {TREE_FILE, IN_DIR, "text", 0}, "is no ELF library", "is no ELF library"},
		{"FIFO", {TREE_FIFO, IN_DIR, NULL, 0}, "is a FIFO", "is a FIFO"},
		{"directory", {TREE_DIR, IN_DIR, NULL, 0}, "is no regular file", "no regular file"},
		{"loop", {TREE_LINK, IN_DIR, "libcuda.so." VERSION, 0}, NULL, "not in"},
		{"dangling", {TREE_LINK, IN_DIR, "/nothing", 0}, NULL, "not in"},
		{"out",
		 {TREE_LINK, IN_DIR, "../../../../../../../../etc/passwd", 0},
		 NULL,
		 "not in"},
		{"writable",
		 {TREE_FILE, IN_DIR, "x", 0666},
		 "can be written by everybody",
		 "can be written by everybody"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;

		root_make(&root);
		tree_add(&root.tree, &cases[i].entry);

		root_find(&root, CUDA);

		if (cases[i].told != NULL && !root_told(&root, cases[i].told))
			fail_msg("%s: told '%s'", cases[i].name, root.told.data);
		assert_int_equal(root.setup.warnings, cases[i].told != NULL);
		if (strstr(root.text, "lacks libcuda.so: ") == NULL ||
		    strstr(root.text, cases[i].lack) == NULL)
			fail_msg("%s: %s", cases[i].name, root.text);
		assert_int_equal(root.setup.inv->driver.parts.n, 0);
	}
}

static void libsearch_library_that_others_may_write_gives_way_to_another(void **state)
{
	auto_done(root) struct driverroot root;
	char path[PATH_MAX];

	(void)state;
	root_make(&root);
	root_add(&root, MULTI, "libcuda", "1");
	tree_path(&root.tree, IN_DIR, path);
	assert_int_equal(chmod(path, 0666), 0);
	root_add(&root, "/usr/lib64", "libcuda", "1");

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: /usr/lib64"));
	assert_int_equal(root.setup.warnings, 1);
}

static void libsearch_cache_that_cannot_be_used_is_told(void **state)
{
	static const struct {
		const char *name;
		struct tree_entry entry;
	} cases[] = {
		{"empty", {TREE_FILE, "/etc/ld.so.cache", "", 0}},
		{"text", {TREE_FILE, "/etc/ld.so.cache", "no cache at all", 0}},
		{"FIFO", {TREE_FIFO, "/etc/ld.so.cache", NULL, 0}},
		{"directory", {TREE_DIR, "/etc/ld.so.cache", NULL, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;

		root_make(&root);
		add_cuda(&root, MULTI);
		tree_add(&root.tree, &cases[i].entry);

		root_find(&root, CUDA);

		if (!root_told(&root, "the loader's cache is not used: "))
			fail_msg("%s: '%s'", cases[i].name, root.told.data);
		assert_int_equal(root.setup.warnings, 1);
		assert_true(root_has(&root, "libcuda.so: " MULTI));
	}
}

static void libsearch_cache_that_others_may_write_is_not_believed(void **state)
{
	auto_done(root) struct driverroot root;
	char path[PATH_MAX];

	(void)state;
	root_make(&root);
	add_cuda(&root, "/opt/elsewhere");
	root_cache(&root, (const char *const[]){"libcuda.so.1 /opt/elsewhere/libcuda.so.1", NULL});
	tree_path(&root.tree, "/etc/ld.so.cache", path);
	assert_int_equal(chmod(path, 0666), 0);

	root_find(&root, CUDA);

	assert_true(root_told(&root, "'/etc/ld.so.cache' can be written by everybody"));
	assert_int_equal(root.setup.inv->driver.parts.n, 0);
}

static void libsearch_long_names_in_the_cache_are_nobodys(void **state)
{
	auto_done(root) struct driverroot root;
	char name[1000] = "lib";

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	memset(name + 3, 'x', 900);
	(void)snprintf(name + 903, sizeof(name) - 903, ".so.1 /usr/lib/x");
	root_cache(&root, (const char *const[]){name, cuda_cache[0], NULL});

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: ld.so.cache"));
}

/* Numbers of a good cache, one after the other, made as large as can be. */
static void libsearch_cache_with_wild_numbers_is_survived(void **state)
{
	auto_done(root) struct driverroot root;
	auto_free char *data = NULL;
	size_t len = 0;
	char path[PATH_MAX];
	FILE *file;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cuda_cache);
	tree_path(&root.tree, "/etc/ld.so.cache", path);
	file = fopen(path, "re");
	assert_non_null(file);
	data = malloc(65536);
	len = fread(data, 1, 65536, file);
	(void)fclose(file);
	for (size_t at = 20; at + 4 <= len && at < 48 + 24; at += 4) {
		struct driverroot one = root;
		char saved[4];

		memcpy(saved, data + at, 4);
		memcpy(data + at, "\xff\xff\xff\x7f", 4);
		tree_write(&root.tree, "/etc/ld.so.cache", data, len, 0644);
		memcpy(data + at, saved, 4);

		root_find(&one, CUDA);

		if (strstr(one.text, "libcuda.so: ") == NULL)
			fail_msg("number at %zu: %s", at, one.text);
		host_close(&one.setup.host);
		inventory_free(one.setup.inv);
		strbuf_done(&one.told);
		free(one.text);
	}
}

static void libsearch_cache_names_are_followed_in_the_root(void **state)
{
	static const char *const cache[] = {
		"libcuda.so.1 /../../../usr/lib/x86_64-linux-gnu/libcuda.so.1", NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cache);

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: ld.so.cache"));
}

static void libsearch_no_more_than_a_few_entries_of_one_name_are_tried(void **state)
{
	auto_done(root) struct driverroot root;
	const char *entries[LIBSEARCH_MAX_TRIES + 2];
	auto_done(strv) struct strv words = {0};

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	for (size_t i = 0; i <= LIBSEARCH_MAX_TRIES; i++)
		assert_int_equal(strv_addf(&words, "libcuda.so.1 /gone/%zu/libcuda.so.1", i), 0);
	for (size_t i = 0; i <= LIBSEARCH_MAX_TRIES; i++)
		entries[i] = words.items[i];
	entries[LIBSEARCH_MAX_TRIES + 1] = NULL;
	root_cache(&root, entries);

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: " MULTI));
}

static void libsearch_stale_entries_are_told_once_and_passed_over(void **state)
{
	static const char *const cache[] = {
		"libcuda.so.1 /gone/libcuda.so.1",
		"libnvidia-ptxjitcompiler.so.1 /gone/libnvidia-ptxjitcompiler.so.1",
		"libnvidia-ptxjitcompiler.so.1 " MULTI "/libnvidia-ptxjitcompiler.so.1", NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	add_cuda(&root, MULTI);
	root_cache(&root, cache);

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libnvidia-ptxjitcompiler.so: ld.so.cache"));
	assert_true(root_has(&root, "libcuda.so: " MULTI));
	assert_string_equal(
		root.told.data,
		"info: the loader's cache is stale: '/gone/libcuda.so.1' is not there\n");
}

static void libsearch_other_version_is_not_taken(void **state)
{
	static const char *const names[] = {"libcuda.so.535.104.05", "libcuda.so.1.1",
					    "libcuda.so." VERSION "1", "libcuda-" VERSION,
					    "libcuda.so.1" VERSION};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_done(root) struct driverroot root;
		auto_free char *path = str_format(MULTI "/%s", names[i]);
		auto_free char *lack = str_format(
			"lacks libcuda.so: '%s' is not of version " VERSION ", which is loaded",
			path);

		root_make(&root);
		root_library(&root, path, "libcuda.so.1");
		root_link(&root, MULTI "/libcuda.so.1", names[i]);
		root_cache(&root, cuda_cache);

		root_find(&root, CUDA);

		if (!root_has(&root, lack))
			fail_msg("%s: %s", names[i], root.text);
		assert_int_equal(root.setup.warnings, 0);
	}
}

/* The driver's libraries are there, of a version that is not loaded. */
static void libsearch_upgrade_without_reboot_is_known(void **state)
{
	static const struct {
		const char *soname; /* that is there */
		const char *file;
		bool cached;
		const char *want; /* NULL = nobody has upgraded anything */
	} cases[] = {
		{"libcuda.so.1", "libcuda.so.560.35.03", true, "560.35.03"},
		{"libcuda.so.1", "libcuda.so.560.35.03", false, "560.35.03"},
		{"libnvidia-ptxjitcompiler.so.1", "libnvidia-ptxjitcompiler.so.560.1", false,
		 "560.1"},
		/* a Tegra's; some other file; one that nobody needs */
		{"libcuda.so.1", "libcuda.so.1.1", true, NULL},
		{"libcuda.so.1", "libcuda.so.560.35.03.orig", true, NULL},
		{"libnvidia-nvvm.so.4", "libnvidia-nvvm.so.560.35.03", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(root) struct driverroot root;
		auto_free char *path = str_format(MULTI "/%s", cases[i].file);
		auto_free char *link = str_format(MULTI "/%s", cases[i].soname);
		const struct fact *fact;

		root_make(&root);
		root_library(&root, path, cases[i].soname);
		root_link(&root, link, cases[i].file);
		if (cases[i].cached)
			root_cache(&root, cuda_cache);

		root_find(&root, CUDA);

		fact = &root.setup.inv->driver.on_disk;
		if (!str_equal(fact->value, cases[i].want) ||
		    (cases[i].want != NULL && !str_equal(fact->source, path)))
			fail_msg("%zu: %s of %s", i, fact->value, fact->source);
	}
}

static void libsearch_old_library_beside_the_right_one_is_no_upgrade(void **state)
{
	static const char *const cache[] = {
		"libcuda.so.1 /opt/old/libcuda.so.1", "libcuda.so.1 " MULTI "/libcuda.so.1",
		"libnvidia-ptxjitcompiler.so.1 " MULTI "/libnvidia-ptxjitcompiler.so.1", NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	root_library(&root, "/opt/old/libcuda.so.535.104.05", "libcuda.so.1");
	root_link(&root, "/opt/old/libcuda.so.1", "libcuda.so.535.104.05");
	root_add(&root, MULTI, "libcuda", "1");
	/* and another one is not of the driver's version, whatever the reason */
	root_library(&root, MULTI "/libnvidia-ptxjitcompiler.so.535.104.05",
		     "libnvidia-ptxjitcompiler.so.1");
	root_link(&root, MULTI "/libnvidia-ptxjitcompiler.so.1",
		  "libnvidia-ptxjitcompiler.so.535.104.05");
	root_cache(&root, cache);

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: ld.so.cache"));
	assert_null(root.setup.inv->driver.on_disk.value);
}

static void libsearch_other_machine_is_not_taken(void **state)
{
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	treelib_write_for(&root.tree, IN_DIR, "libcuda.so.1", EM_AARCH64);
	root_add(&root, "/usr/lib64", "libcuda", "1");

	root_find(&root, CUDA);

	assert_true(root_has(&root, "libcuda.so: /usr/lib64"));
	/* as /usr/lib has libraries of another class on many machines */
	assert_int_equal(root.setup.warnings, 0);
}

/* A library with an ABI note for Linux of that version. */
static void write_noted(const struct driverroot *root, const char *path, uint32_t minor,
			uint32_t patch)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr parts[2];
		uint32_t note[8];
	} lib = {
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(Elf64_Ehdr),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2},
		.parts = {{.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = sizeof(lib)},
			  {.p_type = PT_NOTE,
			   .p_flags = PF_R,
			   .p_offset = offsetof(__typeof__(lib), note),
			   .p_filesz = sizeof(lib.note),
			   .p_align = 4}},
		.note = {4, 16, 1, 0x00554e47, 0, 2, minor, patch},
	};

	tree_write(&root->tree, path, (const char *)&lib, sizeof(lib), 0644);
}

static void libsearch_library_for_other_kernels_is_passed_over(void **state)
{
	static const char *const cache[] = {
		"libnvidia-tls.so." VERSION " /usr/lib64/old/libnvidia-tls.so." VERSION,
		"libnvidia-tls.so." VERSION " /usr/lib64/new/libnvidia-tls.so." VERSION, NULL};
	auto_done(root) struct driverroot root;

	(void)state;
	root_make(&root);
	write_noted(&root, "/usr/lib64/old/libnvidia-tls.so." VERSION, 2, 5);
	write_noted(&root, "/usr/lib64/new/libnvidia-tls.so." VERSION, 3, 99);
	root_cache(&root, cache);

	root_find(&root, DRIVER_CAP_GRAPHICS);

	assert_non_null(strstr(root.text,
			       "libnvidia-tls.so: ld.so.cache\n"
			       "  file 0:/usr/lib64/new/libnvidia-tls.so." VERSION "\n"));
	assert_null(strstr(root.text, "/old/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libsearch_what_is_no_library_of_ours_is_told),
		cmocka_unit_test(libsearch_library_that_others_may_write_gives_way_to_another),
		cmocka_unit_test(libsearch_cache_that_cannot_be_used_is_told),
		cmocka_unit_test(libsearch_cache_that_others_may_write_is_not_believed),
		cmocka_unit_test(libsearch_long_names_in_the_cache_are_nobodys),
		cmocka_unit_test(libsearch_cache_with_wild_numbers_is_survived),
		cmocka_unit_test(libsearch_cache_names_are_followed_in_the_root),
		cmocka_unit_test(libsearch_no_more_than_a_few_entries_of_one_name_are_tried),
		cmocka_unit_test(libsearch_stale_entries_are_told_once_and_passed_over),
		cmocka_unit_test(libsearch_other_version_is_not_taken),
		cmocka_unit_test(libsearch_upgrade_without_reboot_is_known),
		cmocka_unit_test(libsearch_old_library_beside_the_right_one_is_no_upgrade),
		cmocka_unit_test(libsearch_other_machine_is_not_taken),
		cmocka_unit_test(libsearch_library_for_other_kernels_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
