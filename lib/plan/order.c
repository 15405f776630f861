/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

struct order_key {
	unsigned rank;
	size_t depth;
	size_t index;
};

static unsigned rank_of(const struct op *op)
{
	switch (op->kind) {
	case OP_LINK:
		return (op->flags & OP_IF_ABSENT) != 0 ? 2 : 1;
	case OP_BIND:
		return (op->flags & OP_DIR) != 0 ? 3 : 4;
	case OP_FILE:
		return (op->flags & OP_DIR) != 0 ? 0 : 5;
	case OP_DEVICE:
		return 6;
	case OP_LDCACHE:
		break;
	}
	return 7;
}

static size_t depth_of(const struct op *op)
{
	size_t depth = 0;

	if ((op->flags & OP_DIR) == 0)
		return 0;
	for (const char *c = op->target; *c != '\0'; c++)
		depth += *c == '/';
	return depth;
}

static int compare(const void *left, const void *right)
{
	const struct order_key *a = left;
	const struct order_key *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

int order_ops(struct plan *plan, struct err *err)
{
	size_t n = plan->ops.n;
	auto_free struct order_key *keys = NULL;
	auto_free struct op *sorted = NULL;

	if (n == 0)
		return 0;
	keys = calloc(n, sizeof(*keys));
	sorted = calloc(n, sizeof(*sorted));
	if (keys == NULL || sorted == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		keys[i] = (struct order_key){rank_of(&plan->ops.items[i]),
					     depth_of(&plan->ops.items[i]), i};
	qsort(keys, n, sizeof(*keys), compare);
	for (size_t i = 0; i < n; i++)
		sorted[i] = plan->ops.items[keys[i].index];
	memcpy(plan->ops.items, sorted, n * sizeof(*sorted));
	return 0;
}
