/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's cache of a container: what the image's has, without what would hide the driver's
 * libraries, and with an entry for each of those.
 */
#ifndef APPLY_LDMERGE_H
#define APPLY_LDMERGE_H

#include <stddef.h>

#include "apply/job.h"
#include "apply/ldconf.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/image.h"

#define LDMERGE_MAX_LINK_BYTES (512u * 1024) /* of all their names: a record has its bounds */
#define LDMERGE_MAX_LINKS      1024u /* made for libraries of the image; more are named themselves */

struct ldmerge {
	char *data; /* the new file; owned; NULL = nothing to be written */
	size_t len;
	struct strv added; /* what its entries of ours name */
};

void ldmerge_done(struct ldmerge *merge);

/** Number of the operation's libraries that programs of the image could load. */
size_t ldmerge_fitting(const struct op *op, const struct image *image);

/* What it is made from; all borrowed. */
struct ldmerge_base {
	const struct image *image;
	const struct ldconf *conf;
	const char *cache; /* NULL = there is none */
	size_t len;
};

/** Where the image has no cache that can be read, its directories are scanned. */
int ldmerge_make(struct job *job, const struct op *op, const struct ldmerge_base *base,
		 struct ldmerge *ret, struct err *err);

#endif
