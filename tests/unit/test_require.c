/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/require.h"

static const struct require_facts orin = {.cuda = "12.6", .arch = "8.7", .driver = "540.3.0"};

static void require_expressions_are_met_or_not(void **state)
{
	static const struct {
		const char *expression;
		int ret;
		const char *text; /* of what is not met */
	} cases[] = {
		{"", 1, NULL},
		{"  ", 1, NULL},
		{",", 1, NULL},
		{"cuda>=12.6", 1, NULL},
		{"cuda>=12.6.0.0", 1, NULL},
		{"cuda>12.6", 0, "cuda>12.6 (have 12.6)"},
		{"cuda>=13", 0, "cuda>=13 (have 12.6)"},
		{"cuda<12.10", 1, NULL},
		{"cuda=12.6", 1, NULL},
		{"cuda!=12.6", 0, "cuda!=12.6 (have 12.6)"},
		{"arch>=8.7,cuda>=13", 0, "cuda>=13 (have 12.6)"},
		{"cuda>=13,arch>=9 arch>=10", 0, "cuda>=13 (have 12.6)"},
		{"cuda>=13 arch>=8", 1, NULL},
		{"unknown>=1", 1, NULL},
		{"unknown>=1 cuda>=13", 0, "cuda>=13 (have 12.6)"},
		{"unknown>=1,cuda>=12", 1, NULL},
		{"brand=tesla", 0, "brand=tesla (have unknown)"},
		{"brand!=tesla", 1, NULL},
		{"cuda>=13.0 brand=tesla,driver>=470,driver<471 driver>=540", 1, NULL},
		{"driver>=540.3.0-rc1", 1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};
		int ret = require_check(cases[i].expression, &orin, &err);

		if (ret != cases[i].ret)
			fail_msg("'%s': %d: %s", cases[i].expression, ret, err.msg);
		assert_string_equal(err.msg, cases[i].text == NULL ? "" : cases[i].text);
	}
}

static void require_unknown_fact_meets_no_version(void **state)
{
	const struct require_facts none = {.cuda = "", .driver = "N/A"};
	struct err err = {0};

	(void)state;
	assert_int_equal(require_check("cuda<99", &none, &err), 0);
	assert_string_equal(err.msg, "cuda<99 (have unknown)");
	assert_int_equal(require_check("arch!=1", &none, &err), 0);
	assert_int_equal(require_check("driver>1", &none, &err), 0);
	assert_string_equal(err.msg, "driver>1 (have N/A)");
}

