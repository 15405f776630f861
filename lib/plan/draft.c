/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

bool draft_row_selected(const struct draft *draft, const struct row *row)
{
	return draft->grants->rows && (draft->all_lists || draft->inv->files.items[row->file].base);
}

/* Whatever lies below /dev comes and goes with the devices: /dev/dri/by-path means nothing alone.
 */
static bool is_asked(const struct draft *draft, const struct item *item)
{
	if (item->kind == ITEM_DEVICE)
		return grants_row_node(draft->grants, item->rdev);
	return draft->grants->nodes || !path_is_below(item->target, "/dev");
}

static void mark_wanted(struct draft *draft)
{
	const struct inventory *inv = draft->inv;

	vec_each(row, &inv->rows)
	{
		if (row->state != ROW_FOUND || !draft_row_selected(draft, row))
			continue;
		for (size_t i = row->first_item; i < row->first_item + row->n_items; i++)
			draft->wanted[i] = is_asked(draft, &inv->items.items[i]);
	}
	vec_each(part, &inv->driver.parts)
	{
		bool wanted = grants_part(draft->grants, part);

		for (size_t i = part->first_item; wanted && i < part->first_item + part->n_items;
		     i++)
			draft->wanted[i] = true;
	}
}

static int place_item(struct draft *draft, size_t row, size_t index)
{
	const struct item *item = &draft->inv->items.items[index];
	const char *path = draft->paths[index];
	int rc = pathmap_put(&draft->places, path, row, item);

	if (rc == 1 && item->kind == ITEM_DIR)
		rc = pathmap_put(&draft->dirs, path, row, item);
	return rc;
}

/* True if rows name things below the directory, besides those that lead to it. */
static bool has_listed_content(const struct draft *draft, const struct row *row, const char *dir)
{
	for (size_t i = 0; i < draft->inv->items.n; i++) {
		bool own = i >= row->first_item && i < row->first_item + row->n_items;

		if (!own && draft->paths[i] != NULL && strcmp(draft->paths[i], dir) != 0 &&
		    path_is_below(draft->paths[i], dir))
			return true;
	}
	return false;
}

/* A `sym` row that leads to a directory (tegra -> nvidia, L4T R36 and later) asks for the link.
 * Where the lists name what is in the directory, that and no more is given, and what the image has
 * there stays visible; else the link would lead nowhere, and the directory comes along. */
static void leave_linked_dirs(struct draft *draft)
{
	vec_each(row, &draft->inv->rows)
	{
		size_t last = row->first_item + row->n_items - 1;

		if (row->type != ROW_SYM || row->n_items < 2 || !draft->wanted[last] ||
		    draft->inv->items.items[last].kind != ITEM_DIR)
			continue;
		if (has_listed_content(draft, row, draft->paths[last]))
			draft->wanted[last] = false;
	}
}

