/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd.h"

static enum nvc_rendering rendering_of(const struct cmd *cmd)
{
	if (cmd->opts->json)
		return NVC_INFO_JSON;
	if (cmd->opts->csv)
		return NVC_INFO_CSV;
	return cmd->out->nvidia ? NVC_INFO_PLAIN : NVC_INFO_TEXT;
}

/* Whoever calls NVIDIA's program asks by its exit status if there is a GPU. */
static int check_gpu(const struct cmd *cmd, const struct nvc_inventory *inv)
{
	struct err err = {0};

	if (!cmd->out->nvidia || nvc_inventory_has_gpu(inv))
		return 0;
	cmd->out->fault = "initialization error";
	(void)err_set(&err, ENODEV, "no driver of NVIDIA's is loaded, and this is no Tegra");
	return out_error(cmd->out, &err);
}

/* Counts what of the lists containers get: no plan is an answer here, not a failure. */
static int find_plan(const struct cmd *cmd, const struct nvc_inventory *inv, struct nvc_plan **ret)
{
	struct nvc_request *request = NULL;
	int rc;

	if (!nvc_inventory_has_lists(inv))
		return 0;
	rc = cmd_request(cmd, "all", &request);
	if (rc == 0)
		rc = nvc_plan_new(cmd->ctx, inv, request, NULL, ret);
	nvc_request_free(request);
	return rc == -ENODEV ? 0 : rc;
}

int cmd_info(const struct cmd *cmd)
{
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status;
	int rc;

	cmd->out->fault = "detection error";
	rc = nvc_inventory_facts(cmd->ctx, &inv);
	if (rc == 0)
		rc = find_plan(cmd, inv, &plan);
	if (rc < 0)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = check_gpu(cmd, inv);
	if (rc == 0 && status == 0)
		status = cmd_show(cmd, inv, NULL, plan, rendering_of(cmd));
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	return status;
}
