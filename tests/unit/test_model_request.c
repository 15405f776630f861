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
#include "model/driver.h"
#include "model/request.h"

static void make_full(struct request *request)
{
	*request = (struct request){
		.mode = DEVICES_LIST,
		.caps = DRIVER_CAP_COMPUTE | DRIVER_CAP_NGX,
		.disable_require = true,
		.lists = LISTS_BASE,
		.legacy_image = true,
		.gds = true,
		.mofed = true,
		.nvswitch = true,
		.gdrcopy = true,
		.mig_config = true,
		.mig_monitor = true,
		.without = SERVICE_MPS | SERVICE_GSP_FIRMWARE,
		.compat = COMPAT_HOST,
		.missing = MISSING_START,
	};
	assert_int_equal(strv_add(&request->channels, "0"), 0);
	assert_int_equal(strv_add(&request->channels, "1048575"), 0);
	assert_int_equal(strv_add(&request->devices, "0"), 0);
	assert_int_equal(strv_add(&request->devices, "GPU-x y;z=%\"'\\$(`\xc3\xa9\n\x1b\xff"), 0);
	assert_int_equal(strv_add(&request->requires, "NVIDIA_REQUIRE_CUDA=cuda>=11 brand=x,y"), 0);
	request->origin = strdup("NVIDIA_VISIBLE_DEVICES=0,1");
	assert_non_null(request->origin);
}

static void request_round_trip_keeps_every_field(void **state)
{
	auto_done(request) struct request request = {0};
	auto_done(request) struct request back = {0};
	auto_free char *text = NULL;

	(void)state;
	make_full(&request);
	text = request_encode(&request);
	assert_int_equal(request_decode(text, &back, NULL), 0);

	assert_int_equal(back.mode, DEVICES_LIST);
	assert_int_equal(back.caps, request.caps);
	assert_true(back.disable_require);
	assert_int_equal(back.lists, LISTS_BASE);
	assert_true(back.legacy_image && back.gds && back.mofed && back.nvswitch && back.gdrcopy);
	assert_int_equal(back.devices.n, 2);
	assert_string_equal(back.devices.items[1], request.devices.items[1]);
	assert_int_equal(back.requires.n, 1);
	assert_string_equal(back.requires.items[0], request.requires.items[0]);
	assert_string_equal(back.origin, request.origin);
	assert_true(back.mig_config && back.mig_monitor);
	assert_int_equal(back.without, SERVICE_MPS | SERVICE_GSP_FIRMWARE);
	assert_int_equal(back.compat, COMPAT_HOST);
	assert_int_equal(back.missing, MISSING_START);
	assert_int_equal(back.channels.n, 2);
	assert_string_equal(back.channels.items[1], "1048575");
}

static void request_modes_and_lists_round_trip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		auto_done(request) struct request back = {0};
		const struct request request = {.mode = (enum request_devices)(i % 4),
						.lists = (enum request_lists)(i / 4)};
		auto_free char *text = request_encode(&request);

		assert_int_equal(request_decode(text, &back, NULL), 0);
		assert_int_equal(back.mode, request.mode);
		assert_int_equal(back.lists, request.lists);
		assert_int_equal(request_wants_gpu(&back), back.mode != DEVICES_VOID);
	}
}

static void request_words_round_trip_each_for_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		auto_done(request) struct request back = {0};
		const struct request request = {.mig_config = i % 2 == 0,
						.mig_monitor = i % 2 == 1,
						.without = 1u << i % 4,
						.compat = (enum request_compat)(i % 3),
						.missing = (enum request_missing)(i / 3)};
		auto_free char *text = request_encode(&request);

		assert_int_equal(request_decode(text, &back, NULL), 0);
		assert_int_equal(back.mig_config, request.mig_config);
		assert_int_equal(back.mig_monitor, request.mig_monitor);
		assert_int_equal(back.without, request.without);
		assert_int_equal(back.compat, request.compat);
		assert_int_equal(back.missing, request.missing);
	}
}

static void request_encoded_form_is_printable_without_blanks(void **state)
{
	auto_done(request) struct request request = {0};
	auto_free char *text = NULL;

	(void)state;
	make_full(&request);
	text = request_encode(&request);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p <= 0x20 || *p >= 0x7f || strchr("\"'\\`$", *p) != NULL)
			fail_msg("'%c' in %s", *p, text);
	}
}

