/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_discover: what NVIDIA's toolkit hands out of a machine with mount lists, against our plan for
 * the same machine. Compared are targets of mounts, of nodes, and links with their text; links to a
 * SONAME are left out, since there it is ldconfig that makes them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostsetup.h"
#include "oci/request.h"
#include "plan/build.h"
#include "treelib.h"
#include "vectors.h"
#include "where.h"

#define LOOKUP where_shared("/vectors/lookup")

static struct tree *filled; /* by nftw(3), which passes nothing on */
static size_t filled_skip;

/* The stand-ins for libraries are empty files, those for nodes files in dev/. */
static int fill_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + filled_skip;
	struct tree_entry entry = {.path = name};

	(void)ftw;
	if (*name == '\0')
		return 0;
	if (type == FTW_F && str_starts_with(name, "/dev/")) {
		entry.kind = TREE_CHAR;
		tree_add(filled, &entry);
	} else if (type == FTW_F && strstr(name, "/libcuda.so.1.1") != NULL) {
		treelib_write(filled, name, "libcuda.so.1");
	} else if (type == FTW_F) {
		auto_free char *text = calloc(1, (size_t)st->st_size + 1);
		auto_file file = fopen(path, "re");

		assert_non_null(text);
		assert_non_null(file);
		assert_int_equal(fread(text, 1, (size_t)st->st_size, file), st->st_size);
		tree_write(filled, name, text, (size_t)st->st_size, 0644);
	} else if (type == FTW_SL) {
		char text[PATH_MAX] = "";

		assert_true(readlink(path, text, sizeof(text) - 1) > 0);
		entry.kind = TREE_LINK;
		entry.text = text;
		tree_add(filled, &entry);
	}
	return 0;
}

static void fill_from_lookup(struct tree *tree, const char *folder)
{
	auto_free char *path = str_format("%s/%s", LOOKUP, folder);

	assert_non_null(path);
	filled = tree;
	filled_skip = strlen(path);
	assert_int_equal(nftw(path, fill_one, 16, FTW_PHYS), 0);
}

/* top = what stands in front of paths that are not below /dev */
static char *placed(const char *top, const char *path)
{
	return str_format("%s%s", path[0] != '/' || str_starts_with(path, "/dev/") ? "" : top,
			  path);
}

static void add_rows(struct strbuf *list, const char *top, const json_t *specs)
{
	const char *type;
	json_t *paths;

	/* json_object_foreach() wants an object that is not const */
	json_object_foreach((json_t *)(uintptr_t)specs, type, paths)
	{
		for (size_t i = 0; i < json_array_size(paths); i++) {
			auto_free char *path =
				placed(top, json_string_value(json_array_get(paths, i)));

			strbuf_addf(list, "%s, %s\n", type, path);
		}
	}
}

static void fill_from_specs(struct tree *tree, const json_t *input)
{
	const json_t *files = json_object_get(input, "hostFiles");
	auto_done(strbuf) struct strbuf list = {0};
	const char *path;
	json_t *text;

	for (size_t i = 0; i < json_array_size(files); i++)
		tree_write(tree, json_string_value(json_array_get(files, i)), "", 0, 0644);
	json_object_foreach(json_object_get(input, "hostSymlinks"), path, text)
	{
		struct tree_entry link = {TREE_LINK, path, json_string_value(text), 0};

		tree_add(tree, &link);
	}
	add_rows(&list, "", json_object_get(input, "moutSpecs"));
	tree_write(tree, LISTS "/drivers.csv", list.data, list.len, 0644);
}

/* A row of a type names something of that type. */
static void fill_row(struct tree *tree, const char *type, const char *path)
{
	struct tree_entry entry = {TREE_FILE, path, "text", 0};

	if (strcmp(type, "dev") == 0)
		entry.kind = TREE_CHAR;
	else if (strcmp(type, "dir") == 0)
		entry.kind = TREE_DIR;
	else if (strcmp(type, "sym") == 0)
		entry = (struct tree_entry){TREE_LINK, path, "l", 0};
	tree_add(tree, &entry);
}

