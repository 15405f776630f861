/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/driveranswer.h"

static void driveranswer_length_is_bounded(void **state)
{
	size_t len = 7;
	struct err err = {0};

	(void)state;
	assert_int_equal(driveranswer_length((const unsigned char *)"\0\x08\0\0", &len, &err), 0);
	assert_int_equal(len, 524288);
	assert_int_equal(driveranswer_length((const unsigned char *)"\0\x08\0\x01", &len, &err),
			 -EPROTO);
	assert_int_equal(driveranswer_length((const unsigned char *)"\0\0\0\0", &len, &err),
			 -EPROTO);
	assert_int_equal(driveranswer_length((const unsigned char *)"\xff\xff\xff\xff", &len, &err),
			 -EPROTO);
	assert_int_equal(len, 524288);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(driveranswer_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