static int name_paths(struct draft *draft)
{
	for (size_t i = 0; i < draft->inv->items.n; i++) {
		if (!draft->wanted[i])
			continue;
		draft->paths[i] = relink_path(&draft->targets, draft->inv->items.items[i].target);
		if (draft->paths[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Items of a row that does not count may belong to one that does, too. */
static int place_rows(struct draft *draft)
{
	for (size_t r = 0; r < draft->inv->rows.n; r++) {
		const struct row *row = &draft->inv->rows.items[r];

		if (!draft_row_selected(draft, row))
			continue;
		for (size_t i = row->first_item; i < row->first_item + row->n_items; i++) {
			if (draft->wanted[i] && place_item(draft, r, i) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int place_parts(struct draft *draft)
{
	vec_each(part, &draft->inv->driver.parts)
	{
		for (size_t i = part->first_item; i < part->first_item + part->n_items; i++) {
			if (draft->wanted[i] && place_item(draft, NO_ROW, i) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int place_items(struct draft *draft)
{
	int rc = name_paths(draft);

	if (rc < 0)
		return rc;
	leave_linked_dirs(draft);
	rc = place_rows(draft);
	return rc < 0 ? rc : place_parts(draft);
}

int draft_init(struct draft *draft, const struct grants *grants, bool all_lists, struct plan *plan,
	       struct err *err)
{
	const struct inventory *inv = grants->inv;
	size_t n = inv->items.n;
	int rc;

	*draft = (struct draft){.inv = inv,
				.request = grants->request,
				.grants = grants,
				.plan = plan,
				.all_lists = all_lists};
	draft->wanted = calloc(n + 1, sizeof(*draft->wanted));
	draft->paths = calloc(n + 1, sizeof(*draft->paths));
	if (draft->wanted == NULL || draft->paths == NULL)
		return err_nomem(err);
	mark_wanted(draft);
	rc = relink_init(&draft->targets, inv, draft->wanted, RELINK_TARGETS, err);
	if (rc == 0)
		rc = relink_init(&draft->sources, inv, draft->wanted, RELINK_SOURCES, err);
	if (rc < 0)
		return rc;
	return place_items(draft) < 0 ? err_nomem(err) : 0;
}

void draft_done(struct draft *draft)
{
	for (size_t i = 0; draft->paths != NULL && i < draft->inv->items.n; i++)
		free(draft->paths[i]);
	free(draft->paths);
	free(draft->wanted);
	relink_done(&draft->targets);
	relink_done(&draft->sources);
	pathmap_done(&draft->places);
	pathmap_done(&draft->dirs);
	*draft = (struct draft){0};
}

/* True if the object at rest below the directory's source is the item. */
static bool comes_along(const struct draft *draft, const struct item *item, const char *path,
			const struct pathmap_entry *dir)
{
	const char *rest = path + strlen(dir->path);
	auto_free char *expected = path_join(dir->item->source, rest + 1);
	auto_free char *at = relink_path(&draft->sources, item->source);

	if (item->kind == ITEM_LINK)
		return true;
	if (item->root != dir->item->root || expected == NULL || at == NULL)
		return false;
	if (strcmp(expected, item->source) == 0 || strcmp(expected, at) == 0)
		return true;
	free(expected);
	expected = path_join(dir->item->source, rest + 1);
	if (expected != NULL) {
		char *real = relink_path(&draft->sources, expected);

		free(expected);
		expected = real;
	}
	return expected != NULL && strcmp(expected, at) == 0;
}

const struct pathmap_entry *draft_cover(const struct draft *draft, const struct item *item,
					const char *path)
{
	const struct pathmap_entry *found = NULL;
	const struct pathmap_entry *above = pathmap_above(&draft->dirs, path);

	/* directories are bound without their devices, so nodes always need an operation */
	if (item->kind == ITEM_DEVICE)
		return NULL;
	while (above != NULL && comes_along(draft, item, path, above)) {
		found = above;
		item = above->item;
		path = above->path;
		above = pathmap_above(&draft->dirs, path);
	}
	return found;
}

static int note_group(struct plan *plan, const struct item *item)
{
	gid_t *gid;

	if (item->gid == 0 || (item->mode & 06) == 06)
		return 0;
	vec_each(known, &plan->gids)
	{
		if (*known == item->gid)
			return 0;
	}
	gid = vec_add(&plan->gids);
	if (gid == NULL)
		return -ENOMEM;
	*gid = item->gid;
	return 0;
}

static void fill_op(struct op *op, const struct item *item, const char *path)
{
	bool no_programs = path_is_below(path, "/dev") || path_is_below(path, "/proc");

	switch (item->kind) {
	case ITEM_LINK:
		op->kind = OP_LINK;
		return;
	case ITEM_DEVICE:
		op->kind = OP_DEVICE;
		op->flags = OP_NOSUID | OP_NOEXEC;
		op->rdev = item->rdev;
		op->mode = item->mode & 07777;
		op->gid = item->gid;
		op->flags = item->later ? OP_LATER : op->flags;
		break;
	case ITEM_DIR:
		op->kind = OP_BIND;
		op->flags = OP_DIR | OP_NOSUID | OP_NODEV;
		op->flags |= item->writable ? 0u : (unsigned)OP_RDONLY;
		op->flags |= no_programs || item->writable ? (unsigned)OP_NOEXEC : 0;
		break;
	case ITEM_FILE:
		op->kind = OP_BIND;
		op->flags = OP_RDONLY | OP_NOSUID | OP_NODEV;
		op->flags |= no_programs ? (unsigned)OP_NOEXEC : 0;
		break;
	case ITEM_SOCKET:
		op->kind = OP_BIND;
		op->flags = OP_SOCKET | OP_NOSUID | OP_NODEV | OP_NOEXEC;
		break;
	}
	op->flags |= path_is_below(path, "/proc") ? (unsigned)OP_IN_PROC : 0;
	op->root = item->root;
	op->dev = item->dev;
	op->ino = item->ino;
}

/* What asked for an item. */
struct origin {
	size_t row, part; /* NO_ROW = none */
	const char *why;  /* NULL = the row */
};

static int add_item(struct draft *draft, const struct origin *from, const struct item *item,
		    const char *path)
{
	struct op *op = vec_add(&draft->plan->ops);

	if (op == NULL)
		return -ENOMEM;
	op->row = from->row;
	op->part = from->part;
	fill_op(op, item, path);
	op->target = strdup(path);
	if (op->target == NULL)
		return -ENOMEM;
	if (op->kind == OP_LINK)
		op->link = strdup(item->link);
	else
		op->source = strdup(item->source);
	if (op->link == NULL && op->source == NULL)
		return -ENOMEM;
	if (from->why != NULL && (op->why = strdup(from->why)) == NULL)
		return -ENOMEM;
	return op->kind == OP_DEVICE ? note_group(draft->plan, item) : 0;
}

struct tally {
	size_t used, covered, duplicate, self;
	size_t cover, twin; /* rows */
};

static int add_row_item(struct draft *draft, size_t row, size_t index, struct tally *tally)
{
	const struct origin from = {.row = row, .part = NO_ROW};
	const struct item *item = &draft->inv->items.items[index];
	const char *path = draft->paths[index];
	const struct pathmap_entry *cover = draft_cover(draft, item, path);
	const struct pathmap_entry *first = pathmap_find(&draft->places, path, strlen(path));

	if (cover != NULL) {
		tally->covered++;
		tally->cover = cover->row;
		return 0;
	}
	/* host/ lets rows of the same path share their items */
	if (first->item != item || first->row != row) {
		tally->duplicate += first->row != row;
		if (tally->twin == NO_ROW && first->row != row)
			tally->twin = first->row;
		return 0;
	}
	tally->used++;
	return add_item(draft, &from, item, path);
}

static struct row_verdict verdict_of(const struct tally *tally)
{
	if (tally->used > 0)
		return (struct row_verdict){VERDICT_USED, NO_ROW};
	if (tally->duplicate > 0)
		return (struct row_verdict){VERDICT_DUPLICATE, tally->twin};
	if (tally->covered > 0)
		return (struct row_verdict){VERDICT_COVERED, tally->cover};
	return (struct row_verdict){VERDICT_NOT_ASKED, NO_ROW};
}

int draft_add_row(struct draft *draft, size_t row, struct row_verdict *ret, struct err *err)
{
	const struct row *from = &draft->inv->rows.items[row];
	struct tally tally = {.cover = NO_ROW, .twin = NO_ROW};
	struct row_verdict verdict = {VERDICT_MALFORMED, NO_ROW};

	if (from->state == ROW_MALFORMED) {
		*ret = verdict;
		return 0;
	}
	if (!draft_row_selected(draft, from)) {
		*ret = (struct row_verdict){VERDICT_NOT_ASKED, NO_ROW};
		return 0;
	}
	if (from->state != ROW_FOUND) {
		verdict.verdict = from->state == ROW_MISSING ? VERDICT_MISSING : VERDICT_REFUSED;
		*ret = verdict;
		return 0;
	}
	for (size_t i = from->first_item; i < from->first_item + from->n_items; i++) {
		if (draft->wanted[i] && add_row_item(draft, row, i, &tally) < 0)
			return err_nomem(err);
	}
	*ret = verdict_of(&tally);
	return 0;
}

int draft_add_part(struct draft *draft, size_t part, struct err *err)
{
	const struct part *from = &draft->inv->driver.parts.items[part];
	struct origin origin = {.row = NO_ROW, .part = part};
	auto_free char *why = NULL;

	if (!grants_part(draft->grants, from))
		return 0;
	why = str_format("%s: %s", from->name == NULL ? part_kind_name(from->kind) : from->name,
			 from->why == NULL ? "found" : from->why);
	if (why == NULL)
		return err_nomem(err);
	origin.why = why;
	for (size_t i = from->first_item; i < from->first_item + from->n_items; i++) {
		const struct item *item = &draft->inv->items.items[i];
		const char *path = draft->paths[i];

		if (path == NULL || draft_cover(draft, item, path) != NULL ||
		    pathmap_find(&draft->places, path, strlen(path))->item != item)
			continue;
		if (add_item(draft, &origin, item, path) < 0)
			return err_nomem(err);
	}
	return 0;
}

int draft_add_extra(struct draft *draft, const struct item *item, const char *why, struct err *err)
{
	const struct origin from = {NO_ROW, NO_ROW, why};
	auto_free char *path = relink_path(&draft->targets, item->target);
	int rc;

	if (path == NULL)
		return err_nomem(err);
	if (!is_asked(draft, item) || draft_cover(draft, item, path) != NULL)
		return 0;
	rc = pathmap_put(&draft->places, path, NO_ROW, item);
	if (rc == 1)
		rc = add_item(draft, &from, item, path);
	return rc < 0 ? err_nomem(err) : 0;
}

/* The operation for a path that nothing of the machine is behind: 1, 0 = the plan has something
 * there, -ENOMEM. */
static int add_own(struct draft *draft, const char *path, const char *why, struct op **ret)
{
	int rc = pathmap_put(&draft->places, path, NO_ROW, NULL);
	struct op *op = rc <= 0 ? NULL : vec_add(&draft->plan->ops);

	if (rc <= 0)
		return rc;
	if (op == NULL)
		return -ENOMEM;
	op->row = NO_ROW;
	op->part = NO_ROW;
	op->target = strdup(path);
	op->why = strdup(why);
	*ret = op;
	return op->target == NULL || op->why == NULL ? -ENOMEM : 1;
}

int draft_add_made(struct draft *draft, const struct draft_made *made, struct err *err)
{
	struct op *op;
	int rc = add_own(draft, made->path, made->why, &op);

	if (rc <= 0)
		return rc < 0 ? err_nomem(err) : 0;
	op->kind = OP_FILE;
	op->flags = made->flags | OP_NOSUID | OP_NODEV;
	op->mode = made->mode;
	if (made->content == NULL)
		return 0;
	op->content = strdup(made->content);
	return op->content == NULL ? err_nomem(err) : 0;
}

int draft_add_soft_link(struct draft *draft, const char *path, const char *text, const char *why,
			struct err *err)
{
	struct op *op;
	int rc;

	if (pathmap_above(&draft->dirs, path) != NULL)
		return 0;
	rc = add_own(draft, path, why, &op);
	if (rc <= 0)
		return rc < 0 ? err_nomem(err) : 0;
	op->kind = OP_LINK;
	op->flags = OP_IF_ABSENT;
	op->link = strdup(text);
	return op->link == NULL ? err_nomem(err) : 0;
}