static void request_hostile_texts_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"nvc1",
		"nvc2;mode=all;",
		"mode=all;",
		"nvc1;mode=all",
		"nvc1;mode;",
		"nvc1;mode=ALL;",
		"nvc1;mode=;",
		"nvc1;lists=x;",
		"nvc1;caps=;",
		"nvc1;caps=80;",
		"nvc1;caps=-1;",
		"nvc1;caps=0x1;",
		"nvc1;flag=root;",
		"nvc1;unknown=1;",
		"nvc1;=1;",
		"nvc1;;",
		"nvc1;device=%;",
		"nvc1;device=%4;",
		"nvc1;device=%zz;",
		"nvc1;device=%00;",
		"nvc1;device=a\nb;",
		"nvc1;device=a b;",
		"nvc1;device=\xc3\xa9;",
		"nvc1;device=\"x\";",
		"nvc1;origin=a;origin=b;",
		"nvc1;refused=x;",
		"nvc1;mode=all;garbage",
		"nvc1;channel=;",
		"nvc1;channel=1048576;",
		"nvc1;channel=00000000;",
		"nvc1;channel=-1;",
		"nvc1;channel=a;",
		"nvc1;without=10;",
		"nvc1;without=;",
		"nvc1;compat=mount;",
		"nvc1;missing=;",
		"nvc1;missing=ignore;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = {.caps = 7};
		struct err err = {0};

		if (request_decode(cases[i], &request, &err) != -EINVAL || err.code != EINVAL)
			fail_msg("'%s' is taken", cases[i]);
		assert_int_equal(request.caps, 7);
		assert_null(request.origin);
	}
}

/* "nvc1;" and n times the field. */
static char *repeat(const char *field, size_t n)
{
	struct strbuf text = {0};

	strbuf_adds(&text, "nvc1;");
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, field);
	return strbuf_take(&text);
}

static void request_limits_are_exact(void **state)
{
	static const struct {
		const char *field;
		size_t most;
	} cases[] = {
		{"device=0;", REQUEST_MAX_DEVICES},
		{"require=A=b;", REQUEST_MAX_REQUIRES},
		{"channel=7;", REQUEST_MAX_CHANNELS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_free char *most = repeat(cases[i].field, cases[i].most);
		auto_free char *more = repeat(cases[i].field, cases[i].most + 1);

		assert_int_equal(request_decode(more, &request, NULL), -EINVAL);
		assert_int_equal(request_decode(most, &request, NULL), 0);
		assert_int_equal(request.devices.n + request.requires.n + request.channels.n,
				 cases[i].most);
	}
}

static void request_too_long_id_is_refused(void **state)
{
	auto_done(request) struct request request = {0};
	char text[REQUEST_MAX_ID + 32] = "nvc1;device=";
	size_t start = strlen(text);

	(void)state;
	memset(text + start, 'x', REQUEST_MAX_ID + 1);
	text[start + REQUEST_MAX_ID + 1] = ';';
	assert_int_equal(request_decode(text, &request, NULL), -EINVAL);
	text[start + REQUEST_MAX_ID] = ';';
	text[start + REQUEST_MAX_ID + 1] = '\0';
	assert_int_equal(request_decode(text, &request, NULL), 0);
}

static void request_too_long_text_is_refused(void **state)
{
	auto_done(request) struct request request = {0};
	auto_free char *text = repeat("flag=gds;", REQUEST_MAX_ENCODED / 9 + 1);

	(void)state;
	assert_true(strlen(text) > REQUEST_MAX_ENCODED);
	assert_int_equal(request_decode(text, &request, NULL), -EINVAL);
	text[strlen("nvc1;") + 9] = '\0';
	assert_int_equal(request_decode(text, &request, NULL), 0);
	assert_true(request.gds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_round_trip_keeps_every_field),
		cmocka_unit_test(request_modes_and_lists_round_trip),
		cmocka_unit_test(request_words_round_trip_each_for_itself),
		cmocka_unit_test(request_encoded_form_is_printable_without_blanks),
		cmocka_unit_test(request_hostile_texts_are_refused),
		cmocka_unit_test(request_limits_are_exact),
		cmocka_unit_test(request_too_long_id_is_refused),
		cmocka_unit_test(request_too_long_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
