/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of what the driver child says; test_drivermerge.c has whole messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/drivercheck.h"

static void drivercheck_uuid_has_its_form(void **state)
{
	static const char plain[] = "00000000-1111-2222-3333-44444444abCD";
	static const char *const bad[] = {
		"",
		"GPU-",
		"GPU",
		"gpu-00000000-1111-2222-3333-444444444444",
		"GPU-00000000-1111-2222-3333-44444444444",
		"GPU-00000000-1111-2222-3333-4444444444444",
		"GPU-00000000_1111-2222-3333-444444444444",
		"GPU-GPU-00000000-1111-2222-3333-444444444444",
		"GPU-00000000-1111-2222-3333-444444444444/1/0",
		"ABCDEFGHI-00000000-1111-2222-3333-444444444444",
	};

	(void)state;
	assert_true(drivercheck_is_uuid(plain, 1, false));
	assert_true(drivercheck_is_uuid("GPU-00000000-1111-2222-3333-444444444444", 1, false));
	assert_true(
		drivercheck_is_uuid("MIG-GPU-00000000-1111-2222-3333-444444444444/1/0", 2, true));
	assert_false(
		drivercheck_is_uuid("MIG-GPU-00000000-1111-2222-3333-444444444444/1/", 2, true));
	assert_false(
		drivercheck_is_uuid("MIG-GPU-00000000-1111-2222-3333-444444444444/1/0/", 2, true));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (drivercheck_is_uuid(bad[i], 1, false))
			fail_msg("'%s'", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivercheck_uuid_has_its_form),
	};

	return cmocka_run_group_tests_name("drivercheck", tests, NULL, NULL);
}
