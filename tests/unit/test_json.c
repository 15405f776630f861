/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/json.md against what json.c writes: every member is in the tables with that type, and every
 * member of the tables that may not be missing is there. The inventories are those of
 * tests/cases/plan.
 */
#include "plancase.h"

#include <dirent.h>
#include <jansson.h>

#include "drivercase.h"
#include "plan/build.h"
#include "render/json.h"
#include "where.h"

#define CASES where_data("/tests/cases/plan")
#define DOC   where_data("/docs/json.md")

struct member {
	char schema[32];
	char name[32];
	char type[64];
	size_t seen;
};

static struct member members[256];
static size_t n_members;

static void read_row(const char *schema, char *line)
{
	struct member *member = &members[n_members];
	char *save = NULL;
	char *name;
	char *type;
	char *backslash;

	if (line[0] != '|' || strncmp(line, "| `", 3) != 0)
		return;
	name = strtok_r(line + 3, "`", &save);
	type = strtok_r(NULL, "`", &save);
	assert_non_null(name);
	assert_non_null(type);
	assert_true(n_members < sizeof(members) / sizeof(members[0]));
	(void)snprintf(member->schema, sizeof(member->schema), "%s", schema);
	(void)snprintf(member->name, sizeof(member->name), "%s", name);
	(void)sscanf(type, " | %63[^\n]", member->type);
	backslash = strchr(member->type, '\\');
	if (backslash != NULL)
		memmove(backslash, backslash + 1, strlen(backslash));
	for (char *bar = strstr(member->type, " |"); bar != NULL; bar = NULL)
		*bar = '\0';
	n_members++;
}

static int read_doc(void **state)
{
	auto_free char *text = plancase_slurp(DOC);
	char schema[32] = "";
	char *save = NULL;

	(void)state;
	assert_non_null(text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "## ", 3) == 0 || strncmp(line, "### ", 4) == 0)
			(void)snprintf(schema, sizeof(schema), "%s", strchr(line, ' ') + 1);
		read_row(schema, line);
	}
	assert_true(n_members > 40);
	return 0;
}

static void check_object(const char *schema, const json_t *object);

static bool is_type(const json_t *value, const char *type, size_t len)
{
	const struct {
		const char *name;
		bool is;
	} types[] = {
		{"string", json_is_string(value)},   {"integer", json_is_integer(value)},
		{"boolean", json_is_boolean(value)}, {"object", json_is_object(value)},
		{"null", json_is_null(value)},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].name) == len && strncmp(types[i].name, type, len) == 0)
			return types[i].is;
	}
	return false;
}

static void check_value(const struct member *member, const json_t *value)
{
	static const char array[] = "array of ";
	const char *type = member->type;
	size_t len = strcspn(type, "?|");
	const char *null = strstr(type, "|null");

	if (strncmp(type, array, sizeof(array) - 1) == 0) {
		const char *of = type + sizeof(array) - 1;
		auto_free char *element = strndup(of, strcspn(of, "?"));

		assert_true(json_is_array(value));
		for (size_t i = 0; i < json_array_size(value); i++) {
			const json_t *each = json_array_get(value, i);

			if (strchr(element, '.') != NULL)
				check_object(element, each);
			else
				assert_true(is_type(each, element, strlen(element)));
		}
		return;
	}
	if (null != NULL && json_is_null(value))
		return;
	if (memchr(type, '.', len) != NULL) {
		auto_free char *schema = strndup(type, len);

		check_object(schema, value);
		return;
	}
	if (!is_type(value, type, len))
		fail_msg("%s: %s is not of type %s", member->schema, member->name, type);
}

static void check_object(const char *schema, const json_t *object)
{
	size_t known = 0;

	assert_true(json_is_object(object));
	for (size_t i = 0; i < n_members; i++) {
		struct member *member = &members[i];
		const json_t *value = json_object_get(object, member->name);

		if (strcmp(member->schema, schema) != 0)
			continue;
		if (value == NULL && strchr(member->type, '?') == NULL)
			fail_msg("%s: %s is missing", schema, member->name);
		if (value == NULL)
			continue;
		check_value(member, value);
		member->seen++;
		known++;
	}
	if (known != json_object_size(object)) {
		auto_free char *text = json_dumps(object, 0);

		fail_msg("%s: a member is not in docs/json.md: %s", schema, text);
	}
}

/* Loads, checks the schema's name and hands the document over. */
static void check_document(const char *schema, char *text)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t len = strlen(text);

	assert_non_null(root);
	assert_true(len > 2 && text[len - 1] == '\n' && text[len - 2] == '}');
	assert_string_equal(json_string_value(json_object_get(root, "schema")), schema);
	check_object(schema, root);
	json_decref(root);
	free(text);
}

