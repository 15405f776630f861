/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "cmd.h"

int cmd_show(const struct cmd *cmd, const struct nvc_inventory *inv,
	     const struct nvc_request *request, const struct nvc_plan *plan,
	     enum nvc_rendering rendering)
{
	auto_free char *text = NULL;

	if (nvc_render(cmd->ctx, inv, request, plan, rendering, &text) < 0)
		return out_context_error(cmd->out, cmd->ctx);
	return out_text(cmd->out, text);
}

int cmd_find_plan(const struct cmd *cmd, const struct nvc_request *request,
		  const struct nvc_container *container, struct nvc_inventory **ret_inv,
		  struct nvc_plan **ret_plan)
{
	struct nvc_image *image = NULL;
	int rc;

	cmd->out->fault = "detection error";
	rc = nvc_inventory_new(cmd->ctx, request, ret_inv);
	if (rc == 0 && container != NULL) {
		cmd->out->fault = "container error";
		rc = nvc_image_new(cmd->ctx, container, &image);
	}
	if (rc == 0) {
		rc = nvc_plan_new(cmd->ctx, *ret_inv, request, image, ret_plan);
		cmd->out->fault = rc == -ENODEV ? "device error" : "requirement error";
	}
	nvc_image_free(image);
	return rc;
}
