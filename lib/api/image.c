/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/context.h"

int nvc_image_new(struct nvc_context *ctx, const struct nvc_container *container,
		  struct nvc_image **ret)
{
	struct nvc_image *image = calloc(1, sizeof(*image));

	(void)context_err(ctx);
	(void)container;
	if (image == NULL)
		return err_nomem(&ctx->err);
	*ret = image;
	return 0;
}

void nvc_image_free(struct nvc_image *image)
{
	if (image == NULL)
		return;
	image_done(&image->image);
	free(image);
}
