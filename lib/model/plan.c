/* SPDX-License-Identifier: Apache-2.0 */
#include "model/plan.h"

#include <stdlib.h>

struct plan *plan_new(void)
{
	return calloc(1, sizeof(struct plan));
}

void op_done(struct op *op)
{
	free(op->source);
	free(op->target);
	free(op->link);
	free(op->content);
	free(op->why);
	strv_done(&op->dirs);
	vec_each(library, &op->libraries)
	{
		free(library->soname);
		free(library->path);
		free(library->file);
	}
	vec_done(&op->libraries);
	*op = (struct op){.row = NO_ROW, .part = NO_ROW};
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	vec_each(op, &plan->ops) op_done(op);
	vec_done(&plan->ops);
	vec_done(&plan->verdicts);
	vec_done(&plan->gids);
	strv_done(&plan->warnings);
	strv_done(&plan->notes);
	free(plan);
}

const char *op_kind_name(enum op_kind kind)
{
	static const char *const names[] = {"link", "bind", "file", "device", "ldcache"};

	return names[kind];
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {"used",    "covered", "duplicate", "not-asked",
					    "missing", "refused", "malformed"};

	return names[verdict];
}

size_t plan_count(const struct plan *plan, enum op_kind kind)
{
	size_t count = 0;

	vec_each(op, &plan->ops) count += op->kind == kind;
	return count;
}
