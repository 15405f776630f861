/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/withdraw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

void withdrawal_done(struct withdrawal *withdrawal)
{
	free(withdrawal->data);
	*withdrawal = (struct withdrawal){0};
}

static bool has_item(const struct strv *list, const char *text, size_t len)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strlen(list->items[i]) == len && memcmp(list->items[i], text, len) == 0)
			return true;
	}
	return false;
}

/* With an item goes the separator after it, or, at the end of a line, the one before it within the
 * line: "a:b\n" without b is "a\n". */
static void take_out(struct strbuf *left, const char **next, const char *stop, const char *end)
{
	bool ends_line = stop == end || *stop == '\n';

	if (ends_line && left->len > 0 && left->data[left->len - 1] != '\n')
		left->data[--left->len] = '\0';
	else
		*next = stop == end ? end : stop + 1;
}

int withdraw_items(const char *text, size_t len, const char *separators, const struct strv *added,
		   struct withdrawal *ret, struct err *err)
{
	auto_done(strbuf) struct strbuf left = {0};
	struct withdrawal found = {0};
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *stop = at;
		const char *next;

		while (stop < end && (*stop == '\0' || strchr(separators, *stop) == NULL))
			stop++;
		next = stop;
		if (stop > at && has_item(added, at, (size_t)(stop - at))) {
			found.taken++;
			take_out(&left, &next, stop, end);
		} else {
			strbuf_add(&left, at, (size_t)(stop - at));
		}
		if (next == stop && stop < end)
			strbuf_addc(&left, *next++);
		at = next;
	}
	if (strbuf_failed(&left))
		return err_nomem(err);
	if (found.taken > 0 && left.len > 0) {
		found.len = left.len;
		found.data = strbuf_take(&left);
	}
	*ret = found;
	return 0;
}
