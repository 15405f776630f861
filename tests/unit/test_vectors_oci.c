/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"

#include "hook/rtargs.h"
#include "oci/channels.h"
#include "oci/request.h"

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? otherwise : text;
}

/* ---- image_devices ---- */

static void add_env(struct spec *spec, const json_t *env)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)env, key, value)
		assert_true(strv_addf(&spec->env, "%s=%s", key, json_string_value(value)) == 0);
}

static void add_mounts(struct spec *spec, const json_t *mounts)
{
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		struct spec_mount *added = vec_add(&spec->mounts);

		assert_non_null(added);
		added->destination = strdup(text_or(mount, "destination", ""));
		added->source = strdup(text_or(mount, "source", ""));
	}
}

/* The items of the array, each split at commas as settings do with swarm-resource. */
static void add_words(struct strv *list, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		auto_free char *copy = strdup(json_string_value(json_array_get(array, i)));
		char *save = NULL;

		for (char *word = strtok_r(copy, ", ", &save); word != NULL;
		     word = strtok_r(NULL, ", ", &save))
			assert_int_equal(strv_add(list, word), 0);
	}
}

/* The peer's list with the kinds that mean the same device as the bare name taken off. */
static void join_expected(const json_t *devices, struct strbuf *ret)
{
	static const char *const kinds[] = {"runtime.nvidia.com/gpu=", "nvidia.com/gpu="};

	for (size_t i = 0; i < json_array_size(devices); i++) {
		const char *name = json_string_value(json_array_get(devices, i));

		for (size_t k = 0; k < 2; k++) {
			if (str_starts_with(name, kinds[k]))
				name += strlen(kinds[k]);
		}
		strbuf_addf(ret, "%s|", name);
	}
}

static void join_request(const struct request *request, struct strbuf *ret)
{
	if (request->mode == DEVICES_ALL)
		strbuf_adds(ret, "all|");
	if (request->mode == DEVICES_NONE)
		strbuf_adds(ret, "|");
	for (size_t i = 0; i < request->devices.n; i++)
		strbuf_addf(ret, "%s|", request->devices.items[i]);
}

static void join_channels(const json_t *channels, struct strbuf *ret)
{
	for (size_t i = 0; i < json_array_size(channels); i++)
		strbuf_addf(ret, " channel %s", json_string_value(json_array_get(channels, i)));
}

