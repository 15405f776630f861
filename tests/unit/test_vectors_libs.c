/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup, symlinks and discover_mounts: where NVIDIA's toolkit finds the driver's libraries and
 * configuration, and which links it makes, against what we find on the same machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/path.h"
#include "driverroot.h"
#include "host/libtable.h"
#include "vectors.h"
#include "where.h"

#define LOOKUP where_shared("/vectors/lookup")

static struct driverroot *filled; /* by nftw(3), which passes nothing on */
static size_t filled_skip;

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* Libraries are empty files there, and links to them files with the link's text. */
static int fill_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + filled_skip;
	auto_free char *data = NULL;
	auto_file file = NULL;

	(void)ftw;
	if (type != FTW_F)
		return 0;
	data = calloc(1, (size_t)st->st_size + 1);
	file = fopen(path, "re");
	assert_non_null(data);
	assert_non_null(file);
	assert_int_equal(fread(data, 1, (size_t)st->st_size, file), st->st_size);
	if (!str_starts_with(path_basename(name), "lib"))
		tree_write(&filled->tree, name, data, (size_t)st->st_size, 0644);
	else if (st->st_size == 0)
		root_library(filled, name, NULL);
	else
		root_link(filled, name, data);
	return 0;
}

static void fill_from_lookup(struct driverroot *root, const char *folder)
{
	auto_free char *path = str_format("%s/%s", LOOKUP, folder);

	filled = root;
	filled_skip = strlen(path);
	/* an empty folder may be missing: version control keeps none */
	if (nftw(path, fill_one, 16, FTW_PHYS) < 0)
		assert_string_equal(folder, "rootfs-empty");
}

/* Looks for what a driver of that version has. */
static void find_version(struct driverroot *root, unsigned caps, const char *version)
{
	struct setup *setup = &root->setup;
	struct err err = {0};

	assert_int_equal(host_open(&setup->host, &setup->settings, NULL, &err), 0);
	setup->inv = inventory_new();
	assert_non_null(setup->inv);
	setup->inv->driver.loaded = true;
	setup->inv->driver.version_text = strdup(MODULE);
	assert_int_equal(fact_set(&setup->inv->driver.version, version, "test"), 0);
	if (host_find_driver_files(&setup->host, caps, setup->inv, &err) < 0)
		fail_msg("%s", err.msg);
	root_dump(root);
}

static const struct item *file_of(const struct driverroot *root, const char *name)
{
	const struct inventory *inv = root->setup.inv;

	vec_each(part, &inv->driver.parts)
	{
		if (strcmp(part->name, name) != 0)
			continue;
		for (size_t i = 0; i < part->n_items; i++)
			if (inv->items.items[part->first_item + i].kind == ITEM_FILE)
				return &inv->items.items[part->first_item + i];
	}
	return NULL;
}

static enum vectors_result compare(const char *got, const char *expected, char *detail, size_t size)
{
	if (strcmp(got, expected) == 0)
		return VECTORS_SAME;
	(void)snprintf(detail, size, "'%s', not '%s'", got, expected);
	return VECTORS_DIFFERENT;
}

/* ---- lookup ---- */

static enum vectors_result locate_cuda(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	auto_done(root) struct driverroot root;
	const struct item *file;

	(void)test;
	root_make(&root);
	fill_from_lookup(&root, text_of(input, "rootFs"));
	find_version(&root, DRIVER_CAP_COMPUTE, "999.88.77");
	file = file_of(&root, "libcuda.so");
	return compare(file == NULL ? "" : file->source, text_of(expected, "expected"), detail,
		       size);
}

static void vectors_lookup_by_loaders_cache(void **state)
{
	(void)state;
	vectors_run("lookup", "TestLDCacheLookup", locate_cuda);
}

static void vectors_lookup_of_driver_libraries(void **state)
{
	(void)state;
	vectors_run("lookup", "TestDriverLibrariesLocate", locate_cuda);
}

static enum vectors_result locate_dirs(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	auto_done(root) struct driverroot root;
	auto_done(strv) struct strv dirs = {0};
	const json_t *wanted = json_object_get(expected, "expected");
	const json_t *paths = json_object_get(input, "libPaths");
	const json_t *path;
	size_t i;

	(void)test;
	root_make(&root);
	json_array_foreach(paths, i, path)
	{
		root_library(&root, json_string_value(path), NULL);
	}
	find_version(&root, DRIVER_CAP_COMPUTE | DRIVER_CAP_UTILITY, "123.34");
	vec_each(part, &root.setup.inv->driver.parts)
	{
		assert_true(strv_add_unique(&dirs, part->why) >= 0);
	}
	if (dirs.n != json_array_size(wanted))
		return compare(root.text, "as many directories", detail, size);
	json_array_foreach(wanted, i, path)
	{
		if (!strv_contains(&dirs, json_string_value(path)))
			return compare(root.text, json_string_value(path), detail, size);
	}
	return VECTORS_SAME;
}

static void vectors_lookup_of_directories(void **state)
{
	(void)state;
	vectors_run("lookup", "TestLocate", locate_dirs);
}

/* ---- symlinks ---- */

/* The name without what follows ".so". */
static char *so_link(const char *path)
{
	const char *name = path_basename(path);
	size_t stem = libtable_stem(name);

	if (stem == 0)
		return strdup("");
	return str_format("%.*s.so", (int)((size_t)(name - path) + stem), path);
}

