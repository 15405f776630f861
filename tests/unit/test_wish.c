/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/request.h"
#include "oci/wish.h"

static void expect_devices(const struct request *request, enum request_devices mode,
			   const char *ids)
{
	auto_done(strbuf) struct strbuf list = {0};

	for (size_t i = 0; i < request->devices.n; i++)
		strbuf_addf(&list, "%s%s", i > 0 ? "," : "", request->devices.items[i]);
	assert_int_equal(request->mode, mode);
	assert_string_equal(list.data == NULL ? "" : list.data, ids);
}

static void wish_words_become_a_request(void **unused)
{
	static const struct {
		const char *value;
		enum request_devices mode;
		const char *ids;
	} cases[] = {
		{"", DEVICES_VOID, ""},
		{" , ", DEVICES_VOID, ""},
		{"void", DEVICES_VOID, ""},
		{"all,void", DEVICES_VOID, ""},
		{"0,void,none", DEVICES_VOID, ""},
		{"all", DEVICES_ALL, ""},
		{"0,all", DEVICES_ALL, ""},
		{"all,none", DEVICES_ALL, ""},
		{"none", DEVICES_NONE, ""},
		{"none,all", DEVICES_NONE, ""},
		{"none,0", DEVICES_NONE, ""},
		{"0", DEVICES_LIST, "0"},
		{" 0 ,\t1,,", DEVICES_LIST, "0,1"},
		{"0,1,0", DEVICES_LIST, "0,1"},
		{"ALL", DEVICES_LIST, "ALL"},
		{"0:1,GPU-4cf8db2d,MIG-GPU-4c/1/0", DEVICES_LIST,
		 "0:1,GPU-4cf8db2d,MIG-GPU-4c/1/0"},
		{"nvidia.com/gpu=all", DEVICES_ALL, ""},
		{"nvidia.com/gpu=0,0", DEVICES_LIST, "0"},
		{"runtime.nvidia.com/gpu=0", DEVICES_LIST, "0"},
		{"example.com/class=x", DEVICES_LIST, "example.com/class=x"},
		{"1,capabilities=compute", DEVICES_LIST, "1,capabilities=compute"},
		{"-1,99999999999", DEVICES_LIST, "-1,99999999999"},
		{"0-3", DEVICES_LIST, "0,1,2,3"},
		{"2-2", DEVICES_LIST, "2"},
		{"3,0-3,1-2", DEVICES_LIST, "3,0,1,2"},
		{"00-01", DEVICES_LIST, "0,1"},
		{"nvidia.com/gpu=1-2", DEVICES_LIST, "1,2"},
		{"none,0-3", DEVICES_NONE, ""},
		{"0-,-3,0-3-5,0-x", DEVICES_LIST, "0-,-3,0-3-5,0-x"},
		{"4cf8db2d-06c0-7d70-1a51-e59b25b2c16c,0000:01:00.0,igpu,dgpu", DEVICES_LIST,
		 "4cf8db2d-06c0-7d70-1a51-e59b25b2c16c,0000:01:00.0,igpu,dgpu"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};

		assert_int_equal(request_set_devices(&request, cases[i].value, NULL), 0);
		expect_devices(&request, cases[i].mode, cases[i].ids);
	}
}

static void wish_ids_that_cannot_be_are_refused(void **unused)
{
	static const char *const values[] = {
		"/dev/sda",  "../../dev/sda", "0,a/b",      "0\n--ldconfig=/x", "GPU-..",
		"0\x1b[31m", "\xc3\xa4",      "MIG-1/../2", "a/b=c/d",          "/x/y=z",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct request request = {.mode = DEVICES_ALL};
		struct err err = {0};

		if (request_set_devices(&request, values[i], &err) != -EINVAL)
			fail_msg("accepted: %s", values[i]);
		assert_non_null(strstr(err.msg, "the device list"));
		assert_null(strpbrk(err.msg, "\n\x1b"));
		assert_int_equal(request.mode, DEVICES_ALL);
	}
}

static void wish_lengths_are_bounded(void **unused)
{
	static const struct {
		const char *word;
		size_t times;
		int rc;
	} cases[] = {
		{"a", REQUEST_MAX_ID, 0}, {"a", REQUEST_MAX_ID + 1, -EINVAL}, {"all,", 512, 0},
		{"all,", 513, -EINVAL},   {"all,", 300000, -EINVAL},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		auto_done(strbuf) struct strbuf entry = {0};

		for (size_t k = 0; k < cases[i].times; k++)
			strbuf_adds(&entry, cases[i].word);
		assert_int_equal(request_set_devices(&request, entry.data, NULL), cases[i].rc);
	}
}

static void wish_ranges_are_bounded(void **unused)
{
	static const struct {
		const char *value;
		const char *words; /* of the error; NULL = none */
		size_t n;
	} cases[] = {
		{"0-511", NULL, 512},
		{"0-512", "more than 512 ids", 0},
		{"7,0-511", "more than 512 ids", 0},
		{"7,0-510", NULL, 511},
		{"0-510,0-0", NULL, 511},
		{"0-510,0-1", "more than 512 ids", 0},
		{"0-99999", "more than 512 ids", 0},
		{"0-4294967295", "more than 512 ids", 0},
		{"0-99999999999999999999", "is not a range", 0},
		{"3-0", "'3-0' is not a range", 0},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(request) struct request request = {0};
		struct err err = {0};
		int rc = request_set_devices(&request, cases[i].value, &err);

		if (rc != (cases[i].words == NULL ? 0 : -EINVAL))
			fail_msg("%s: %d %s", cases[i].value, rc, err.msg);
		if (rc < 0) {
			assert_non_null(strstr(err.msg, cases[i].words));
			assert_null(strchr(err.msg, '\n'));
		}
		assert_int_equal(request.devices.n, cases[i].n);
	}
}

static void wish_replaces_the_earlier_one(void **unused)
{
	auto_done(request) struct request request = {0};

	(void)unused;
	assert_int_equal(request_set_devices(&request, "0,1", NULL), 0);
	expect_devices(&request, DEVICES_LIST, "0,1");
	assert_int_equal(request_set_devices(&request, "/dev/sda", NULL), -EINVAL);
	expect_devices(&request, DEVICES_LIST, "0,1");
	assert_int_equal(request_set_devices(&request, "none", NULL), 0);
	expect_devices(&request, DEVICES_NONE, "");
	assert_int_equal(request_set_devices(&request, "void", NULL), 0);
	expect_devices(&request, DEVICES_VOID, "");
}

static void wish_cdi_names_have_three_parts(void **unused)
{
	static const struct {
		const char *name;
		bool is;
	} cases[] = {
		{"nvidia.com/gpu=0", true}, {"a/b=c", true},   {"a/b=c:d_e-f.g", true},
		{"nvidia.com/gpu", false},  {"gpu=0", false},  {"/gpu=0", false},
		{"nvidia.com/=0", false},   {"a/b=", false},   {"a/b=c=d", false},
		{"a/b/c=d", false},         {"a=b/c", false},  {"-a/b=c", false},
		{"a/b-=c", false},          {"a/b= c", false}, {"", false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (wish_is_cdi_name(cases[i].name) != cases[i].is)
			fail_msg("%s", cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wish_words_become_a_request),
		cmocka_unit_test(wish_ids_that_cannot_be_are_refused),
		cmocka_unit_test(wish_lengths_are_bounded),
		cmocka_unit_test(wish_ranges_are_bounded),
		cmocka_unit_test(wish_replaces_the_earlier_one),
		cmocka_unit_test(wish_cdi_names_have_three_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