/* The rows are "/d", "/l", "/s": a whole directory of the top level is more than we hand out. */
static void fill_from_rows(struct tree *tree, const json_t *specs)
{
	auto_done(strbuf) struct strbuf list = {0};
	const char *type;
	json_t *paths;

	add_rows(&list, "/usr", specs);
	tree_write(tree, LISTS "/drivers.csv", list.data, list.len, 0644);
	json_object_foreach((json_t *)(uintptr_t)specs, type, paths)
	{
		for (size_t i = 0; i < json_array_size(paths); i++) {
			auto_free char *path =
				placed("/usr", json_string_value(json_array_get(paths, i)));

			if (path[0] == '/')
				fill_row(tree, type, path);
		}
	}
}

static void summarise_plan(const struct plan *plan, struct strv *ret)
{
	vec_each(op, &plan->ops)
	{
		if (op->kind == OP_BIND)
			(void)strv_addf(ret, "mount %s;", op->target);
		else if (op->kind == OP_DEVICE)
			(void)strv_addf(ret, "node %s;", op->target);
		else if (op->kind == OP_LINK &&
			 (op->why == NULL || strstr(op->why, "SONAME") == NULL))
			(void)strv_addf(ret, "link %s::%s;", op->link, op->target);
	}
}

static void add_unique(struct strv *list, const char *kind, const char *path)
{
	auto_free char *text = path == NULL ? NULL : str_format("%s %s;", kind, path);

	if (text != NULL)
		assert_true(strv_add_unique(list, text) >= 0);
}

static void add_links(const json_t *args, struct strv *ret)
{
	const char *name = json_string_value(json_array_get(args, 1));

	if (!str_equal(name, "create-symlinks"))
		return;
	for (size_t i = 2; i + 1 < json_array_size(args); i++) {
		if (str_equal(json_string_value(json_array_get(args, i)), "--link"))
			add_unique(ret, "link", json_string_value(json_array_get(args, i + 1)));
	}
}

static void add_paths(const json_t *array, const char *kind, struct strv *ret)
{
	static const char *const keys[] = {"containerPath", "destination", "Path", "path"};

	for (size_t i = 0; i < json_array_size(array); i++) {
		for (size_t k = 0; k < 4; k++)
			add_unique(ret, kind,
				   json_string_value(
					   json_object_get(json_array_get(array, i), keys[k])));
	}
}

/* Finds mounts, nodes and links in whatever struct the peer's test looked at. */
static void summarise_peer(const json_t *at, struct strv *ret)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(at)) {
		json_array_foreach((json_t *)(uintptr_t)at, i, value) summarise_peer(value, ret);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)at, key, value)
	{
		if (strcmp(key, "mounts") == 0 || strcmp(key, "expectedMounts") == 0)
			add_paths(value, "mount", ret);
		else if (strcmp(key, "deviceNodes") == 0 || strcmp(key, "expectedDevices") == 0 ||
			 (strcmp(key, "devices") == 0 && json_is_array(value)))
			add_paths(value, "node", ret);
		else if (strcmp(key, "args") == 0 || strcmp(key, "Args") == 0)
			add_links(value, ret);
		if (json_is_object(value) || json_is_array(value))
			summarise_peer(value, ret);
	}
}

static void summarise_rows(const json_t *specs, struct strv *ret)
{
	static const struct {
		const char *type;
		const char *kind;
		const char *before;
	} kinds[] = {{"dev", "node", ""},
		     {"dir", "mount", ""},
		     {"lib", "mount", ""},
		     {"sym", "link", "l::"}};

	for (size_t k = 0; k < 4; k++) {
		const json_t *paths = json_object_get(specs, kinds[k].type);

		for (size_t i = 0; i < json_array_size(paths); i++) {
			auto_free char *path =
				placed("/usr", json_string_value(json_array_get(paths, i)));

			(void)strv_addf(ret, "%s %s%s;", kinds[k].kind, kinds[k].before, path);
		}
	}
}

static enum vectors_result compare(struct strv *want, struct strv *have, char *detail, size_t size)
{
	strv_sort(want);
	strv_sort(have);
	(void)snprintf(detail, size, "%zu things for %zu", have->n, want->n);
	for (size_t i = 0; i < want->n || i < have->n; i++) {
		const char *ours = i < have->n ? have->items[i] : "nothing";
		const char *theirs = i < want->n ? want->items[i] : "nothing";

		if (strcmp(ours, theirs) != 0) {
			(void)snprintf(detail, size, "%s for %s", ours, theirs);
			return VECTORS_DIFFERENT;
		}
	}
	return VECTORS_SAME;
}

