/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <errno.h>

#include "base/auto.h"
#include "plan/appprofile.h"
#include "plan/compat.h"
#include "plan/draft.h"
#include "plan/grants.h"
#include "plan/libraries.h"
#include "plan/loadcache.h"
#include "plan/nodevice.h"
#include "plan/notes.h"
#include "plan/order.h"
#include "plan/procfiles.h"
#include "plan/requires.h"
#include "plan/select.h"

#define VOID_HINT                                                                                  \
	"NVIDIA_VISIBLE_DEVICES=void starts the container without a GPU; nvc-cli info shows what " \
	"was looked at"

struct building {
	const struct inventory *inv;
	const struct request *request;
	const struct image *image; /* may be NULL */
	const struct settings *settings;
	struct plan *plan;
};

static int nothing_here(const struct inventory *inv, const struct settings *settings,
			struct err *err)
{
	const char *dir = inv->list_dir == NULL ? settings->list_dir : inv->list_dir;
	const char *version = inv->driver.version.value;

	if (version == NULL)
		version = "of an unknown version";
	if (inv->driver.loaded && inv->driver.gpus.n == 0)
		(void)err_set(err, ENODEV,
			      "no GPU found: NVIDIA's driver %s is loaded, and has no GPU",
			      version);
	else if (inv->driver.loaded && !inv->list_dir_found)
		(void)err_set(
			err, ENODEV,
			"no GPU found: NVIDIA's driver %s is loaded, and nothing that belongs "
			"to it is on this machine",
			version);
	else if (!inv->list_dir_found)
		(void)err_set(err, ENODEV,
			      "no GPU found: there is no folder of mount lists '%s', and NVIDIA's "
			      "driver is not loaded",
			      dir);
	else
		(void)err_set(err, ENODEV,
			      "no GPU found: nothing that the mount lists in '%s' name is on this "
			      "machine",
			      dir);
	return err_hint(err, VOID_HINT);
}

/* 1 = the container starts without a GPU, and a note says why. */
static int judge_missing(const struct building *b, struct err *err)
{
	enum request_missing said = b->request->missing;
	struct err fault = {0};

	if (said == MISSING_DEFAULT && b->settings->when_missing == SETTINGS_MISSING_START)
		said = MISSING_START;
	if (said != MISSING_START)
		return nothing_here(b->inv, b->settings, err);
	(void)nothing_here(b->inv, b->settings, &fault);
	if (strv_addf(&b->plan->notes, "%s; the container starts without one", fault.msg) < 0)
		return err_nomem(err);
	return 1;
}

/* Rows that nobody asked for. */
static int leave_rows(const struct building *b, struct err *err)
{
	for (size_t r = b->plan->verdicts.n; r < b->inv->rows.n; r++) {
		struct row_verdict *verdict = vec_add(&b->plan->verdicts);

		if (verdict == NULL)
			return err_nomem(err);
		*verdict = (struct row_verdict){VERDICT_NOT_ASKED, NO_ROW};
	}
	return 0;
}

static int add_rows(struct draft *draft, struct err *err)
{
	for (size_t r = 0; r < draft->inv->rows.n; r++) {
		struct row_verdict *verdict = vec_add(&draft->plan->verdicts);
		int rc;

		if (verdict == NULL)
			return err_nomem(err);
		rc = draft_add_row(draft, r, verdict, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_parts(struct draft *draft, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < draft->inv->driver.parts.n; i++)
		rc = draft_add_part(draft, i, err);
	return rc;
}

/* They tell of the integrated GPU's L4T: programs take it for what they run on. */
static int add_extras(struct draft *draft, struct err *err)
{
	if (!draft->grants->rows)
		return 0;
	vec_each(extra, &draft->inv->extras)
	{
		int rc = draft_add_extra(draft, extra, "L4T release of the board", err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Nodes that are there and were not asked for show that the machine has its GPU. */
static bool found_any(const struct draft *draft)
{
	for (size_t r = 0; r < draft->inv->rows.n; r++) {
		const struct row *row = &draft->inv->rows.items[r];

		if (row->state == ROW_FOUND && row->n_items > 0 && draft_row_selected(draft, row))
			return true;
	}
	vec_each(part, &draft->inv->driver.parts)
	{
		if (part->n_items > 0 && grants_part(draft->grants, part))
			return true;
	}
	return false;
}

static int fill(const struct building *b, struct draft *draft, struct err *err)
{
	int rc = add_rows(draft, err);

	if (rc == 0 && !found_any(draft))
		return judge_missing(b, err);
	if (rc == 0)
		rc = add_extras(draft, err);
	if (rc == 0)
		rc = add_parts(draft, err);
	if (rc == 0)
		rc = procfiles_add(draft, err);
	if (rc == 0)
		rc = appprofile_add(draft, err);
	if (rc == 0)
		rc = libraries_add_links(draft, err);
	if (rc == 0 && compat_choose(draft, b->image, b->settings) < 0)
		rc = err_nomem(err);
	if (rc == 0)
		rc = loadcache_add(draft, err);
	if (rc == 0)
		rc = order_ops(draft->plan, err);
	if (rc == 0 && notes_add(draft, b->image) < 0)
		rc = err_nomem(err);
	return rc;
}

static int nothing_asked(const struct building *b, struct err *err)
{
	b->plan->empty_request = true;
	if (b->request->refused != NULL && strv_add(&b->plan->notes, b->request->refused) < 0)
		return err_nomem(err);
	return 0;
}

static int draw(const struct building *b, const struct grants *grants, struct err *err)
{
	auto_done(draft) struct draft draft = {0};
	bool all_lists = select_all_lists(&b->inv->platform, b->request, b->settings);
	int rc = requires_check(grants, b->settings, &b->plan->notes, err);

	if (rc == 0)
		rc = draft_init(&draft, grants, all_lists, b->plan, err);
	return rc != 0 ? rc : fill(b, &draft, err);
}

static int decide(const struct building *b, struct err *err)
{
	auto_done(grants) struct grants grants = {0};
	int rc;

	if (!request_wants_gpu(b->request))
		return nothing_asked(b, err);
	if (!grants_possible(b->inv, b->request))
		return judge_missing(b, err);
	rc = grants_find(&grants, b->inv, b->request, err);
	if (rc == 0)
		rc = nodevice_check_channels(&grants, err);
	return rc != 0 ? rc : draw(b, &grants, err);
}

int plan_build(const struct inventory *inv, const struct request *request,
	       const struct image *image, const struct settings *settings, struct plan **ret,
	       struct err *err)
{
	struct building b = {inv, request, image, settings, plan_new()};
	int rc;

	if (b.plan == NULL)
		return err_nomem(err);
	rc = decide(&b, err);
	if (rc >= 0)
		rc = leave_rows(&b, err);
	if (rc < 0) {
		plan_free(b.plan);
		return rc;
	}
	*ret = b.plan;
	return 0;
}
