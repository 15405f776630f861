/* SPDX-License-Identifier: Apache-2.0 */
#include "api/context.h"
#include "apply/kmods.h"

int context_wants_modules(struct nvc_context *ctx, unsigned flags)
{
	int rc;

	if (!ctx->settings->load_kmods && (flags & NVC_LOAD_ALWAYS) == 0)
		return 0;
	rc = context_open_host(ctx);
	return rc < 0 ? rc : kmods_are_missing(&ctx->host);
}

int nvc_load_modules(struct nvc_context *ctx, unsigned flags)
{
	bool channel = !ctx->settings->no_channel_making && (flags & NVC_LOAD_NO_CHANNELS) == 0;
	int rc;

	(void)context_err(ctx);
	rc = context_wants_modules(ctx, flags);
	return rc <= 0 ? rc : kmods_load(&ctx->host, channel, &ctx->err);
}