static enum vectors_result run_so_link(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	bool oracle = strcmp(test, "oracle:libnames") == 0;
	auto_free char *got = so_link(text_of(input, oracle ? "path" : "input"));

	return compare(got, text_of(expected, oracle ? "soLink" : "expectedSoLink"), detail, size);
}

static void vectors_symlinks_names(void **state)
{
	(void)state;
	vectors_run("symlinks", "TestGetSoLink", run_so_link);
	vectors_run("symlinks", "oracle:libnames", run_so_link);
}

static enum vectors_result run_is_driver_library(const char *test, const json_t *input,
						 const json_t *expected, char *detail, size_t size)
{
	auto_done(root) struct driverroot root;
	const char *version = text_of(input, "driverVersion");
	auto_free char *anchor = str_format(MULTI "/libGLX_nvidia.so.%s", version);
	auto_free char *path = str_format(MULTI "/%s", text_of(input, "filename"));
	bool found;

	(void)test;
	root_make(&root);
	root_library(&root, anchor, "libGLX_nvidia.so.0");
	root_library(&root, path, text_of(input, "filename"));
	root_cache(&root, (const char *const[]){"libnvidia-vulkan-producer.so.123.45.67 " MULTI
						"/libnvidia-vulkan-producer.so.123.45.67",
						NULL});
	find_version(&root, DRIVER_CAP_GRAPHICS, version);
	found = file_of(&root, "libnvidia-vulkan-producer.so") != NULL;
	return compare(found ? "found" : "not found",
		       json_is_true(json_object_get(expected, "expectedResult")) ? "found"
										 : "not found",
		       detail, size);
}

static void vectors_symlinks_driver_library(void **state)
{
	(void)state;
	vectors_run("symlinks", "TestIsDriverLibrary", run_is_driver_library);
}

/* The host's links lead where those of an installation do. */
static void add_host_links(struct driverroot *root, const json_t *input, const char *path)
{
	const json_t *names = json_object_get(input, "hostSymlinksPresent");
	bool numbered = strcmp(text_of(input, "hostSoname"), "libcuda.so.1") == 0;
	auto_free char *dir = path_dirname(path);
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *link = json_string_value(name);
		auto_free char *at = path_join(dir, link);
		bool plain = strcmp(link, "libcuda.so") == 0;

		root_link(root, at, plain && numbered ? "libcuda.so.1" : path_basename(path));
	}
}

static void map_dir(struct driverroot *root, const json_t *input, const char *path)
{
	auto_free char *from = path_dirname(path);
	auto_free char *to = path_dirname(text_of(input, "containerLibraryPath"));

	if (strcmp(from, to) != 0)
		setup_map(&root->setup, from, to);
}

static enum vectors_result run_dot_so(const char *test, const json_t *input, const json_t *expected,
				      char *detail, size_t size)
{
	auto_done(root) struct driverroot root;
	const json_t *links = json_object_get(expected, "expectedSymlinks");
	const char *path = text_of(input, "hostLibraryPath");
	const char *soname = text_of(input, "hostSoname");
	auto_done(strbuf) struct strbuf got = {0};
	auto_done(strbuf) struct strbuf want = {0};
	const json_t *link;
	size_t i;

	(void)test;
	root_make(&root);
	root_library(&root, path, *soname == '\0' ? NULL : soname);
	add_host_links(&root, input, path);
	map_dir(&root, input, path);
	find_version(&root, DRIVER_CAP_COMPUTE, "999.88.77");
	vec_each(item, &root.setup.inv->items)
	{
		if (item->kind == ITEM_LINK)
			strbuf_addf(&got, "%s::%s ", item->link, item->target);
	}
	json_array_foreach(links, i, link)
	{
		strbuf_addf(&want, "%s ", json_string_value(link));
	}
	return compare(got.data == NULL ? "" : got.data, want.data == NULL ? "" : want.data, detail,
		       size);
}

static void vectors_symlinks_of_a_library(void **state)
{
	(void)state;
	vectors_run("symlinks", "TestGetDotSoSymlinks", run_dot_so);
}

/* ---- discover_mounts ---- */

static enum vectors_result run_configs(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	auto_done(root) struct driverroot root;
	const json_t *wanted = json_object_get(expected, "expected");
	const json_t *files = json_object_get(input, "files");
	const json_t *path;
	size_t i;

	(void)test;
	root_make(&root);
	json_array_foreach(files, i, path)
	{
		tree_write(&root.tree, json_string_value(path), "x", 1, 0644);
	}
	find_version(&root, DRIVER_CAP_EVERY, "999.88.77");
	if (root.setup.inv->items.n != json_object_size(wanted))
		return compare(root.text, "as many files", detail, size);
	vec_each(item, &root.setup.inv->items)
	{
		const char *target = text_of(wanted, item->source);

		if (strcmp(item->target, target) != 0)
			return compare(item->target, target, detail, size);
	}
	return VECTORS_SAME;
}

static void vectors_mounts_of_configuration(void **state)
{
	(void)state;
	vectors_run("discover_mounts", "TestGraphicsConfigsDiscoverer", run_configs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_lookup_by_loaders_cache),
		cmocka_unit_test(vectors_lookup_of_driver_libraries),
		cmocka_unit_test(vectors_lookup_of_directories),
		cmocka_unit_test(vectors_symlinks_names),
		cmocka_unit_test(vectors_symlinks_driver_library),
		cmocka_unit_test(vectors_symlinks_of_a_library),
		cmocka_unit_test(vectors_mounts_of_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
