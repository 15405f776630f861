/* SPDX-License-Identifier: Apache-2.0 */
#include "host/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "host/csvdir.h"
#include "host/expand.h"
#include "host/finder.h"
#include "host/places.h"
#include "host/wildcard.h"

#define ROWS_RELEASE "/etc/nv_tegra_release"

struct rows {
	const struct host *host;
	struct inventory *inv;
	struct finder finder;
	struct nameindex seen; /* path of a found row -> its index */
	size_t file;           /* the list whose rows are being told of */
	size_t faults;         /* malformed and refused ones in it so far */
};

static void rows_done(struct rows *rows)
{
	finder_done(&rows->finder);
	nameindex_done(&rows->seen);
}

/* Logs what is not used: faults of the list, and what may be there but cannot be looked at, as
 * warnings, up to a number; the others as debug. */
static void rows_tell(struct rows *rows, const struct row *row, const char *path,
		      enum row_state state, const char *reason)
{
	bool fault = state == ROW_MALFORMED || state == ROW_REFUSED ||
		     (state == ROW_MISSING && rows->finder.doubtful);

	if (fault && ++rows->faults > ROWS_MAX_TOLD)
		return;
	log_write(rows->host->log, fault ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "host",
		  "%s:%u:%u: %s '%s': %s", rows->inv->files.items[row->file].path, row->line,
		  row->column, row_state_name(state), path, reason);
}

/* What the list says, as a path in the container; NULL in *ret with ROW_REFUSED. */
static int rows_path(struct rows *rows, const struct row *row, char **ret, struct err *err)
{
	if (row->path[0] != '/' && row->type != ROW_DEV)
		return finder_say(&rows->finder, ROW_REFUSED, err, "a relative path");
	/* lists of R32 name devices without their directory */
	*ret = path_join("/dev", row->path);
	return *ret == NULL ? err_nomem(err) : ROW_FOUND;
}

/* Finds each name that fits; those which may not be handed out are told, the others count. */
static int rows_find_matches(struct rows *rows, const struct row *row, const struct strv *matches,
			     struct err *err)
{
	enum row_state state = ROW_MISSING;
	size_t found = 0;

	for (size_t i = 0; i < matches->n; i++) {
		int rc = finder_find(&rows->finder, matches->items[i], row->type, err);

		if (rc < 0)
			return rc;
		if (rc == ROW_FOUND) {
			found++;
			continue;
		}
		if (rc == ROW_REFUSED)
			state = ROW_REFUSED;
		rows_tell(rows, row, matches->items[i], (enum row_state)rc, rows->finder.reason);
	}
	if (found > 0)
		return ROW_FOUND;
	if (state == ROW_REFUSED)
		return finder_say(&rows->finder, state, err, "nothing that fits may be handed out");
	return finder_say(&rows->finder, state, err, "nothing fits");
}

static int rows_find_pattern(struct rows *rows, const struct row *row, const char *path,
			     struct err *err)
{
	auto_done(strv) struct strv matches = {0};
	auto_free char *lead = expand_lead(path);
	struct err fault = {0};
	int rc;

	rows->finder.doubtful = false;
	if (lead == NULL)
		return err_nomem(err);
	if (!places_lead(rows->host->settings, lead))
		return finder_say(&rows->finder, ROW_REFUSED, err,
				  "'%s' is outside the allowed prefixes", lead);
	rc = expand_pattern(rows->host, path, &matches, &fault);
	if (rc == -E2BIG)
		return finder_say(&rows->finder, ROW_REFUSED, err, "%s", fault.msg);
	if (rc < 0) {
		if (err != NULL)
			*err = fault;
		return rc;
	}
	return rows_find_matches(rows, row, &matches, err);
}

static int rows_find(struct rows *rows, const struct row *row, const char *path, struct err *err)
{
	int rc;

	if (!wildcard_is_pattern(path))
		return finder_find(&rows->finder, path, row->type, err);
	/* a name that holds such characters itself comes first */
	rc = finder_exists(&rows->finder, path, err);
	if (rc < 0)
		return rc;
	if (rc > 0)
		return finder_find(&rows->finder, path, row->type, err);
	return rows_find_pattern(rows, row, path, err);
}