static enum vectors_result compare_devices(const struct spec *spec, const struct settings *settings,
					   const json_t *expected, char *detail, size_t size)
{
	auto_done(request) struct request request = {0};
	auto_done(strbuf) struct strbuf want = {0};
	auto_done(strbuf) struct strbuf have = {0};
	const json_t *devices = json_object_get(expected, "visibleDevices");
	const json_t *legacy = json_object_get(expected, "isLegacy");
	const json_t *channels = json_object_get(expected, "imexChannels"); /* not always told */
	struct err err = {0};

	if (devices == NULL)
		devices = json_object_get(expected, "expectedDevices");
	if (request_from_spec(spec, settings, NULL, &request, &err) < 0) {
		(void)snprintf(detail, size, "%s", err.msg);
		return VECTORS_DIFFERENT;
	}
	strbuf_adds(&want, "");
	strbuf_adds(&have, "");
	join_expected(devices, &want);
	join_request(&request, &have);
	join_channels(channels, &want);
	for (size_t i = 0; i < request.channels.n && channels != NULL; i++)
		strbuf_addf(&have, " channel %s", request.channels.items[i]);
	if (legacy != NULL && json_is_true(legacy) != request.legacy_image)
		strbuf_adds(&have, " (legacy differs)");
	(void)snprintf(detail, size, "'%s' for '%s'", have.data, want.data);
	return strcmp(want.data, have.data) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

/* The peer asks here, too, whether the node is there. */
static enum vectors_result run_channel(const json_t *input, const json_t *expected)
{
	auto_done(channels) struct channels channels = {.name = "test"};
	const char *id = json_string_value(json_array_get(json_object_get(input, "ids"), 0));
	bool good = text_or(expected, "expectedErr", "")[0] == '\0';

	return (channels_add(&channels, id, strlen(id), NULL) == 0) == good ? VECTORS_SAME
									    : VECTORS_DIFFERENT;
}

static enum vectors_result run_channel_variable(const json_t *input, const json_t *expected)
{
	auto_done(channels) struct channels channels = {.name = "test"};
	auto_done(strbuf) struct strbuf want = {0};
	auto_done(strbuf) struct strbuf have = {0};
	const char *entry = json_string_value(json_array_get(json_object_get(input, "env"), 0));

	if (entry != NULL)
		assert_int_equal(channels_add_list(&channels, strchr(entry, '=') + 1, NULL), 0);
	join_channels(json_object_get(expected, "expected"), &want);
	for (size_t i = 0; i < channels.numbers.n; i++)
		strbuf_addf(&have, " channel %s", channels.numbers.items[i]);
	return str_equal(want.data, have.data) ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_devices(const char *test, const json_t *input,
				       const json_t *expected, char *detail, size_t size)
{
	auto_done(spec) struct spec spec = {.has_process = true};
	/* no vector is about CUDA_VERSION's own form */
	struct settings settings = {.accept_env_unprivileged = true, .disable_require = true};
	const json_t *accept = json_object_get(input, "acceptEnvvarUnprivileged");
	const char *devices = text_or(input, "envvarDevices", "");
	enum vectors_result result;

	if (strcmp(test, "TestImexChannelValidation") == 0)
		return run_channel(input, expected);
	if (strcmp(test, "TestImexChannelsFromEnvVar") == 0)
		return run_channel_variable(input, expected);
	if (strcmp(test, "oracle:image_devices") != 0 &&
	    strcmp(test, "TestGetDevicesFromEnvvar") != 0 &&
	    strcmp(test, "TestVisibleDevices") != 0 &&
	    strcmp(test, "TestGetVisibleDevicesFromMounts") != 0)
		return VECTORS_SKIPPED; /* annotations and other CDI matters */
	if (accept == NULL)
		accept = json_object_get(input, "acceptUnprivileged");
	if (accept != NULL)
		settings.accept_env_unprivileged = json_is_true(accept);
	settings.accept_volume_mounts =
		strcmp(test, "TestGetVisibleDevicesFromMounts") == 0 ||
		json_is_true(json_object_get(input, "acceptMounts")) ||
		json_is_true(json_object_get(input, "acceptDeviceListAsVolumeMounts"));
	spec.cap_sys_admin = json_is_true(json_object_get(input, "privileged"));
	if (devices[0] != '\0')
		assert_int_equal(strv_addf(&spec.env, "NVIDIA_VISIBLE_DEVICES=%s", devices), 0);
	add_env(&spec, json_object_get(input, "env"));
	add_mounts(&spec, json_object_get(input, "mounts"));
	add_mounts(&spec, json_object_get(input, "mountDevices"));
	add_words(&settings.swarm_resource, json_object_get(input, "swarmResource"));
	add_words(&settings.swarm_resource,
		  json_object_get(input, "preferredVisibleDeviceEnvVars"));
	result = compare_devices(&spec, &settings, expected, detail, size);
	strv_done(&settings.swarm_resource);
	return result;
}

static void vectors_image_devices_agree(void **unused)
{
	(void)unused;
	vectors_run("image_devices", NULL, run_devices);
}

/* ---- oci_args, runtime_args ---- */

static void scan(const json_t *argv, size_t skip, struct rtargs *ret)
{
	static const char *words[32];
	int n = 0;

	for (size_t i = skip; i < json_array_size(argv); i++) {
		assert_true(n < 32);
		words[n++] = json_string_value(json_array_get(argv, i));
	}
	rtargs_scan(n, words, ret);
}

/* An id is not part of these cases. */
static bool is_create(const struct rtargs *args)
{
	return str_equal(args->command, "create");
}

static enum vectors_result run_oci_args(const char *test, const json_t *input,
					const json_t *expected, char *detail, size_t size)
{
	const json_t *should = json_object_get(expected, "shouldModify");
	const json_t *has = json_object_get(expected, "hasCreate");
	struct rtargs args;

	if (strcmp(test, "TestHasCreateSubcommand") == 0) {
		scan(json_object_get(input, "args"), 0, &args);
		return is_create(&args) == json_is_true(should) ? VECTORS_SAME : VECTORS_DIFFERENT;
	}
	/* TestGetBundleDir has no command; the rest tests the peer's own composition. */
	if (strcmp(test, "oracle:oci_args") != 0)
		return VECTORS_SKIPPED;
	scan(json_object_get(input, "argv"), 1, &args);
	(void)snprintf(detail, size, "command '%s' bundle '%s'", args.command, args.bundle);
	if (is_create(&args) != json_is_true(has))
		return VECTORS_DIFFERENT;
	/* Nobody asks for the bundle of another command. */
	if (!is_create(&args))
		return VECTORS_SAME;
	return strcmp(args.bundle == NULL ? "" : args.bundle, text_or(expected, "bundle", "")) == 0
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

static void vectors_oci_args_agree(void **unused)
{
	(void)unused;
	vectors_run("oci_args", NULL, run_oci_args);
}

static enum vectors_result run_runtime_args(const char *test, const json_t *input,
					    const json_t *expected, char *detail, size_t size)
{
	struct rtargs args;

	if (strcmp(test, "oracle:runtime_args") != 0)
		return VECTORS_SKIPPED; /* log levels: settings */
	scan(json_object_get(input, "argv"), 1, &args);
	(void)snprintf(detail, size, "log '%s' format '%s' debug %d version %d", args.log,
		       args.log_format, args.debug, args.version);
	if (args.debug != json_is_true(json_object_get(expected, "debug")) ||
	    args.version != json_is_true(json_object_get(expected, "version")))
		return VECTORS_DIFFERENT;
	return strcmp(args.log == NULL ? "" : args.log, text_or(expected, "log", "")) == 0 &&
			       strcmp(args.log_format == NULL ? "" : args.log_format,
				      text_or(expected, "logFormat", "")) == 0
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

static void vectors_runtime_args_agree(void **unused)
{
	(void)unused;
	vectors_run("runtime_args", NULL, run_runtime_args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_image_devices_agree),
		cmocka_unit_test(vectors_oci_args_agree),
		cmocka_unit_test(vectors_runtime_args_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
