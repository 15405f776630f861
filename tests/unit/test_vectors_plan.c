/* SPDX-License-Identifier: Apache-2.0 */
/* driver_params: what NVIDIA's toolkit writes over files of the driver, against ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "plan/appprofile.h"
#include "plan/procfiles.h"
#include "vectors.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static enum vectors_result compare(const char *got, const char *want, char *detail, size_t size)
{
	(void)snprintf(detail, size, "got '%s', want '%s'", got, want);
	return strcmp(got, want) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

/* Nothing expected: the text stays as it is. */
static enum vectors_result params(const json_t *input, const json_t *expected, char *detail,
				  size_t size)
{
	const char *text = text_of(input, "contents");
	auto_free char *got = procfiles_params(text);

	assert_non_null(got);
	return compare(got,
		       json_is_null(json_object_get(expected, "expectedContents"))
			       ? text
			       : text_of(expected, "expectedContents"),
		       detail, size);
}

static enum vectors_result profile(const json_t *input, const json_t *expected, char *detail,
				   size_t size)
{
	auto_free char *got =
		appprofile_text((uint64_t)json_integer_value(json_object_get(input, "mask")));

	assert_non_null(got);
	return compare(got, text_of(expected, "expected"), detail, size);
}

/* TestSelectGPUMinors is about finding nodes: host/ */
static enum vectors_result driver_case(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	if (strcmp(test, "TestGetModifiedParamsFileContentsFromReader") == 0)
		return params(input, expected, detail, size);
	if (strcmp(test, "TestBuildApplicationProfileConfig") == 0)
		return profile(input, expected, detail, size);
	return VECTORS_SKIPPED;
}

static void driver_params_vectors_pass(void **state)
{
	(void)state;
	vectors_run("driver_params", NULL, driver_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_params_vectors_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
