/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"

#include "model/drivercaps.h"
#include "oci/capslist.h"
#include "oci/request.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static void settings_release(struct settings **settings)
{
	settings_free(*settings);
}

#define auto_settings __attribute__((cleanup(settings_release))) struct settings *

/* As a config.toml of that one key would have it. */
static void set_text(struct settings *settings, const char *key, const json_t *value)
{
	auto_free char *text = NULL;

	if (!json_is_string(value))
		return;
	text = str_format("%s = \"%s\"\n", key, json_string_value(value));
	assert_int_equal(settings_parse(settings, "config.toml", text, strlen(text), NULL, NULL),
			 0);
}

/* In byte order, as the peer writes them. */
static void join_caps(unsigned caps, struct strbuf *ret)
{
	auto_done(strv) struct strv words = {0};
	const char *word;

	for (size_t i = 0; (word = drivercaps_word(i)) != NULL; i++) {
		if ((caps & 1u << i) != 0)
			assert_int_equal(strv_add(&words, word), 0);
	}
	strv_sort(&words);
	strbuf_adds(ret, "");
	for (size_t i = 0; i < words.n; i++)
		strbuf_addf(ret, "%s%s", i > 0 ? "," : "", words.items[i]);
}

/* "all" stands for every word where it was not resolved yet. */
static void join_expected_caps(const char *text, struct strbuf *ret)
{
	if (strcmp(text, "all") == 0)
		join_caps(DRIVER_CAP_EVERY, ret);
	else
		strbuf_adds(ret, text);
}

/* ---- capabilities ---- */

/* False: a word that the test invented. */
static bool bits_of_set(const json_t *set, unsigned *ret)
{
	const char *word;
	json_t *value;

	*ret = 0;
	json_object_foreach((json_t *)(uintptr_t)set, word, value)
	{
		unsigned bit = drivercaps_of_word(word, strlen(word));

		if (bit == 0)
			return false;
		*ret |= bit;
	}
	return true;
}

static enum vectors_result run_intersection(const json_t *input, const json_t *expected)
{
	unsigned caps;
	unsigned supported;
	unsigned want;

	if (!bits_of_set(json_object_get(input, "capabilities"), &caps) ||
	    !bits_of_set(json_object_get(input, "supportedCapabilities"), &supported) ||
	    !bits_of_set(json_object_get(expected, "expectedIntersection"), &want))
		return VECTORS_SKIPPED;
	return (caps & supported) == want ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_capabilities(const char *test, const json_t *input,
					    const json_t *expected, char *detail, size_t size)
{
	bool oracle = strcmp(test, "oracle:capabilities") == 0;
	auto_settings settings = settings_new();
	auto_done(strbuf) struct strbuf want = {0};
	auto_done(strbuf) struct strbuf have = {0};
	const json_t *env = json_object_get(input, "env");
	struct err err = {0};
	unsigned caps = 0;
	bool panic;
	int rc;

	if (strcmp(test, "TestDriverCapabilitiesIntersection") == 0)
		return run_intersection(input, expected);
	if (!oracle && strcmp(test, "TestGetDriverCapabilities") != 0)
		return VECTORS_SKIPPED; /* how the peer's set becomes a list */
	set_text(settings, "supported-driver-capabilities",
		 json_object_get(input, oracle ? "supported-driver-capabilities"
					       : "supportedCapabilities"));
	rc = capslist_read(json_string_value(json_object_get(env, "NVIDIA_DRIVER_CAPABILITIES")),
			   json_is_true(json_object_get(input, "legacyImage")), settings, &caps,
			   &err);
	panic = json_is_true(json_object_get(expected, oracle ? "panic" : "expectedPanic"));
	if (rc < 0 || panic) {
		(void)snprintf(detail, size, "%s", rc < 0 ? err.msg : "accepted");
		return (rc < 0) == panic ? VECTORS_SAME : VECTORS_DIFFERENT;
	}
	join_expected_caps(text_of(expected, oracle ? "capabilities" : "expectedCapabilities"),
			   &want);
	join_caps(caps, &have);
	(void)snprintf(detail, size, "'%s' for '%s'", have.data, want.data);
	return strcmp(want.data, have.data) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static void vectors_capabilities_agree(void **unused)
{
	(void)unused;
	vectors_run("capabilities", NULL, run_capabilities);
}

/* ---- hook_config ---- */

static void add_env(struct spec *spec, const json_t *env)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)env, key, value)
		assert_int_equal(strv_addf(&spec->env, "%s=%s", key, json_string_value(value)), 0);
}

static void join_strings(const json_t *array, const char *mark, struct strbuf *ret)
{
	auto_done(strv) struct strv list = {0};

	for (size_t i = 0; i < json_array_size(array); i++)
		assert_int_equal(strv_add(&list, json_string_value(json_array_get(array, i))), 0);
	strv_sort(&list);
	for (size_t i = 0; i < list.n; i++)
		strbuf_addf(ret, " %s:%s", mark, list.items[i]);
}

/* One line of what the peer's hook makes of a container. */
static void describe_expected(const json_t *config, struct strbuf *ret)
{
	join_expected_caps(text_of(config, "DriverCapabilities"), ret);
	join_strings(json_object_get(config, "Devices"), "device", ret);
	join_strings(json_object_get(config, "Requirements"), "require", ret);
	join_strings(json_object_get(config, "ImexChannels"), "channel", ret);
	strbuf_addf(ret, " %d%d", text_of(config, "MigConfigDevices")[0] != '\0',
		    text_of(config, "MigMonitorDevices")[0] != '\0');
}

