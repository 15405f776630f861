/* SPDX-License-Identifier: Apache-2.0 */
#include "render/listing.h"
#include "render/opwords.h"
#include "render/text.h"

/* What the driver has is shown where the machine has it, as NVIDIA's program does. */
static const char *path_of(const struct inventory *inv, const struct op *op)
{
	return op->source != NULL && opwords_part(inv, op) != NULL ? op->source : op->target;
}

void text_list(const struct inventory *inv, const struct plan *plan, unsigned select,
	       struct strbuf *out)
{
	for (unsigned c = 0; c < LISTING_CLASSES; c++) {
		if (!listing_is_selected((enum listing_class)c, select))
			continue;
		vec_each(op, &plan->ops)
		{
			if (listing_class_of(inv, op) != (enum listing_class)c)
				continue;
			opwords_show(out, path_of(inv, op));
			strbuf_addc(out, '\n');
		}
	}
}
