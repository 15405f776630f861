/* SPDX-License-Identifier: Apache-2.0 */
/* What the peer reads of /proc/devices and mig-minors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"

#include "base/procfs.h"
#include "format/procdriver.h"

/* The classes that the peer looks for; its lines come without the head of their section. */
static const char *const classes[] = {
	"nvidia", "nvidia-frontend", "nvidia-uvm", "nvidia-caps", "nvidia-caps-imex-channels",
};

static char *join_lines(const json_t *lines, const char *head)
{
	struct strbuf text = {0};
	json_t *line;
	size_t i;

	strbuf_adds(&text, head);
	json_array_foreach(lines, i, line)
	{
		strbuf_adds(&text, json_string_value(line));
		strbuf_addc(&text, '\n');
	}
	return strbuf_take(&text);
}

static json_t *majors_of(const char *text)
{
	json_t *majors = json_object();

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		unsigned major;

		if (procfs_char_major(text, strlen(text), classes[i], &major) == 1)
			assert_int_equal(json_object_set_new(majors, classes[i],
							     json_integer((json_int_t)major)),
					 0);
	}
	return majors;
}

static enum vectors_result run_devices(const json_t *input, const json_t *expected)
{
	auto_free char *text = join_lines(json_object_get(input, "lines"), "Character devices:\n");
	const json_t *want = json_object_get(expected, "expected");
	json_t *majors = majors_of(text);
	bool same =
		json_is_null(want) ? json_object_size(majors) == 0 : json_equal(majors, want) == 1;

	json_decref(majors);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_device_line(const json_t *input, const json_t *expected)
{
	const char *name = json_string_value(json_object_get(input, "name"));
	auto_free char *text = str_format("Character devices:\n%s\n",
					  json_string_value(json_object_get(input, "line")));
	unsigned major = 0;
	bool found = name[0] != '\0' && procfs_char_major(text, strlen(text), name, &major) == 1;

	if (found == json_is_true(json_object_get(expected, "err")))
		return VECTORS_DIFFERENT;
	return major == json_integer_value(json_object_get(input, "major")) ? VECTORS_SAME
									    : VECTORS_DIFFERENT;
}

/* As mig-minors names it. */
static char *cap_name(const struct procdriver_cap *cap)
{
	switch (cap->kind) {
	case CAP_CONFIG:
		return strdup("config");
	case CAP_MONITOR:
		return strdup("monitor");
	case CAP_GI:
		return str_format("gpu%u/gi%u/access", cap->gpu, cap->gi);
	case CAP_CI:
		break;
	}
	return str_format("gpu%u/gi%u/ci%u/access", cap->gpu, cap->gi, cap->ci);
}

static json_t *minors_of(const char *text)
{
	json_t *minors = json_object();
	size_t len = strlen(text);
	struct procdriver_cap cap;

	while (procdriver_next_cap(&text, &len, &cap)) {
		auto_free char *name = cap_name(&cap);

		assert_int_equal(
			json_object_set_new(minors, name, json_integer((json_int_t)cap.minor)), 0);
	}
	return minors;
}

static enum vectors_result run_minors(const json_t *input, const json_t *expected)
{
	auto_free char *text = join_lines(json_object_get(input, "lines"), "");
	json_t *minors = minors_of(text);
	bool same = json_equal(minors, json_object_get(expected, "expected")) == 1;

	json_decref(minors);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_minors_line(const json_t *input, const json_t *expected)
{
	const char *name = json_string_value(json_object_get(input, "cap"));
	json_t *minors = minors_of(json_string_value(json_object_get(input, "line")));
	bool wrong = json_is_true(json_object_get(expected, "err"));
	bool same = wrong ? json_object_size(minors) == 0
			  : json_object_size(minors) == 1 &&
				    json_equal(json_object_get(minors, name),
					       json_object_get(input, "minor"));

	json_decref(minors);
	return same ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_path(const json_t *input, const json_t *expected)
{
	auto_free char *line =
		str_format("%s 1", json_string_value(json_object_get(input, "input")));
	const char *text = line;
	size_t len = strlen(line);
	struct procdriver_cap cap;
	char path[PROCDRIVER_CAP_PATH];

	if (!procdriver_next_cap(&text, &len, &cap))
		return VECTORS_DIFFERENT;
	procdriver_cap_path(&cap, path);
	return strcmp(path, json_string_value(json_object_get(expected, "expected"))) == 0
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

static enum vectors_result run_nvcaps(const char *test, const json_t *input, const json_t *expected,
				      char *detail, size_t size)
{
	(void)detail;
	(void)size;
	if (strcmp(test, "TestProcessDeviceFile") == 0)
		return run_devices(input, expected);
	if (strcmp(test, "TestProcessDeviceFileLine") == 0)
		return run_device_line(input, expected);
	if (strcmp(test, "TestProcessMinorsFile") == 0)
		return run_minors(input, expected);
	if (strcmp(test, "TestProcessMigMinorsLine") == 0)
		return run_minors_line(input, expected);
	assert_string_equal(test, "TestMigCapProcPaths");
	return run_path(input, expected);
}

static void proc_nvcaps_of_the_peer_give_its_majors_and_minors(void **state)
{
	(void)state;

	vectors_run("proc_nvcaps", NULL, run_nvcaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_nvcaps_of_the_peer_give_its_majors_and_minors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
