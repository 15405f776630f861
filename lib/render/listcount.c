/* SPDX-License-Identifier: Apache-2.0 */
#include "render/listcount.h"

#include <stdlib.h>

static void count_row(struct listcount *counts, const struct row *row,
		      const struct row_verdict *verdict)
{
	enum verdict what = verdict == NULL ? VERDICT_USED : verdict->verdict;

	counts->not_asked += what == VERDICT_NOT_ASKED;
	counts->duplicate += what == VERDICT_DUPLICATE;
	if (row->state == ROW_MISSING)
		counts->missing++;
	else if (row->state == ROW_REFUSED)
		counts->refused++;
	else if (row->state == ROW_MALFORMED)
		counts->malformed++;
	else if (what != VERDICT_DUPLICATE)
		counts->found++;
}

struct listcount *listcount_new(const struct inventory *inv, const struct plan *plan)
{
	struct listcount *counts = calloc(inv->files.n + 1, sizeof(*counts));

	for (size_t r = 0; counts != NULL && r < inv->rows.n; r++) {
		const struct row *row = &inv->rows.items[r];
		bool judged = plan != NULL && r < plan->verdicts.n;

		count_row(&counts[row->file], row, judged ? &plan->verdicts.items[r] : NULL);
	}
	return counts;
}

bool listcount_selected(const struct list_file *file, const struct listcount *count)
{
	return file->base || file->n_rows == 0 ||
	       count->not_asked + count->malformed < file->n_rows;
}
