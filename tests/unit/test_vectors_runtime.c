/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_e2e: what NVIDIA's shim does with a bundle in csv mode, against what ours does. Theirs
 * puts mounts and nodes into the spec, ours leaves them to the hook: what has to agree is whether
 * it succeeds, whether the spec is changed, which devices its rules allow, and the groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/sysmacros.h>

#include "runprog.h"
#include "vectors.h"
#include "where.h"

/* text with $ROOT, $BUNDLE, $LOWLEVEL and $WORKDIR put in; the caller frees. */
static char *with_paths(const struct scratch *scratch, const char *text)
{
	static const struct {
		const char *name;
		const char *path;
	} names[] = {{"$ROOT", "/root"},
		     {"$BUNDLE", "/bundle"},
		     {"$LOWLEVEL", "/lowlevel"},
		     {"$WORKDIR", "/work"}};
	struct strbuf out = {0};

	strbuf_adds(&out, "");
	while (*text != '\0') {
		size_t i;

		for (i = 0; i < 4 && !str_starts_with(text, names[i].name); i++)
			;
		if (i < 4) {
			strbuf_addf(&out, "%s%s", scratch->dir, names[i].path);
			text += strlen(names[i].name);
		} else {
			strbuf_addc(&out, *text++);
		}
	}
	return strbuf_take(&out);
}

static const char *word(const json_t *entry, size_t index)
{
	return json_string_value(json_array_get(entry, index));
}

static unsigned number(const json_t *entry, size_t index, unsigned otherwise)
{
	const json_t *value = json_array_get(entry, index);

	return value == NULL ? otherwise : (unsigned)json_integer_value(value);
}

/* ["char", PATH, MAJOR, MINOR, MODE, UID, GID], ["link", PATH, TEXT], ... */
static void make_node(const struct scratch *scratch, const json_t *entry)
{
	const char *kind = word(entry, 0);
	auto_free char *path = str_format("%s/root%s", scratch->dir, word(entry, 1));

	scratch_make_parents(path);
	if (strcmp(kind, "char") == 0) {
		assert_int_equal(mknod(path, S_IFCHR | 0600,
				       makedev(number(entry, 2, 0), number(entry, 3, 0))),
				 0);
		assert_int_equal(chown(path, number(entry, 5, 0), number(entry, 6, 0)), 0);
		assert_int_equal(chmod(path, number(entry, 4, 0666)), 0);
	} else if (strcmp(kind, "link") == 0) {
		assert_int_equal(symlink(word(entry, 2), path), 0);
	} else if (strcmp(kind, "dir") == 0) {
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
	} else {
		auto_free char *name = str_format("root%s", word(entry, 1));

		free(scratch_write(
			scratch, name,
			strcmp(kind, "file") == 0 && word(entry, 2) != NULL ? word(entry, 2) : "",
			0644));
	}
}

static void make_machine(const struct scratch *scratch, const json_t *input)
{
	const json_t *tree = json_object_get(input, "hostTree");
	const char *name;
	json_t *text;

	(void)umask(022);
	for (size_t i = 0; i < json_array_size(tree); i++)
		make_node(scratch, json_array_get(tree, i));
	json_object_foreach(json_object_get(input, "csvFiles"), name, text)
	{
		auto_free char *file = str_format(
			"root/etc/nvidia-container-runtime/host-files-for-container.d/%s", name);

		free(scratch_write(scratch, file, json_string_value(text), 0644));
	}
}

static int run_shim(const struct scratch *scratch, const json_t *argv_words)
{
	auto_done(strv) struct strv argv = {0};
	auto_free char *config =
		str_format("NVIDIA_CTK_CONFIG_FILE_PATH=%s/config.toml", scratch->dir);
	const char *const env[] = {"PATH=/usr/bin:/bin", config, NULL};

	assert_int_equal(strv_add(&argv, "nvidia-container-runtime"), 0);
	for (size_t i = 0; i < json_array_size(argv_words); i++) {
		auto_free char *one = with_paths(scratch, word(argv_words, i));

		assert_int_equal(strv_add(&argv, one), 0);
	}
	return runprog(scratch, where_built("/programs/nvc-runtime"),
		       (const char *const *)argv.items, env, false);
}

