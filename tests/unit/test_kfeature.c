/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/kfeature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void kfeature_missing_one_leaves_the_others(void **state)
{
	(void)state;
	kfeature_missing(KFEATURE_OPENAT2);

	assert_false(kfeature_has(KFEATURE_OPENAT2));
	for (unsigned i = 0; i < KFEATURE_COUNT; i++)
		assert_int_equal(kfeature_has((enum kfeature)i), i != KFEATURE_OPENAT2);
	kfeature_reset();
	assert_true(kfeature_has(KFEATURE_OPENAT2));
}

static void kfeature_each_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KFEATURE_COUNT; i++)
		assert_non_null(kfeature_name((enum kfeature)i));
	assert_string_equal(kfeature_name(KFEATURE_MOUNT_SETATTR), "mount_setattr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kfeature_missing_one_leaves_the_others),
		cmocka_unit_test(kfeature_each_has_a_name),
	};

	return cmocka_run_group_tests_name("kfeature", tests, NULL, NULL);
}
