/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "cmd.h"

/* Words with commas between them; NULL when there are none, or without memory. */
static char *joined(const struct strv *words)
{
	struct strbuf text = {0};

	for (size_t i = 0; i < words->n; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "" : ",", words->items[i]);
	if (words->n > 0)
		return strbuf_take(&text);
	strbuf_done(&text);
	return NULL;
}

int cmd_request(const struct cmd *cmd, const char *devices, struct nvc_request **ret)
{
	auto_free char *ids = joined(&cmd->opts->devices);
	auto_free char *capabilities = joined(&cmd->opts->capabilities);
	struct nvc_request_args args = {
		.size = sizeof(args),
		.devices = ids == NULL ? devices : ids,
		.capabilities = capabilities,
		.requires = (const char *const *)cmd->opts->requires.items,
	};

	return nvc_request_from_args(cmd->ctx, &args, ret);
}

int cmd_show(const struct cmd *cmd, const struct nvc_inventory *inv,
	     const struct nvc_request *request, const struct nvc_plan *plan,
	     enum nvc_rendering rendering)
{
	auto_free char *text = NULL;

	if (nvc_render(cmd->ctx, inv, request, plan, rendering, &text) < 0)
		return out_context_error(cmd->out, cmd->ctx);
	return out_text(cmd->out, text);
}

int cmd_show_plan(const struct cmd *cmd, int rc, struct nvc_request *request,
		  enum nvc_rendering rendering)
{
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	int status;

	if (rc == 0)
		rc = nvc_inventory_new(cmd->ctx, request, &inv);
	if (rc == 0)
		rc = nvc_plan_new(cmd->ctx, inv, request, NULL, &plan);
	if (rc < 0)
		status = out_context_error(cmd->out, cmd->ctx);
	else
		status = cmd_show(cmd, inv, request, plan, rendering);
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	nvc_request_free(request);
	return status;
}
