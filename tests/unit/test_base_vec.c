/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/vec.h"

struct pair {
	int a;
	int b;
};

static void vec_elements_come_zeroed_and_stay_in_order(void **state)
{
	VEC(struct pair) pairs = {0};
	int expected = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct pair *pair = vec_add(&pairs);

		assert_non_null(pair);
		assert_int_equal(pair->a, 0);
		assert_int_equal(pair->b, 0);
		*pair = (struct pair){i, -i};
	}
	assert_int_equal(pairs.n, 1000);
	vec_each(pair, &pairs)
	{
		assert_int_equal(pair->a, expected);
		assert_int_equal(pair->b, -expected);
		expected++;
	}
	assert_int_equal(expected, 1000);
	vec_done(&pairs);
	assert_null(pairs.items);
	assert_int_equal(pairs.n + pairs.cap, 0);
}

static void vec_empty_one_has_no_elements(void **state)
{
	VEC(int) numbers = {0};
	unsigned seen = 0;

	(void)state;
	vec_each(number, &numbers) seen += 1 + (unsigned)*number;
	assert_int_equal(seen, 0);
	vec_done(&numbers);
}

static void vec_size_that_overflows_gives_null(void **state)
{
	void *items = NULL;
	size_t n = SIZE_MAX / 4;
	size_t cap = SIZE_MAX / 4;

	(void)state;
	assert_null(vec_grow(&items, &n, &cap, 16));
	assert_int_equal(n, SIZE_MAX / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_elements_come_zeroed_and_stay_in_order),
		cmocka_unit_test(vec_empty_one_has_no_elements),
		cmocka_unit_test(vec_size_that_overflows_gives_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
