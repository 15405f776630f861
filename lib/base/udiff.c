/* SPDX-License-Identifier: Apache-2.0 */
#include "base/udiff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/vec.h"

#define CONTEXT   3             /* lines around a change */
#define MAX_CELLS (1024 * 1024) /* of the table, 4 bytes each */

struct line {
	const char *data;
	size_t len; /* with its newline */
};

struct lines {
	VEC(struct line) list;
};

/* Lines [a, a + old) of the one text gave way to [b, b + added) of the other. */
struct change {
	size_t a, old;
	size_t b, added;
};

struct diff {
	struct lines old, now;
	VEC(struct change) changes;
};

static void diff_done(struct diff *diff)
{
	vec_done(&diff->old.list);
	vec_done(&diff->now.list);
	vec_done(&diff->changes);
}

static bool split(const struct udiff_side *side, struct lines *ret)
{
	const char *p = side->text;
	const char *end = p + side->len;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline == NULL ? end : newline + 1;
		struct line *line = vec_add(&ret->list);

		if (line == NULL)
			return false;
		*line = (struct line){p, (size_t)(next - p)};
		p = next;
	}
	return true;
}

static bool same(const struct diff *diff, size_t a, size_t b)
{
	const struct line *old = &diff->old.list.items[a];
	const struct line *now = &diff->now.list.items[b];

	return old->len == now->len && memcmp(old->data, now->data, old->len) == 0;
}

/* Neighbouring changes become one. */
static bool add_change(struct diff *diff, struct change change)
{
	struct change *last =
		diff->changes.n == 0 ? NULL : &diff->changes.items[diff->changes.n - 1];

	if (last != NULL && last->a + last->old == change.a && last->b + last->added == change.b) {
		last->old += change.old;
		last->added += change.added;
		return true;
	}
	last = vec_add(&diff->changes);
	if (last != NULL)
		*last = change;
	return last != NULL;
}

/* Of the lines in all: where the longest common sequence has nothing, there is a change.
 * table[i][j] = length of that of what is behind line i and j. */
static bool find_shortest(struct diff *diff, const struct change *all)
{
	size_t width = all->added + 1;
	auto_free uint32_t *table = calloc((all->old + 1) * width, sizeof(*table));
	size_t i;
	size_t j;

	if (table == NULL)
		return false;
	for (i = all->old; i-- > 0;) {
		for (j = all->added; j-- > 0;) {
			uint32_t down = table[(i + 1) * width + j];
			uint32_t right = table[i * width + j + 1];

			table[i * width + j] = same(diff, all->a + i, all->b + j)
						       ? table[(i + 1) * width + j + 1] + 1
						       : (down >= right ? down : right);
		}
	}
	for (i = j = 0; i < all->old || j < all->added;) {
		struct change one = {all->a + i, 0, all->b + j, 0};

		if (i < all->old && j < all->added && same(diff, one.a, one.b)) {
			i++;
			j++;
			continue;
		}
		if (i < all->old &&
		    (j == all->added || table[(i + 1) * width + j] >= table[i * width + j + 1]))
			one.old = 1;
		else
			one.added = 1;
		i += one.old;
		j += one.added;
		if (!add_change(diff, one))
			return false;
	}
	return true;
}

static bool find_changes(struct diff *diff)
{
	size_t n = diff->old.list.n;
	size_t m = diff->now.list.n;
	struct change all;
	size_t front = 0;

	while (front < n && front < m && same(diff, front, front))
		front++;
	while (n > front && m > front && same(diff, n - 1, m - 1)) {
		n--;
		m--;
	}
	all = (struct change){front, n - front, front, m - front};
	if (all.old == 0 && all.added == 0)
		return true;
	if (all.old == 0 || all.added == 0 || all.old + 1 > MAX_CELLS / (all.added + 1))
		return add_change(diff, all);
	return find_shortest(diff, &all);
}

static void put_lines(struct strbuf *out, char mark, const struct lines *lines, size_t from,
		      size_t n)
{
	for (size_t i = from; i < from + n; i++) {
		const struct line *line = &lines->list.items[i];

		strbuf_addc(out, mark);
		strbuf_add(out, line->data, line->len);
		if (line->data[line->len - 1] != '\n')
			strbuf_adds(out, "\n\\ No newline at end of file\n");
	}
}

/* "12,3"; of no lines at all the line before is named. */
static void put_range(struct strbuf *out, char mark, size_t from, size_t n)
{
	strbuf_addf(out, "%c%zu", mark, n > 0 ? from + 1 : from);
	if (n != 1)
		strbuf_addf(out, ",%zu", n);
}

/* The changes [first, behind), which are near each other. */
static void put_hunk(struct strbuf *out, const struct diff *diff, size_t first, size_t behind)
{
	const struct change *changes = diff->changes.items;
	const struct change *last = &changes[behind - 1];
	size_t a = changes[first].a < CONTEXT ? 0 : changes[first].a - CONTEXT;
	size_t b = changes[first].b - (changes[first].a - a);
	size_t end = last->a + last->old + CONTEXT;
	size_t tail;
	size_t at = a;

	if (end > diff->old.list.n)
		end = diff->old.list.n;
	tail = end - (last->a + last->old);
	strbuf_adds(out, "@@ ");
	put_range(out, '-', a, end - a);
	strbuf_addc(out, ' ');
	put_range(out, '+', b, last->b + last->added + tail - b);
	strbuf_adds(out, " @@\n");
	for (size_t i = first; i < behind; i++) {
		put_lines(out, ' ', &diff->old, at, changes[i].a - at);
		put_lines(out, '-', &diff->old, changes[i].a, changes[i].old);
		put_lines(out, '+', &diff->now, changes[i].b, changes[i].added);
		at = changes[i].a + changes[i].old;
	}
	put_lines(out, ' ', &diff->old, at, end - at);
}

void udiff_write(struct strbuf *out, const struct udiff_side *old, const struct udiff_side *now)
{
	auto_done(diff) struct diff diff = {.old = {{NULL, 0, 0}}};
	size_t first = 0;

	if (!split(old, &diff.old) || !split(now, &diff.now) || !find_changes(&diff)) {
		out->failed = true;
		return;
	}
	if (diff.changes.n > 0)
		strbuf_addf(out, "--- %s\n+++ %s\n", old->name, now->name);
	for (size_t i = 1; i <= diff.changes.n; i++) {
		const struct change *before = &diff.changes.items[i - 1];

		if (i < diff.changes.n &&
		    diff.changes.items[i].a - (before->a + before->old) <= 2 * CONTEXT)
			continue;
		put_hunk(out, &diff, first, i);
		first = i;
	}
}