/* "c 195:0;" for each allowed node and "g44;" for each group, sorted. */
static void summarise(const json_t *spec, struct strbuf *ret)
{
	const json_t *resources = json_object_get(json_object_get(spec, "linux"), "resources");
	const json_t *rules = json_object_get(resources, "devices");
	const json_t *user = json_object_get(json_object_get(spec, "process"), "user");
	const json_t *gids = json_object_get(user, "additionalGids");
	auto_done(strv) struct strv found = {0};

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		if (json_is_true(json_object_get(rule, "allow")))
			strv_addf(&found, "c %d:%d;",
				  (int)json_number_value(json_object_get(rule, "major")),
				  (int)json_number_value(json_object_get(rule, "minor")));
	}
	for (size_t i = 0; i < json_array_size(gids); i++)
		strv_addf(&found, "g%d;", (int)json_number_value(json_array_get(gids, i)));
	strv_sort(&found);
	strbuf_adds(ret, "");
	for (size_t i = 0; i < found.n; i++)
		strbuf_adds(ret, found.items[i]);
}

static enum vectors_result compare(const struct scratch *scratch, int status, const char *before,
				   const json_t *expected, char *detail, size_t size)
{
	auto_free char *after = scratch_read(scratch, "bundle/config.json");
	auto_free char *errors = scratch_read(scratch, "stderr");
	auto_done(strbuf) struct strbuf want = {0};
	auto_done(strbuf) struct strbuf have = {0};
	bool unchanged = before == NULL ? after == NULL : strcmp(before, after) == 0;
	json_t *spec;

	/* Whatever else differs: a container that is not created must not be touched. */
	if (status != 0)
		assert_true(unchanged);
	if ((status != 0) != (json_integer_value(json_object_get(expected, "exit")) != 0)) {
		(void)snprintf(detail, size, "exit %d: %s", status, errors);
		return VECTORS_DIFFERENT;
	}
	if (status != 0)
		return VECTORS_SAME;
	if (unchanged != json_is_true(json_object_get(expected, "specUnchanged"))) {
		(void)snprintf(detail, size, "spec %s", unchanged ? "unchanged" : "changed");
		return VECTORS_DIFFERENT;
	}
	spec = json_loads(after, 0, NULL);
	assert_non_null(spec);
	summarise(json_object_get(expected, "spec"), &want);
	summarise(spec, &have);
	json_decref(spec);
	(void)snprintf(detail, size, "%s for %s", have.data, want.data);
	return strcmp(want.data, have.data) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_case(const char *test, const json_t *input, const json_t *expected,
				    char *detail, size_t size)
{
	const char *toml = json_string_value(json_object_get(input, "configToml"));
	const char *binary = json_string_value(json_object_get(input, "binary"));
	const json_t *spec = json_object_get(input, "spec");
	auto_free char *before = json_is_object(spec) ? json_dumps(spec, JSON_INDENT(1)) : NULL;
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_free char *config = NULL;
	int status;

	(void)test;
	/* the peer's legacy and cdi modes describe discrete GPUs */
	if (strstr(toml, "mode = \"csv\"") == NULL ||
	    strcmp(binary, "nvidia-container-runtime") != 0)
		return VECTORS_SKIPPED;
	scratch_open(&scratch);
	make_machine(&scratch, input);
	config = with_paths(&scratch, toml);
	free(scratch_write(&scratch, "config.toml", config, 0644));
	free(scratch_write(&scratch, "lowlevel", "#!/bin/sh\nexit 0\n", 0755));
	free(scratch_write(&scratch, "work/x", "", 0644));
	free(scratch_write(&scratch, "bundle/rootfs/x", "", 0644));
	if (before != NULL)
		free(scratch_write(&scratch, "bundle/config.json", before, 0644));
	status = run_shim(&scratch, json_object_get(input, "argv"));
	return compare(&scratch, status, before, expected, detail, size);
}

static void vectors_runtime_e2e_agree(void **unused)
{
	(void)unused;
	if (geteuid() != 0) {
		print_message("skipped: needs root for device nodes\n");
		skip();
	}
	vectors_run("runtime_e2e", NULL, run_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors_runtime_e2e_agree)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
