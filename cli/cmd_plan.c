/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd.h"

static int find_request(const struct cmd *cmd, struct nvc_request **ret)
{
	cmd->out->fault = "input error";
	if (cmd->opts->bundle != NULL)
		return nvc_request_from_bundle(cmd->ctx, cmd->opts->bundle, ret);
	if (cmd->opts->request != NULL)
		return nvc_request_from_text(cmd->ctx, cmd->opts->request, ret);
	return cmd_request(cmd, "all", ret);
}

static bool wishes_given(const struct opts *opts)
{
	return opts->devices.n + opts->requires.n + opts->capabilities.n + opts->channels.n > 0 ||
	       opts->mig_config != NULL || opts->mig_monitor != NULL || opts->cuda_compat != NULL ||
	       opts->no_persistenced || opts->no_fabricmanager || opts->no_gsp_firmware;
}

static int check_usage(const struct cmd *cmd)
{
	const struct opts *opts = cmd->opts;
	struct err err = {0};
	int ways = (opts->bundle != NULL) + (opts->request != NULL) + wishes_given(opts);

	if (ways <= 1)
		return 0;
	(void)err_set(&err, EINVAL,
		      "plan: --bundle, --request, and options that make a request exclude each "
		      "other");
	return out_error(cmd->out, &err);
}

int cmd_plan(const struct cmd *cmd)
{
	const struct nvc_container folder = {
		.size = sizeof(folder),
		.rootfs = cmd->opts->rootfs,
	};
	struct nvc_request *request = NULL;
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status = check_usage(cmd);
	int rc;

	if (status != 0)
		return status;
	rc = find_request(cmd, &request);
	if (rc == 0)
		rc = cmd_find_plan(cmd, request, folder.rootfs == NULL ? NULL : &folder, &inv,
				   &plan);
	if (rc < 0)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = cmd_show(cmd, inv, request, plan,
				  cmd->opts->json ? NVC_PLAN_JSON : NVC_PLAN_TEXT);
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
