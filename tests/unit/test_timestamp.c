/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "hook/timestamp.h"

static void timestamp_agrees_with_gmtime(void **unused)
{
	(void)unused;
	/* every day from 1970 to 2520, at changing times of day */
	for (int64_t day = 0; day < 201000; day++) {
		time_t when = (time_t)(day * 86400 + day * 7919 % 86400);
		char text[TIMESTAMP_SIZE];
		char expected[TIMESTAMP_SIZE];
		struct tm tm;

		assert_non_null(gmtime_r(&when, &tm));
		assert_int_not_equal(
			strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
		timestamp_format(when, text);
		assert_string_equal(text, expected);
	}
}

static void timestamp_before_1970_is_its_start(void **unused)
{
	char text[TIMESTAMP_SIZE];

	(void)unused;
	timestamp_format(INT64_MIN, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamp_agrees_with_gmtime),
		cmocka_unit_test(timestamp_before_1970_is_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
