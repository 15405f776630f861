/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/state.h"

static int parse(const char *text, struct oci_state *ret, struct err *err)
{
	return oci_state_parse(text, strlen(text), ret, err);
}

static void state_of_runc_is_read(void **unused)
{
	auto_done(oci_state) struct oci_state state = {0};

	(void)unused;
	assert_int_equal(parse("{\"ociVersion\":\"1.0.2-dev\",\"id\":\"f1-runc\",\"status\":"
			       "\"creating\",\"pid\":11932,\"bundle\":\"/w/b1\",\"annotations\":"
			       "{\"com.example.a\":\"1\"}}",
			       &state, NULL),
			 0);

	assert_string_equal(state.id, "f1-runc");
	assert_string_equal(state.bundle, "/w/b1");
	assert_string_equal(state.status, "creating");
	assert_null(state.root);
	assert_int_equal(state.pid, 11932);
}

static void state_of_crun_has_a_root(void **unused)
{
	auto_done(oci_state) struct oci_state state = {0};

	(void)unused;
	assert_int_equal(parse("{\"ociVersion\":\"1.0\",\"id\":\"f1-crun\",\"pid\":12804,\"root\":"
			       "\"/w/rf\",\"bundle\":\"/\",\"status\":\"created\"}",
			       &state, NULL),
			 0);

	assert_string_equal(state.root, "/w/rf");
	assert_string_equal(state.bundle, "/");
}

static void state_with_old_bundle_key_is_read(void **unused)
{
	auto_done(oci_state) struct oci_state state = {0};

	(void)unused;
	assert_int_equal(parse("{\"id\":\"a\",\"bundlePath\":\"/old\"}", &state, NULL), 0);

	assert_string_equal(state.bundle, "/old");
	assert_int_equal(state.pid, 0);
}

static void state_that_is_none_is_refused(void **unused)
{
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"\"x\"",
		"{",
		"{\"id\":\"a\"}x",
		"{}",
		"{\"id\":null}",
		"{\"id\":1}",
		"{\"id\":\"\"}",
		"{\"id\":\".\"}",
		"{\"id\":\"..\"}",
		"{\"id\":\"a/b\"}",
		"{\"id\":\"a b\"}",
		"{\"id\":\"a\\n\"}",
		"{\"id\":\"\\u00e4\"}",
		"{\"id\":\"a\\u0000b\"}",
		"{\"id\":\"a\",\"id\":\"b\"}",
		"{\"id\":\"a\",\"pid\":-1}",
		"{\"id\":\"a\",\"pid\":1.5}",
		"{\"id\":\"a\",\"pid\":2147483648}",
		"{\"id\":\"a\",\"pid\":18446744073709551615}",
		"{\"id\":\"a\",\"pid\":1e999}",
		"{\"id\":\"a\",\"pid\":\"1\"}",
		"{\"id\":\"a\",\"bundle\":[]}",
		"{\"id\":\"a\",\"root\":{}}",
		"{\"id\":\"a\",\"status\":7}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct oci_state state = {.pid = 77};
		struct err err = {0};

		if (parse(texts[i], &state, &err) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(err.code, EINVAL);
		assert_null(strchr(err.msg, '\n'));
		assert_int_equal(state.pid, 77);
	}
}

static void state_syntax_error_has_its_place(void **unused)
{
	struct oci_state state = {0};
	struct err err = {0};

	(void)unused;
	assert_int_equal(parse("{\n  \"id\": ?\n}", &state, &err), -EINVAL);

	assert_int_equal(err.line, 2);
	assert_int_not_equal(err.column, 0);
}

static void state_id_length_is_bounded(void **unused)
{
	static const struct {
		int len;
		int rc;
	} cases[] = {{1024, 0}, {1025, -EINVAL}};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		auto_done(oci_state) struct oci_state state = {0};
		char id[2048];
		auto_free char *text = NULL;

		memset(id, 'a', sizeof(id));
		id[cases[i].len] = '\0';
		text = str_format("{\"id\":\"%s\"}", id);
		assert_int_equal(parse(text, &state, NULL), cases[i].rc);
	}
}

static void state_too_deep_or_too_large_is_refused(void **unused)
{
	size_t len = OCI_STATE_MAX_BYTES + 1;
	auto_free char *text = malloc(len + 1);
	struct oci_state state = {0};

	(void)unused;
	memset(text, '[', len);
	text[len] = '\0';
	assert_int_equal(oci_state_parse(text, 100000, &state, NULL), -EINVAL);
	assert_int_equal(oci_state_parse(text, len, &state, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_of_runc_is_read),
		cmocka_unit_test(state_of_crun_has_a_root),
		cmocka_unit_test(state_with_old_bundle_key_is_read),
		cmocka_unit_test(state_that_is_none_is_refused),
		cmocka_unit_test(state_syntax_error_has_its_place),
		cmocka_unit_test(state_id_length_is_bounded),
		cmocka_unit_test(state_too_deep_or_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
