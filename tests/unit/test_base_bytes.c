/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/bytes.h"

static const uint8_t sample[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 'a', 'b', 0, 'c'};

static void bytes_numbers_are_little_endian(void **state)
{
	struct bytes bytes = bytes_of(sample, sizeof(sample));

	(void)state;
	assert_int_equal(bytes_u16(&bytes), 0x0201);
	assert_int_equal(bytes_u32(&bytes), 0x06050403);
	assert_true(bytes_u64(&bytes) == 0x0e0d0c0b0a090807);
	assert_int_equal(bytes.pos, 14);
	assert_false(bytes.failed);
}

static void bytes_take_stops_at_the_end_and_failure_stays(void **state)
{
	struct bytes bytes = bytes_of(sample, 4);

	(void)state;
	assert_ptr_equal(bytes_take(&bytes, 3), sample);
	assert_null(bytes_take(&bytes, 2));
	assert_true(bytes.failed);
	assert_null(bytes_take(&bytes, 1));
	assert_int_equal(bytes_u16(&bytes), 0);
}

static void bytes_huge_lengths_do_not_wrap(void **state)
{
	struct bytes bytes = bytes_of(sample, 4);

	(void)state;
	assert_non_null(bytes_take(&bytes, 2));
	assert_null(bytes_take(&bytes, SIZE_MAX));
	assert_true(bytes.failed);
}

static void bytes_seek_goes_up_to_the_end(void **state)
{
	struct bytes bytes = bytes_of(sample, 4);

	(void)state;
	bytes_seek(&bytes, 2);
	assert_int_equal(bytes_u16(&bytes), 0x0403);
	bytes_seek(&bytes, 4);
	assert_false(bytes.failed);
	assert_non_null(bytes_take(&bytes, 0));
	bytes_seek(&bytes, 5);
	assert_true(bytes.failed);
	bytes_seek(&bytes, 0);
	assert_true(bytes.failed);
}

static void bytes_string_at_wants_a_whole_string(void **state)
{
	const struct bytes bytes = bytes_of(sample, sizeof(sample));

	(void)state;
	assert_string_equal(bytes_string_at(&bytes, 14), "ab");
	assert_string_equal(bytes_string_at(&bytes, 16), "");
	assert_null(bytes_string_at(&bytes, 17));
	assert_null(bytes_string_at(&bytes, 18));
	assert_null(bytes_string_at(&bytes, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_numbers_are_little_endian),
		cmocka_unit_test(bytes_take_stops_at_the_end_and_failure_stays),
		cmocka_unit_test(bytes_huge_lengths_do_not_wrap),
		cmocka_unit_test(bytes_seek_goes_up_to_the_end),
		cmocka_unit_test(bytes_string_at_wants_a_whole_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
