/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

int cmd_list(const struct cmd *cmd)
{
	struct nvc_request *request = NULL;
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status;
	int rc = cmd_request(cmd, cmd->opts->select ? "none" : "all", &request);

	if (rc == 0)
		rc = nvc_inventory_new(cmd->ctx, request, &inv);
	if (rc == 0)
		rc = nvc_plan_new(cmd->ctx, inv, request, &plan);
	if (rc < 0)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = cmd_show(cmd, inv, request, plan,
				  cmd->opts->json ? NVC_LIST_JSON : NVC_LIST_TEXT);
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
