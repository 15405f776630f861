/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "api/context.h"
#include "base/str.h"
#include "plan/build.h"
#include "plan/select.h"
#include "render/json.h"
#include "render/listing.h"
#include "render/text.h"
#include "sys/sysfilter.h"

_Static_assert((int)NVC_LISTED_DEVICES == (int)LISTING_DEVICES, "kinds agree");
_Static_assert((int)NVC_LISTED_LIBRARIES == (int)LISTING_LIBRARIES, "kinds agree");
_Static_assert((int)NVC_LISTED_BINARIES == (int)LISTING_BINARIES, "kinds agree");
_Static_assert((int)NVC_LISTED_IPCS == (int)LISTING_IPCS, "kinds agree");
_Static_assert((int)NVC_LISTED_FIRMWARES == (int)LISTING_FIRMWARES, "kinds agree");
_Static_assert((int)NVC_LISTED_COMPAT32 == (int)LISTING_COMPAT32, "kinds agree");
_Static_assert((int)NVC_LISTED_MIG == (int)LISTING_MIGS, "kinds agree");

static unsigned gates_of(const struct request *request)
{
	if (request == NULL)
		return HOST_GATE_EVERY;
	return (request->gds ? (unsigned)HOST_GATE_GDS : 0) |
	       (request->mofed ? (unsigned)HOST_GATE_MOFED : 0) |
	       (request->nvswitch ? (unsigned)HOST_GATE_NVSWITCH : 0) |
	       (request->gdrcopy ? (unsigned)HOST_GATE_GDRCOPY : 0) |
	       (request->mig_config ? (unsigned)HOST_GATE_MIG : 0);
}

static int read_driver(struct nvc_context *ctx, const struct request *request, bool files,
		       struct inventory *inv)
{
	unsigned caps = request == NULL ? DRIVER_CAP_EVERY : request->caps;
	int rc = host_read_driver(&ctx->host, inv, &ctx->err);

	if (rc == 0 && select_asks_driver(inv, request, ctx->settings))
		rc = host_ask_driver(&ctx->host, inv, &ctx->err);
	if (rc == 0)
		rc = host_find_driver_nodes(&ctx->host, inv, &ctx->err);
	if (rc == 0)
		rc = host_find_gates(&ctx->host, gates_of(request), inv, &ctx->err);
	if (rc == 0 && files)
		rc = host_find_driver_files(&ctx->host, caps, inv, &ctx->err);
	return rc;
}

static int read_machine(struct nvc_context *ctx, const struct request *request, bool files,
			struct inventory *inv)
{
	enum host_lists which = HOST_LISTS_ALL;
	int rc = context_open_host(ctx);

	if (rc == 0)
		rc = host_read_platform(&ctx->host, inv, &ctx->err);
	if (rc < 0)
		return rc;
	if (request != NULL && !select_all_lists(&inv->platform, request, ctx->settings))
		which = HOST_LISTS_BASE;
	rc = host_read_lists(&ctx->host, which, inv, &ctx->err);
	return rc < 0 ? rc : read_driver(ctx, request, files, inv);
}

static int make_inventory(struct nvc_context *ctx, const struct request *request, bool files,
			  struct nvc_inventory **ret)
{
	struct nvc_inventory *handle = calloc(1, sizeof(*handle));
	int rc;

	(void)context_err(ctx);
	if (handle != NULL)
		handle->inv = inventory_new();
	if (handle == NULL || handle->inv == NULL) {
		free(handle);
		return err_nomem(&ctx->err);
	}
	rc = read_machine(ctx, request, files, handle->inv);
	if (rc < 0) {
		nvc_inventory_free(handle);
		return rc;
	}
	*ret = handle;
	return 0;
}

int nvc_inventory_new(struct nvc_context *ctx, const struct nvc_request *request,
		      struct nvc_inventory **ret)
{
	return make_inventory(ctx, request == NULL ? NULL : &request->request, true, ret);
}

int nvc_inventory_facts(struct nvc_context *ctx, struct nvc_inventory **ret)
{
	return make_inventory(ctx, NULL, false, ret);
}

void nvc_inventory_free(struct nvc_inventory *inv)
{
	if (inv == NULL)
		return;
	inventory_free(inv->inv);
	free(inv);
}

bool nvc_inventory_has_gpu(const struct nvc_inventory *inv)
{
	return inv->inv->platform.kind != PLATFORM_NONE || inv->inv->driver.loaded ||
	       inv->inv->driver.wsl;
}

bool nvc_inventory_has_lists(const struct nvc_inventory *inv)
{
	return inv->inv->list_dir_found;
}

