/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd.h"

int cmd_info(const struct cmd *cmd)
{
	struct nvc_request *request = NULL;
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status;
	int rc = cmd_request(cmd, "all", &request);

	/* everything is looked up, also lists that this machine's containers do not get */
	if (rc == 0)
		rc = nvc_inventory_new(cmd->ctx, NULL, &inv);
	/* no GPU is an answer here, not a failure: then there is no plan to show */
	if (rc == 0)
		rc = nvc_plan_new(cmd->ctx, inv, request, NULL, &plan);
	if (rc < 0 && (inv == NULL || rc != -ENODEV))
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = cmd_show(cmd, inv, request, plan,
				  cmd->opts->json ? NVC_INFO_JSON : NVC_INFO_TEXT);
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
