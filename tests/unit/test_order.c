/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "plan/order.h"

static void add(struct plan *plan, enum op_kind kind, unsigned flags, const char *target)
{
	struct op *op = vec_add(&plan->ops);

	assert_non_null(op);
	*op = (struct op){.kind = kind,
			  .flags = flags,
			  .target = target == NULL ? NULL : strdup(target),
			  .row = NO_ROW,
			  .part = NO_ROW};
}

static void expect(const struct plan *plan, const char *const *targets, size_t n)
{
	assert_int_equal(plan->ops.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(plan->ops.items[i].target == NULL ? "-"
								      : plan->ops.items[i].target,
				    targets[i]);
}

static void order_puts_kinds_one_after_another(void **unused)
{
	static const char *const expected[] = {"/link",     "/if-absent", "/dir",
					       "/dir/deep", "/file",      "/socket",
					       "/ours",     "/node",      "-"};
	struct plan *plan = plan_new();

	(void)unused;
	add(plan, OP_LDCACHE, 0, NULL);
	add(plan, OP_DEVICE, 0, "/node");
	add(plan, OP_FILE, 0, "/ours");
	add(plan, OP_BIND, 0, "/file");
	add(plan, OP_BIND, OP_SOCKET, "/socket");
	add(plan, OP_BIND, OP_DIR, "/dir/deep");
	add(plan, OP_BIND, OP_DIR, "/dir");
	add(plan, OP_LINK, OP_IF_ABSENT, "/if-absent");
	add(plan, OP_LINK, 0, "/link");
	assert_int_equal(order_ops(plan, NULL), 0);
	expect(plan, expected, sizeof(expected) / sizeof(expected[0]));
	plan_free(plan);
}

/* Whatever lies in it. */
static void order_puts_our_directories_first_from_the_outside_in(void **unused)
{
	static const char *const expected[] = {"/proc/x",        "/proc/x/gpus", "/proc/x/link",
					       "/proc/x/gpus/0", "/proc/x/file", "/proc/x/params",
					       "/proc/x/node"};
	struct plan *plan = plan_new();

	(void)unused;
	add(plan, OP_DEVICE, 0, "/proc/x/node");
	add(plan, OP_FILE, 0, "/proc/x/params");
	add(plan, OP_BIND, 0, "/proc/x/file");
	add(plan, OP_BIND, OP_DIR, "/proc/x/gpus/0");
	add(plan, OP_LINK, 0, "/proc/x/link");
	add(plan, OP_FILE, OP_DIR, "/proc/x/gpus");
	add(plan, OP_FILE, OP_DIR | OP_IN_PROC, "/proc/x");
	assert_int_equal(order_ops(plan, NULL), 0);
	expect(plan, expected, sizeof(expected) / sizeof(expected[0]));
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_puts_kinds_one_after_another),
		cmocka_unit_test(order_puts_our_directories_first_from_the_outside_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