static void check_case(const char *name)
{
	auto_free char *path = str_format("%s/%s/inventory.txt", CASES, name);
	auto_free char *input = plancase_slurp(path);
	struct plan *plan = NULL;
	char *text = NULL;
	struct plancase c;

	assert_non_null(input);
	plancase_read(&c, input);
	if (plan_build(c.inv, &c.request, &c.image, &c.settings, &plan, NULL) == 0) {
		assert_int_equal(json_list(c.inv, plan, &text, NULL), 0);
		check_document("nvc.list/1", text);
		assert_int_equal(json_plan(c.inv, &c.request, plan, &text, NULL), 0);
		check_document("nvc.plan/1", text);
	}
	assert_int_equal(json_info(c.inv, plan, &c.settings, &text, NULL), 0);
	check_document("nvc.info/1", text);
	plan_free(plan);
	plancase_done(&c);
}

static void json_of_all_cases_is_as_documented(void **state)
{
	struct dirent **names = NULL;
	int n = scandir(CASES, &names, NULL, alphasort);

	(void)state;
	assert_true(n > 10);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			check_case(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static void json_of_a_driver_is_as_documented(void **state)
{
	struct inventory *inv = inventory_new();
	struct plan *plan = plan_new();
	struct request request = {.mode = DEVICES_ALL, .caps = DRIVER_CAP_COMPUTE};
	const struct settings settings = {0};
	char *text = NULL;

	(void)state;
	assert_true(inv != NULL && plan != NULL);
	drivercase_fill(inv, plan);

	assert_int_equal(json_info(inv, plan, &settings, &text, NULL), 0);
	check_document("nvc.info/1", text);
	assert_int_equal(json_list(inv, plan, &text, NULL), 0);
	check_document("nvc.list/1", text);
	assert_int_equal(json_plan(inv, &request, plan, &text, NULL), 0);
	check_document("nvc.plan/1", text);
	plan_free(plan);
	inventory_free(inv);
}

static void json_list_of_a_driver_tells_of_parts_and_lacks(void **state)
{
	struct inventory *inv = inventory_new();
	struct plan *plan = plan_new();
	char *text = NULL;
	json_t *root;
	const json_t *part;

	(void)state;
	assert_true(inv != NULL && plan != NULL);
	drivercase_fill(inv, plan);
	plan->ops.items[0].part = NO_ROW; /* the firmware is not asked for */

	assert_int_equal(json_list(inv, plan, &text, NULL), 0);

	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	part = json_array_get(json_object_get(root, "parts"), 0);
	assert_string_equal(json_string_value(json_object_get(part, "service")), "gsp-firmware");
	assert_true(json_is_false(json_object_get(part, "used")));
	part = json_array_get(json_object_get(root, "parts"), 3);
	assert_string_equal(json_string_value(json_object_get(part, "name")), "libcuda.so");
	assert_string_equal(json_string_value(json_object_get(part, "why")), "ld.so.cache");
	assert_true(json_is_true(json_object_get(part, "used")));
	assert_int_equal(json_array_size(json_object_get(part, "capabilities")), 2);
	assert_string_equal(json_string_value(json_array_get(json_object_get(part, "paths"), 0)),
			    "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15");
	part = json_array_get(json_object_get(root, "lacks"), 0);
	assert_string_equal(json_string_value(json_object_get(part, "reason")),
			    "not in ld.so.cache nor in 5 directories");
	json_decref(root);
	free(text);
	plan_free(plan);
	inventory_free(inv);
}

static void json_members_of_the_document_are_all_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_members; i++) {
		if (members[i].seen == 0)
			fail_msg("%s: %s is never written", members[i].schema, members[i].name);
	}
}

static void json_plan_of_a_file_has_its_content(void **state)
{
	struct plan *plan = plan_new();
	struct inventory *inv = inventory_new();
	struct request request = {.mode = DEVICES_ALL};
	struct op *op = vec_add(&plan->ops);
	char *text = NULL;
	json_t *root;
	const json_t *file;

	(void)state;
	*op = (struct op){.kind = OP_FILE,
			  .target = strdup("/etc/\xff\x01name"),
			  .content = strdup("text\n"),
			  .mode = 0644,
			  .row = NO_ROW};

	assert_int_equal(json_plan(inv, &request, plan, &text, NULL), 0);

	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	check_object("nvc.plan/1", root);
	file = json_array_get(json_object_get(root, "operations"), 0);
	assert_string_equal(json_string_value(json_object_get(file, "target")),
			    "/etc/\\xff\\x01name");
	assert_string_equal(json_string_value(json_object_get(file, "content")), "text\n");
	assert_string_equal(json_string_value(json_object_get(file, "mode")), "0644");
	json_decref(root);
	free(text);
	plan_free(plan);
	inventory_free(inv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_of_all_cases_is_as_documented),
		cmocka_unit_test(json_of_a_driver_is_as_documented),
		cmocka_unit_test(json_list_of_a_driver_tells_of_parts_and_lacks),
		cmocka_unit_test(json_members_of_the_document_are_all_seen),
		cmocka_unit_test(json_plan_of_a_file_has_its_content),
	};

	return cmocka_run_group_tests(tests, read_doc, NULL);
}
