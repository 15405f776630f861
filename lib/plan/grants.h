/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which GPUs and MIG devices of the machine a request is given, and with that whose files: those of
 * the integrated GPU's mount lists, those of NVIDIA's own driver, or both. Pure.
 */
#ifndef PLAN_GRANTS_H
#define PLAN_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "model/driver.h"
#include "model/inventory.h"
#include "model/request.h"

struct grants {
	const struct inventory *inv;   /* borrowed */
	const struct request *request; /* borrowed */
	bool nodes;                    /* device nodes at all: false with "none" */
	bool rows;                     /* the rows of mount lists count */
	bool files;                    /* the driver's own files count */
	bool lists_gpu; /* the integrated GPU of a machine whose driver tells of none */
	bool *gpus;     /* one for each of driver.gpus; owned */
	bool *whole;    /* likewise: not for one of its MIG devices alone; owned */
	bool *migs;     /* one for each of driver.migs; owned */
};

/** True if the machine has a GPU, or a part of a driver that needs none for this request. */
bool grants_possible(const struct inventory *inv, const struct request *request);
/** -ENODEV names the word that is of no device here, or of more than one, and those that exist.
 *  grants must be done in any case. */
int grants_find(struct grants *grants, const struct inventory *inv, const struct request *request,
		struct err *err);
void grants_done(struct grants *grants);

/** True if nothing but the integrated GPU of mount lists is on this machine. */
bool grants_only_lists(const struct inventory *inv);
/** True if the UUID of a discrete GPU is not known (yet). */
bool grants_lacks_uuids(const struct driver *driver);
/** True if the minor of a discrete GPU, and with it its node, is not known (yet). */
bool grants_lacks_minors(const struct driver *driver);
/** Number of GPUs that are granted, the one of the lists too. */
size_t grants_count(const struct grants *grants);
/** True if one of the granted is of that kind. */
bool grants_has(const struct grants *grants, enum gpu_kind kind);
/** True if a row of the lists may bring the node: not the node of a GPU that is not granted. */
bool grants_row_node(const struct grants *grants, dev_t rdev);
/** True if the request selects the part. */
bool grants_part(const struct grants *grants, const struct part *part);

/** True if only the driver's library can tell which device the word means. */
bool grants_needs_driver(const struct inventory *inv, const char *word);

#endif