/* A row whose path another row named before shares that row's items. */
static bool rows_share(struct rows *rows, struct row *row)
{
	const struct row *same;
	size_t index;

	if (!nameindex_get(&rows->seen, row->path, &index))
		return false;
	same = &rows->inv->rows.items[index];
	/* a "dev" row takes nothing but devices, so the same path may mean less to it */
	if ((same->type == ROW_DEV) != (row->type == ROW_DEV))
		return false;
	row->first_item = same->first_item;
	row->n_items = same->n_items;
	return true;
}

static int rows_judge_one(struct rows *rows, size_t index, struct err *err)
{
	struct row *row = &rows->inv->rows.items[index];
	auto_free char *path = NULL;
	int rc;

	if (rows_share(rows, row))
		return 0;
	rc = rows_path(rows, row, &path, err);
	if (rc == ROW_FOUND)
		rc = rows_find(rows, row, path, err);
	if (rc < 0)
		return rc;
	row->state = (enum row_state)rc;
	if (rc != ROW_FOUND) {
		row->reason = take_ptr(&rows->finder.reason);
		return 0;
	}
	row->first_item = rows->inv->items.n;
	row->n_items = rows->finder.items.n;
	rc = finder_give(&rows->finder, rows->inv, err);
	if (rc == 0 && nameindex_put(&rows->seen, row->path, index) < 0)
		rc = err_nomem(err);
	return rc;
}

/* Says how many rows of the current list were not told, and goes to another one. */
static void rows_turn_to(struct rows *rows, size_t file)
{
	if (rows->faults > ROWS_MAX_TOLD)
		log_warn(rows->host->log, "host", "%s: %zu more rows are not used",
			 rows->inv->files.items[rows->file].path, rows->faults - ROWS_MAX_TOLD);
	rows->file = file;
	rows->faults = 0;
}

int rows_judge(const struct host *host, enum host_lists which, struct inventory *inv,
	       struct err *err)
{
	auto_done(rows) struct rows rows = {.host = host, .inv = inv};

	finder_init(&rows.finder, host, inv);
	for (size_t i = 0; i < inv->rows.n; i++) {
		struct row *row = &inv->rows.items[i];
		bool counts = which == HOST_LISTS_ALL || inv->files.items[row->file].base;
		int rc = 0;

		if (row->file != rows.file)
			rows_turn_to(&rows, row->file);
		if (counts && row->state != ROW_MALFORMED)
			rc = rows_judge_one(&rows, i, err);
		if (rc < 0)
			return rc;
		if (counts && row->state != ROW_FOUND)
			rows_tell(&rows, row, row->path, row->state, row->reason);
	}
	rows_turn_to(&rows, 0);
	return 0;
}

int rows_add_extras(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_done(finder) struct finder finder = {0};
	int rc;

	finder_init(&finder, host, inv);
	finder.machine = true;
	rc = finder_find(&finder, ROWS_RELEASE, ROW_LIB, err);
	if (rc < 0)
		return rc;
	if (rc != ROW_FOUND) {
		log_write(host->log,
			  rc == ROW_REFUSED || finder.doubtful ? LOG_LEVEL_WARNING
							       : LOG_LEVEL_DEBUG,
			  "host", "%s is not handed on: %s", ROWS_RELEASE, finder.reason);
		return 0;
	}
	vec_each(item, &finder.items)
	{
		struct item *extra = vec_add(&inv->extras);

		if (extra == NULL)
			return err_nomem(err);
		*extra = *item;
		*item = (struct item){0};
	}
	return 0;
}

int host_read_lists(const struct host *host, enum host_lists which, struct inventory *inv,
		    struct err *err)
{
	int rc = csvdir_read(host, inv, err);

	if (rc == 0)
		rc = rows_judge(host, which, inv, err);
	return rc < 0 ? rc : rows_add_extras(host, inv, err);
}
