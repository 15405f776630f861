/* SPDX-License-Identifier: Apache-2.0 */
/* Which modules the peer loads and which nodes it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kmodworld.h"
#include "vectors.h"

static unsigned major_of(const json_t *devices, const char *name)
{
	return (unsigned)json_integer_value(json_object_get(devices, name));
}

/* The calls that the peer makes, as lines of dump_nodes(). */
static char *nodes_wanted(const json_t *calls)
{
	struct strv nodes = {0};
	struct strbuf text = {0};
	json_t *call;
	size_t i;

	json_array_foreach(calls, i, call)
	{
		const char *path = json_string_value(json_object_get(call, "S"));

		assert_int_equal(
			strv_addf(&nodes, "%s %u:%u 0666 0:0", strstr(path, "/dev/") + 5,
				  (unsigned)json_integer_value(json_object_get(call, "N1")),
				  (unsigned)json_integer_value(json_object_get(call, "N2"))),
			0);
	}
	strv_sort(&nodes);
	for (i = 0; i < nodes.n; i++)
		strbuf_addf(&text, "%s\n", nodes.items[i]);
	strv_done(&nodes);
	return strbuf_take(&text);
}

static enum vectors_result run_nodes(const json_t *input, const json_t *expected)
{
	static const struct tree_entry entries[] = {
		CARD,
		{TREE_FILE, NVIDIA "/version", "NVRM version: 550.54.15\n", 0},
		{TREE_END, NULL, NULL, 0},
	};
	const json_t *devices = json_object_get(input, "devices");
	char *want = nodes_wanted(json_object_get(expected, "expectedCalls"));
	struct strbuf text = {0};
	struct world world;
	const char *name;
	json_t *major;
	char *nodes;
	bool same;

	make_world(&world, entries, NULL);
	strbuf_adds(&text, "Character devices:\n");
	json_object_foreach((json_t *)(uintptr_t)devices, name, major) if (json_is_integer(major))
		strbuf_addf(&text, "%u %s\n", major_of(devices, name), name);
	tree_write(&world.tree, "/proc/devices", text.data, text.len, 0644);
	load(&world, false);
	nodes = dump_nodes(&world);
	same = strcmp(nodes, want) == 0;
	strbuf_done(&text);
	free(nodes);
	free(want);
	world_done(&world);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_load_all(const json_t *input, const json_t *expected)
{
	static const struct tree_entry entries[] = {
		CARD,
		{TREE_DIR, NVIDIA, NULL, 0},
		{TREE_FILE, "/proc/devices", "Character devices:\n", 0},
		{TREE_END, NULL, NULL, 0},
	};
	struct strbuf want = {0};
	struct world world;
	json_t *call;
	char *asked;
	size_t i;
	bool same;

	make_world(&world, entries,
		   json_is_null(json_object_get(input, "runError")) ? MODPROBE : BROKEN);
	load(&world, false);
	asked = read_text(&world, "/asked");
	json_array_foreach(json_object_get(expected, "expectedCalls"), i, call)
	{
		const json_t *words = json_object_get(call, "Strings");

		strbuf_addf(&want, "/sbin/modprobe %s 1 \n",
			    json_string_value(json_array_get(words, json_array_size(words) - 1)));
	}
	same = strcmp(asked, want.data == NULL ? "" : want.data) == 0;
	strbuf_done(&want);
	free(asked);
	world_done(&world);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_device_nodes(const char *test, const json_t *input,
					    const json_t *expected, char *detail, size_t size)
{
	(void)detail;
	(void)size;
	if (strcmp(test, "TestCreateControlDevices") == 0)
		return run_nodes(input, expected);
	if (strcmp(test, "TestLoadAll") == 0)
		return run_load_all(input, expected);
	/* which modules there are is not a caller's choice */
	assert_string_equal(test, "TestLoad");
	return VECTORS_SKIPPED;
}

static void device_nodes_of_the_peer_are_made(void **state)
{
	(void)state;

	vectors_run("device_nodes", NULL, run_device_nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_nodes_of_the_peer_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
