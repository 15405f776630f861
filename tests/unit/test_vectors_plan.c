/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's toolkit writes over files of the driver (driver_params), and whose CUDA libraries
 * it chooses (cuda_compat), against ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "compatlib.h"
#include "oci/compat.h"
#include "plan/appprofile.h"
#include "plan/compat.h"
#include "plan/procfiles.h"
#include "runprog.h"
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

/* A version that is not known is empty in the vectors. */
static const char *known(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static struct compat_host host_of(const json_t *object, const char *driver, const char *cuda)
{
	return (struct compat_host){.driver = known(text_of(object, driver)),
				    .cuda = known(text_of(object, cuda))};
}

static void take_note(const json_t *note, struct image_compat *ret)
{
	auto_free char *text = json_dumps(note, 0);

	assert_non_null(text);
	assert_int_equal(compat_parse_note(text, strlen(text), ret, NULL), 0);
}

static enum vectors_result use_compat(const json_t *input, const json_t *expected, char *detail,
				      size_t size)
{
	auto_done(image_compat) struct image_compat compat = {
		.version = strdup(text_of(input, "compatDriverVersion"))};
	struct compat_host host = host_of(input, "hostDriverVersion", "hostCudaVersion");
	const char *reason = "";
	bool fits;

	take_note(json_object_get(input, "elfHeader"), &compat);
	fits = compat_fits(&compat, &host, &reason);
	(void)snprintf(detail, size, "got %d: %s", fits, reason);
	return fits == json_is_true(json_object_get(expected, "expected")) ? VECTORS_SAME
									   : VECTORS_DIFFERENT;
}

/* The files of the vectors are empty, but for names. */
static void put_file(const struct scratch *scratch, const char *name, const char *content,
		     const char *note)
{
	auto_free char *path = scratch_write(scratch, name + 1, content, 0644);
	struct compatlib lib;
	auto_file out = NULL;

	if (str_starts_with(content, "symlink=")) {
		assert_int_equal(unlink(path), 0);
		/* absolute ones lead to the image's own, which the test's folder is */
		assert_int_equal(symlink(content + strlen("symlink="), path), 0);
	}
	if (strstr(name, "/libcuda.so.") == NULL)
		return;
	compatlib_make(&lib, "libcuda.so.1", EM_X86_64, note);
	out = fopen(path, "we");
	assert_non_null(out);
	assert_int_equal(fwrite(&lib, sizeof(lib), 1, out), 1);
}

/* The folder that would be used, or "". */
static enum vectors_result choose(const struct scratch *scratch, const json_t *input,
				  const json_t *expected, char *detail, size_t size)
{
	const json_t *options = json_object_get(input, "options");
	const char *dir = text_of(options, "cudaCompatContainerRoot");
	struct compat_host host = host_of(options, "hostDriverVersion", "hostCudaVersion");
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_fd root = open(scratch->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *want = text_of(expected, "expectedContainerForwardCompatDir");
	const char *reason = "there is none";
	const char *got = "";

	assert_true(root >= 0);
	assert_int_equal(compat_read(root, *dir == '\0' ? COMPAT_DIR : dir, &compat, NULL), 0);
	if (compat.dir != NULL && compat.fault == NULL && compat_fits(&compat, &host, &reason))
		got = compat.dir;
	(void)snprintf(detail, size, "got '%s' (%s)", got, reason);
	return strcmp(got, want) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result choose_of_files(const json_t *input, const json_t *expected,
					   char *detail, size_t size)
{
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	json_t *contents = json_object_get(input, "contents");
	const char *name;
	json_t *content;

	scratch_open(&scratch);
	json_object_foreach(contents, name, content)
		put_file(&scratch, name, json_string_value(content), NULL);
	return choose(&scratch, input, expected, detail, size);
}

/* The library of these cases, as TestGetCUDACompatElfHeaderFromReader tells of it. */
static enum vectors_result choose_of_note(const json_t *input, const json_t *expected, char *detail,
					  size_t size)
{
	static const char note[] = "{\"CUDA Version\": \"12.9\", \"Format\": 1, \"Driver\": "
				   "[535, 550, 560, 565, 570, 575], \"Device\": [1, 2, 7, 8]}";
	auto_done(scratch) struct scratch scratch = {.dir = ""};

	scratch_open(&scratch);
	put_file(&scratch, "/compat/575.57.08/libcuda.so.575.57.08", "", note);
	return choose(&scratch, input, expected, detail, size);
}

/* The vectors have what is read, not the file: both ways of it, through a file of ours. */
static enum vectors_result read_note(const json_t *input, const json_t *expected, char *detail,
				     size_t size)
{
	const json_t *want = json_object_get(expected, "expected");
	auto_free char *note = json_is_null(want) ? strdup("{not json") : json_dumps(want, 0);
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	auto_done(scratch) struct scratch scratch = {.dir = ""};
	auto_fd root = -1;

	(void)input;
	assert_non_null(note);
	scratch_open(&scratch);
	put_file(&scratch, COMPAT_DIR "/libcuda.so.1.1", "", note);
	root = open(scratch.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(compat_read(root, COMPAT_DIR, &compat, NULL), 0);
	(void)snprintf(detail, size, "fault: %s", compat.fault == NULL ? "none" : compat.fault);
	if (json_is_null(want))
		return compat.fault != NULL && !compat.noted ? VECTORS_SAME : VECTORS_DIFFERENT;
	return compat.noted && str_equal(compat.cuda, text_of(want, "CUDA Version")) &&
			       compat.drivers.n ==
				       json_array_size(json_object_get(want, "Driver")) &&
			       compat.devices.n == json_array_size(json_object_get(want, "Device"))
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

/* TestUpdateLdconfig is about a file that we do not write. */
static enum vectors_result compat_case(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	static const struct {
		const char *test;
		enum vectors_result (*run)(const json_t *input, const json_t *expected,
					   char *detail, size_t size);
	} runs[] = {
		{"TestUseCompat", use_compat},
		{"TestCompatLibs", choose_of_files},
		{"TestCompatLibsWithElfHeader", choose_of_note},
		{"TestGetCUDACompatElfHeaderFromReader", read_note},
	};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (strcmp(runs[i].test, test) == 0)
			return runs[i].run(input, expected, detail, size);
	}
	return VECTORS_SKIPPED;
}

static void cuda_compat_vectors_pass(void **state)
{
	(void)state;
	vectors_run("cuda_compat", NULL, compat_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_params_vectors_pass),
		cmocka_unit_test(cuda_compat_vectors_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
