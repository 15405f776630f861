/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

int cmd_list(const struct cmd *cmd)
{
	struct nvc_request *request = NULL;
	int rc = cmd_request(cmd, cmd->opts->select ? "none" : "all", &request);

	return cmd_show_plan(cmd, rc, request, cmd->opts->json ? NVC_LIST_JSON : NVC_LIST_TEXT);
}