/* Plans for the tree; a machine without a GPU gives nothing. */
static void plan_tree(struct setup *setup, const struct request *request, struct strv *ret)
{
	struct plan *plan = NULL;
	struct err err = {0};

	assert_int_equal(setup_read(setup, HOST_LISTS_ALL), 0);
	if (plan_build(setup->inv, request, NULL, &setup->settings, &plan, &err) == 0)
		summarise_plan(plan, ret);
	else
		assert_int_equal(err.code, ENODEV);
	plan_free(plan);
}

static void request_from_env(const json_t *env, struct request *ret)
{
	struct settings *settings = settings_new();
	auto_done(spec) struct spec spec = {.has_process = true};
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)env, name, value)
		assert_int_equal(strv_addf(&spec.env, "%s=%s", name, json_string_value(value)), 0);
	assert_int_equal(request_from_spec(&spec, settings, NULL, ret, NULL), 0);
	settings_free(settings);
}

static const char *folder_of(const json_t *input)
{
	const char *folder = json_string_value(json_object_get(input, "driverRootfs"));
	const char *tree = json_string_value(json_object_get(input, "hostTree"));

	if (folder != NULL && folder[0] != '\0')
		return folder;
	return tree == NULL ? "rootfs-empty" : tree + strlen("testdata/lookup/");
}

static enum vectors_result run_machine(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	auto_done(strv) struct strv want = {0};
	auto_done(strv) struct strv have = {0};
	auto_done(request) struct request request = {.mode = DEVICES_ALL};
	struct setup setup = {0};
	struct tree tree;

	tree_make(&tree, NULL);
	setup_settings(&setup, tree.root);
	if (strcmp(test, "oracle:csv_transforms") == 0) {
		/* the one choice that has a counterpart is NVIDIA_VISIBLE_DEVICES=none */
		if (!json_is_array(json_object_get(expected, "dev")))
			request.mode = DEVICES_NONE;
		fill_from_rows(&tree, json_object_get(input, "specs"));
		summarise_rows(expected, &want);
	} else {
		if (json_object_get(input, "moutSpecs") != NULL)
			fill_from_specs(&tree, input);
		else
			fill_from_lookup(&tree, folder_of(input));
		summarise_peer(expected, &want);
	}
	if (json_object_get(input, "envmap") != NULL)
		request_from_env(json_object_get(input, "envmap"), &request);
	plan_tree(&setup, &request, &have);
	setup_done(&setup);
	tree_remove(&tree);
	return compare(&want, &have, detail, size);
}

/* Paths that the peer leaves out by patterns of its configuration; we hand all of them out. */
static enum vectors_result run_patterns(const json_t *input, const json_t *expected, char *detail,
					size_t size)
{
	const json_t *specs = json_object_get(input, "symlinkSpecs");
	const json_t *left = json_object_get(expected, "remaining");

	specs = specs == NULL ? json_object_get(input, "input") : specs;
	left = left == NULL ? json_object_get(expected, "expected") : left;
	assert_true(json_is_array(specs));
	(void)snprintf(detail, size, "%zu for %zu", json_array_size(specs), json_array_size(left));
	return json_equal(specs, left) ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_options(const json_t *input, const json_t *expected)
{
	const json_t *driver = json_object_get(input, "driver");
	const char *error = json_string_value(json_object_get(expected, "expectedErrorstring"));
	struct settings *settings = settings_new();
	struct host host = {0};
	int rc;

	assert_non_null(settings);
	if (json_is_object(driver))
		assert_string_equal(json_string_value(json_object_get(driver, "Root")), "");
	rc = host_open(&host, settings, NULL, NULL);
	host_close(&host);
	settings_free(settings);
	return (rc < 0) == (error[0] != '\0') ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_case(const char *test, const json_t *input, const json_t *expected,
				    char *detail, size_t size)
{
	if (strcmp(test, "TestIgnorePatterns") == 0 ||
	    strcmp(test, "oracle:csv_ignore_patterns") == 0)
		return run_patterns(input, expected, detail, size);
	if (strcmp(test, "TestOptions") == 0)
		return run_options(input, expected);
	return run_machine(test, input, expected, detail, size);
}

static void csv_discover_of_the_peer_gives_the_same_things(void **unused)
{
	(void)unused;
	if (geteuid() != 0) {
		print_message("skipped: needs root for device nodes\n");
		skip();
	}
	vectors_run("csv_discover", NULL, run_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_discover_of_the_peer_gives_the_same_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
