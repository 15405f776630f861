/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static int check_lists(const struct cmd *cmd, const struct nvc_inventory *inv)
{
	struct err err = {0};
	int found;

	cmd->out->findings = true;
	found = nvc_check_lists(cmd->ctx, inv);
	cmd->out->findings = false;
	if (found < 0)
		return out_context_error(cmd->out, cmd->ctx);
	if (out_text(cmd->out, "") != 0)
		return 1;
	if (found == 0)
		return 0;
	(void)err_set(&err, EINVAL, "csv check: %d %s refused or malformed", found,
		      found == 1 ? "row or list is" : "rows or lists are");
	return out_error(cmd->out, &err);
}

static int show_rows(const struct cmd *cmd, const struct nvc_inventory *inv)
{
	struct nvc_request *request = NULL;
	struct nvc_plan *plan = NULL;
	int status;
	int rc = cmd_request(cmd, "all", &request);

	/* without a plan (nothing found here) rows are shown with their state alone */
	if (rc == 0)
		rc = nvc_plan_new(cmd->ctx, inv, request, NULL, &plan);
	if (rc < 0 && rc != -ENODEV)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = cmd_show(cmd, inv, request, plan, NVC_ROWS_TEXT);
	nvc_plan_free(plan);
	nvc_request_free(request);
	return status;
}

int cmd_csv(const struct cmd *cmd)
{
	const char *what = cmd->opts->operands[0];
	struct nvc_inventory *inv = NULL;
	struct err err = {0};
	int status;

	if (strcmp(what, "check") != 0 && strcmp(what, "list") != 0) {
		(void)err_set(&err, EINVAL, "csv: unknown word '%.32s'", what);
		(void)err_hint(&err, "check or list");
		return out_error(cmd->out, &err);
	}
	cmd->out->quiet = true;
	if (nvc_inventory_new(cmd->ctx, NULL, &inv) < 0)
		return out_context_error(cmd->out, cmd->ctx);
	if (!nvc_inventory_has_lists(inv)) {
		(void)err_set(&err, ENOENT, "csv %s: there is no folder of lists '%s'", what,
			      nvc_setting(cmd->ctx,
					  "nvidia-container-runtime.modes.csv.mount-spec-path"));
		status = out_error(cmd->out, &err);
	} else if (strcmp(what, "check") == 0) {
		status = check_lists(cmd, inv);
	} else {
		status = show_rows(cmd, inv);
	}
	nvc_inventory_free(inv);
	return status;
}
