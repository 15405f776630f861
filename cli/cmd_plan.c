/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd.h"

static int find_request(const struct cmd *cmd, struct nvc_request **ret)
{
	if (cmd->opts->bundle != NULL)
		return nvc_request_from_bundle(cmd->ctx, cmd->opts->bundle, ret);
	if (cmd->opts->request != NULL)
		return nvc_request_from_text(cmd->ctx, cmd->opts->request, ret);
	return cmd_request(cmd, "all", ret);
}

static int check_usage(const struct cmd *cmd)
{
	const struct opts *opts = cmd->opts;
	struct err err = {0};
	int ways = (opts->bundle != NULL) + (opts->request != NULL) +
		   (opts->devices.n + opts->requires.n > 0);

	if (ways <= 1)
		return 0;
	(void)err_set(&err, EINVAL,
		      "plan: --bundle, --request, and --device with --require exclude each other");
	return out_error(cmd->out, &err);
}

int cmd_plan(const struct cmd *cmd)
{
	struct nvc_request *request = NULL;
	int status = check_usage(cmd);
	int rc;

	if (status != 0)
		return status;
	rc = find_request(cmd, &request);
	return cmd_show_plan(cmd, rc, request, cmd->opts->json ? NVC_PLAN_JSON : NVC_PLAN_TEXT);
}