int nvc_plan_new(struct nvc_context *ctx, const struct nvc_inventory *inv,
		 const struct nvc_request *request, const struct nvc_image *image,
		 struct nvc_plan **ret)
{
	struct nvc_plan *handle = calloc(1, sizeof(*handle));
	int rc;

	(void)context_err(ctx);
	if (handle == NULL)
		return err_nomem(&ctx->err);
	rc = plan_build(inv->inv, &request->request, image == NULL ? NULL : &image->image,
			ctx->settings, &handle->plan, &ctx->err);
	if (rc < 0) {
		free(handle);
		return rc;
	}
	*ret = handle;
	return 0;
}

void nvc_plan_free(struct nvc_plan *plan)
{
	if (plan == NULL)
		return;
	plan_free(plan->plan);
	free(plan);
}

bool nvc_plan_is_empty(const struct nvc_plan *plan)
{
	return plan->plan->ops.n == 0;
}

const char *nvc_plan_note(const struct nvc_plan *plan, size_t index)
{
	return index < plan->plan->notes.n ? plan->plan->notes.items[index] : NULL;
}

static int render_text(struct nvc_context *ctx, const struct inventory *inv,
		       const struct plan *plan, enum nvc_rendering rendering, char **ret)
{
	struct strbuf out = {0};

	if (rendering == NVC_INFO_TEXT) {
		text_info(inv, plan, &out);
		text_settings(ctx->settings, &out);
		if (!sysfilter_built())
			text_fact("System calls:", "no filter: this build has none", &out);
	} else if (rendering == NVC_INFO_PLAIN)
		text_driver(inv, false, &out);
	else if (rendering == NVC_INFO_CSV)
		text_driver_csv(inv, &out);
	else if (rendering == NVC_LIST_TEXT)
		text_list(inv, plan, 0, &out);
	else if (rendering == NVC_ROWS_TEXT)
		text_rows(inv, plan, &out);
	else
		text_plan(inv, plan, &out);
	*ret = strbuf_take(&out);
	return *ret == NULL ? err_nomem(&ctx->err) : 0;
}

static bool needs_plan(enum nvc_rendering rendering)
{
	return rendering == NVC_LIST_TEXT || rendering == NVC_LIST_JSON ||
	       rendering == NVC_PLAN_TEXT || rendering == NVC_PLAN_JSON;
}

int nvc_render(struct nvc_context *ctx, const struct nvc_inventory *inv,
	       const struct nvc_request *request, const struct nvc_plan *plan,
	       enum nvc_rendering rendering, char **ret)
{
	const struct plan *p = plan == NULL ? NULL : plan->plan;
	static const struct request nothing;

	(void)context_err(ctx);
	if (p == NULL && needs_plan(rendering))
		return err_set(&ctx->err, EINVAL, "render: this rendering needs a plan");
	switch (rendering) {
	case NVC_INFO_TEXT:
	case NVC_INFO_PLAIN:
	case NVC_INFO_CSV:
	case NVC_LIST_TEXT:
	case NVC_PLAN_TEXT:
	case NVC_ROWS_TEXT:
		return render_text(ctx, inv->inv, p, rendering, ret);
	case NVC_INFO_JSON:
		return json_info(inv->inv, p, ctx->settings, ret, &ctx->err);
	case NVC_LIST_JSON:
		return json_list(inv->inv, p, ret, &ctx->err);
	case NVC_PLAN_JSON:
		return json_plan(inv->inv, request == NULL ? &nothing : &request->request, p, ret,
				 &ctx->err);
	default:
		return err_set(&ctx->err, EINVAL, "render: no such rendering");
	}
}

int nvc_render_list(struct nvc_context *ctx, const struct nvc_inventory *inv,
		    const struct nvc_plan *plan, unsigned listed, char **ret)
{
	struct strbuf out = {0};

	(void)context_err(ctx);
	text_list(inv->inv, plan->plan, listed, &out);
	*ret = strbuf_take(&out);
	return *ret == NULL ? err_nomem(&ctx->err) : 0;
}

int nvc_check_lists(struct nvc_context *ctx, const struct nvc_inventory *inv)
{
	int count = 0;

	(void)context_err(ctx);
	vec_each(row, &inv->inv->rows)
	{
		if (row->state != ROW_MALFORMED && row->state != ROW_REFUSED)
			continue;
		count++;
		log_warn(&ctx->log, "csv", "%s:%u:%u: %s row '%s': %s",
			 inv->inv->files.items[row->file].path, row->line, row->column,
			 row_state_name(row->state), row->path, row->reason);
	}
	vec_each(file, &inv->inv->files)
	{
		if (file->read)
			continue;
		count++;
		log_warn(&ctx->log, "csv", "%s: %s", file->path, file->error);
	}
	return count;
}