static void describe_request(const struct request *request, struct strbuf *ret)
{
	auto_done(strv) struct strv requires = {0};

	join_caps(request->caps, ret);
	if (request->mode == DEVICES_ALL)
		strbuf_adds(ret, " device:all");
	if (request->mode == DEVICES_NONE)
		strbuf_adds(ret, " device:");
	for (size_t i = 0; i < request->devices.n; i++)
		strbuf_addf(ret, " device:%s", request->devices.items[i]);
	for (size_t i = 0; i < request->requires.n && !request->disable_require; i++)
		assert_int_equal(strv_add(&requires, strchr(request->requires.items[i], '=') + 1),
				 0);
	strv_sort(&requires);
	for (size_t i = 0; i < requires.n; i++)
		strbuf_addf(ret, " require:%s", requires.items[i]);
	for (size_t i = 0; i < request->channels.n; i++)
		strbuf_addf(ret, " channel:%s", request->channels.items[i]);
	strbuf_addf(ret, " %d%d", request->mig_config, request->mig_monitor);
}

static enum vectors_result run_config(const json_t *input, const json_t *expected, char *detail,
				      size_t size)
{
	auto_settings settings = settings_new();
	auto_done(spec) struct spec spec = {.has_process = true};
	auto_done(request) struct request request = {0};
	auto_done(strbuf) struct strbuf want = {0};
	auto_done(strbuf) struct strbuf have = {0};
	const json_t *config = json_object_get(json_object_get(input, "hookConfig"), "Config");
	const json_t *wanted = json_object_get(expected, "expectedConfig");
	bool panic = json_is_true(json_object_get(expected, "expectedPanic"));
	struct err err = {0};
	int rc;

	set_text(settings, "supported-driver-capabilities",
		 json_object_get(config, "SupportedDriverCapabilities"));
	set_text(settings, "swarm-resource", json_object_get(config, "SwarmResource"));
	spec.cap_sys_admin = json_is_true(json_object_get(input, "privileged"));
	add_env(&spec, json_object_get(input, "env"));
	rc = request_from_spec(&spec, settings, NULL, &request, &err);
	if (rc < 0 || panic) {
		(void)snprintf(detail, size, "%s", rc < 0 ? err.msg : "accepted");
		return (rc < 0) == panic ? VECTORS_SAME : VECTORS_DIFFERENT;
	}
	if (!request_wants_gpu(&request) || !json_is_object(wanted))
		return request_wants_gpu(&request) == json_is_object(wanted) ? VECTORS_SAME
									     : VECTORS_DIFFERENT;
	describe_expected(wanted, &want);
	describe_request(&request, &have);
	(void)snprintf(detail, size, "'%s' for '%s'", have.data, want.data);
	return strcmp(want.data, have.data) == 0 ? VECTORS_SAME : VECTORS_DIFFERENT;
}

static enum vectors_result run_lines(const json_t *input, const json_t *expected, char *detail,
				     size_t size)
{
	auto_settings settings = settings_new();
	auto_done(strbuf) struct strbuf text = {0};
	auto_done(strbuf) struct strbuf have = {0};
	const json_t *lines = json_object_get(input, "lines");
	bool panic = json_is_true(json_object_get(expected, "expectedPanic"));
	int rc;

	for (size_t i = 0; i < json_array_size(lines); i++)
		strbuf_addf(&text, "%s\n", json_string_value(json_array_get(lines, i)));
	rc = settings_parse(settings, "config.toml", text.data == NULL ? "" : text.data, text.len,
			    NULL, NULL);
	if (rc < 0 || panic)
		return (rc < 0) == panic ? VECTORS_SAME : VECTORS_DIFFERENT;
	strv_sort(&settings->supported_capabilities);
	strbuf_adds(&have, "");
	for (size_t i = 0; i < settings->supported_capabilities.n; i++)
		strbuf_addf(&have, "%s%s", i > 0 ? "," : "",
			    settings->supported_capabilities.items[i]);
	(void)snprintf(detail, size, "'%s'", have.data);
	return strcmp(have.data, text_of(expected, "expectedDriverCapabilities")) == 0
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

static enum vectors_result run_privileged(const json_t *input, const json_t *expected)
{
	auto_done(spec) struct spec spec = {0};
	const json_t *value = json_object_get(input, "spec");
	auto_free char *text = json_is_string(value) ? strdup(json_string_value(value))
						     : json_dumps(value, JSON_COMPACT);

	assert_int_equal(spec_parse("config.json", text, strlen(text), &spec, NULL), 0);
	return spec.cap_sys_admin == json_is_true(json_object_get(expected, "expected"))
		       ? VECTORS_SAME
		       : VECTORS_DIFFERENT;
}

static enum vectors_result run_hook_config(const char *test, const json_t *input,
					   const json_t *expected, char *detail, size_t size)
{
	if (strcmp(test, "TestGetNvidiaConfig") == 0)
		return run_config(input, expected, detail, size);
	if (strcmp(test, "TestGetHookConfig") == 0)
		return run_lines(input, expected, detail, size);
	assert_string_equal(test, "TestIsPrivileged");
	return run_privileged(input, expected);
}

static void vectors_hook_config_agree(void **unused)
{
	(void)unused;
	vectors_run("hook_config", NULL, run_hook_config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_capabilities_agree),
		cmocka_unit_test(vectors_hook_config_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