static void require_names_in_any_case_count_where_asked(void **state)
{
	static const struct {
		const char *expression;
		int lower, any;
	} cases[] = {
		{"CUDA>=99", 1, 0},      {"Cuda>=99 dRIVER<1", 1, 0}, {"ARCH=1.0", 1, 0},
		{"Brand=tesla", 1, 0},   {"BRAND!=tesla", 1, 1},      {"CUDA>=1", 1, 1},
		{"CUDA>=x", 1, -EINVAL}, {"BRAND<tesla", 1, -EINVAL}, {"CUDAX>=99", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct require_facts facts = orin;

		if (require_check(cases[i].expression, &facts, NULL) != cases[i].lower)
			fail_msg("'%s' in lower case", cases[i].expression);
		facts.any_case = true;
		if (require_check(cases[i].expression, &facts, NULL) != cases[i].any)
			fail_msg("'%s' in any case", cases[i].expression);
	}
}

static void require_without_a_gpu_asks_nothing_of_it_in_any_case(void **state)
{
	const struct require_facts facts = {.cuda = "12.4", .no_gpu = true, .any_case = true};

	(void)state;
	assert_int_equal(require_check("ARCH>=99", &facts, NULL), 1);
	assert_int_equal(require_check("Brand=tesla", &facts, NULL), 1);
	assert_int_equal(require_check("CUDA>=99", &facts, NULL), 0);
}

static void require_brand_is_compared_without_case(void **state)
{
	const struct require_facts tesla = {.brand = "Tesla"};

	(void)state;
	assert_int_equal(require_check("brand=tesla", &tesla, NULL), 1);
	assert_int_equal(require_check("brand!=TESLA", &tesla, NULL), 0);
	assert_int_equal(require_check("brand=tesl", &tesla, NULL), 0);
	assert_int_equal(require_check("brand=teslas", &tesla, NULL), 0);
}

static void require_faults_are_errors_with_column(void **state)
{
	static const struct {
		const char *expression;
		unsigned column;
	} cases[] = {
		{"cuda", 1},
		{"cuda>=12 cuda", 10},
		{"cuda>=12,>=1", 10},
		{"cuda==12", 1},
		{"cuda=>12", 1},
		{"cuda!12", 1},
		{"cuda~12", 1},
		{"cuda>=", 1},
		{"cuda>=v", 1},
		{"cuda>=12.", 1},
		{"cuda>=.5", 1},
		{"cuda>=1..2", 1},
		{"cuda>=1.2.3.4.5", 1},
		{"cuda>=4294967296", 1},
		{"cuda>=-1", 1},
		{"cuda>=1-", 1},
		{"cuda>=1-a_b", 1},
		{"cuda>11<12", 1},
		{"cuda>=12\tarch>=1", 1},
		{"brand<tesla", 1},
		{"cuda>=1\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};

		if (require_check(cases[i].expression, &orin, &err) != -EINVAL ||
		    err.column != cases[i].column)
			fail_msg("'%s': column %u: %s", cases[i].expression, err.column, err.msg);
	}
}

static void require_fault_does_not_depend_on_the_machine(void **state)
{
	const struct require_facts none = {0};

	(void)state;
	assert_int_equal(require_check("cuda>=1 cuda>=x", &orin, NULL), -EINVAL);
	assert_int_equal(require_check("cuda>=1 cuda>=x", &none, NULL), -EINVAL);
	assert_int_equal(require_check("cuda>=99,cuda>=x", &orin, NULL), -EINVAL);
}

static void require_hostile_text_is_bounded_and_escaped(void **state)
{
	struct strbuf text = {0};
	struct err err = {0};
	auto_free char *huge = NULL;

	(void)state;
	for (unsigned i = 0; i < 1024 * 1024; i++)
		strbuf_addc(&text, "cuda>=99 "[i % 9]);
	huge = strbuf_take(&text);
	assert_int_equal(require_check(huge, &orin, &err), -EINVAL);
	huge[REQUIRE_MAX_BYTES] = '\0';
	huge[REQUIRE_MAX_BYTES - REQUIRE_MAX_BYTES % 9] = '\0';
	assert_int_equal(require_check(huge, &orin, &err), 0);
	assert_int_equal(require_check("cuda\x1b[31m%n%s", &orin, &err), -EINVAL);
	assert_null(strchr(err.msg, '\x1b'));
	assert_non_null(strstr(err.msg, "\\x1b[31m%n%s"));
	memset(huge, 'x', 1000);
	huge[1000] = '\0';
	assert_int_equal(require_check(huge, &orin, &err), -EINVAL);
	assert_true(strlen(err.msg) < 400);
}

static void require_versions_compare_by_number(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"12.4", "12.4.0", 0},         {"12.10", "12.9", 1},       {"v11", "11.0", 0},
		{"470.57.02", "470.57.2", 0},  {"1.2.3.4", "1.2.3.5", -1}, {"11.4-rc1", "11.4", -1},
		{"11.4-rc1", "11.4-rc2", -1},  {"11.4-rc1", "11.4-rc", 1}, {"11.4+b1", "11.4", 0},
		{"11.4-rc1+x", "11.4-rc1", 0},
	};
	int order;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(require_compare_versions(cases[i].a, cases[i].b, &order), 0);
		assert_int_equal(order, cases[i].order);
		assert_int_equal(require_compare_versions(cases[i].b, cases[i].a, &order), 0);
		assert_int_equal(order, -cases[i].order);
	}
	assert_int_equal(require_compare_versions("", "1", &order), -EINVAL);
	assert_int_equal(require_compare_versions("1", "x", &order), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(require_expressions_are_met_or_not),
		cmocka_unit_test(require_unknown_fact_meets_no_version),
		cmocka_unit_test(require_names_in_any_case_count_where_asked),
		cmocka_unit_test(require_without_a_gpu_asks_nothing_of_it_in_any_case),
		cmocka_unit_test(require_brand_is_compared_without_case),
		cmocka_unit_test(require_faults_are_errors_with_column),
		cmocka_unit_test(require_fault_does_not_depend_on_the_machine),
		cmocka_unit_test(require_hostile_text_is_bounded_and_escaped),
		cmocka_unit_test(require_versions_compare_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
