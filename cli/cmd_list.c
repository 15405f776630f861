/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/auto.h"
#include "cmd.h"

/* What was named; 0 = nothing, then everything is listed. A channel alone names nothing, as with
 * NVIDIA's program. */
static unsigned selected(const struct opts *opts)
{
	unsigned items = 0;

	if (opts->devices.n > 0)
		items |= NVC_LISTED_DEVICES;
	if (opts->libraries)
		items |= NVC_LISTED_LIBRARIES;
	if (opts->binaries)
		items |= NVC_LISTED_BINARIES;
	if (opts->ipcs)
		items |= NVC_LISTED_IPCS;
	if (opts->firmwares)
		items |= NVC_LISTED_FIRMWARES;
	if (opts->compat32)
		items |= NVC_LISTED_COMPAT32;
	if (opts->mig_config != NULL || opts->mig_monitor != NULL)
		items |= NVC_LISTED_MIG;
	return items;
}

static int show(const struct cmd *cmd, unsigned items, const struct nvc_inventory *inv,
		const struct nvc_plan *plan)
{
	auto_free char *text = NULL;

	if (cmd->opts->json)
		return cmd_show(cmd, inv, NULL, plan, NVC_LIST_JSON);
	if (nvc_render_list(cmd->ctx, inv, plan, items, &text) < 0)
		return out_context_error(cmd->out, cmd->ctx);
	return out_text(cmd->out, text);
}

int cmd_list(const struct cmd *cmd)
{
	unsigned items = selected(cmd->opts);
	struct nvc_request *request = NULL;
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status;
	int rc;

	cmd->out->fault = "input error";
	/* of a selection without --device the nodes are not shown */
	rc = cmd_request(cmd, "all", &request);
	if (rc == 0)
		rc = cmd_find_plan(cmd, request, NULL, &inv, &plan);
	status = rc < 0 ? out_context_error(cmd->out, cmd->ctx) : show(cmd, items, inv, plan);
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
