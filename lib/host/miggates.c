/* SPDX-License-Identifier: Apache-2.0 */
#include "host/miggates.h"

#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "host/migcaps.h"
#include "host/proctext.h"

/* The node of a capability, or what will be one. */
static int add_cap(struct devnodes *nodes, unsigned minor, struct err *err)
{
	auto_free char *path = str_format(MIGCAPS_NODES "%u", minor);
	int rc = path == NULL ? err_nomem(err)
			      : devnodes_add_node(nodes, path, DEVNODES_CAPS, (int)minor, err);

	return rc != 0 || nodes->refused
		       ? rc
		       : devnodes_add_later(nodes, path, DEVNODES_CAPS, minor, err);
}

/* All that the list has of a GPU. */
static int add_caps(struct devnodes *nodes, const struct gpu *gpu, const char *text, size_t len,
		    struct err *err)
{
	struct procdriver_cap cap;
	unsigned n = 0;

	while (text != NULL && procdriver_next_cap(&text, &len, &cap)) {
		int rc;

		if ((cap.kind != CAP_GI && cap.kind != CAP_CI) || cap.gpu != (unsigned)gpu->minor)
			continue;
		if (n++ >= MIGGATES_MAX_NODES) {
			log_warn(nodes->host->log, "host",
				 "'%s' has more than %u capabilities of GPU %u: the others are not "
				 "used",
				 MIGCAPS_MINORS, MIGGATES_MAX_NODES, gpu->index);
			return 0;
		}
		rc = add_cap(nodes, cap.minor, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_gpu(struct devnodes *nodes, size_t index, const char *text, size_t len,
		   struct err *err)
{
	const struct gpu *gpu = &nodes->inv->driver.gpus.items[index];
	auto_free char *dir = str_format(PROCDRIVER_CAP_FILES "/gpu%d", gpu->minor);
	auto_free char *name = str_format("mig of GPU %u", gpu->index);
	struct part part = devnodes_begin(nodes, PART_MIG_CONFIG);
	unsigned major;
	int rc;

	if (dir == NULL || name == NULL)
		return err_nomem(err);
	part.gpu = index;
	rc = devnodes_add_object(nodes, ROOT_MACHINE, dir, ITEM_DIR, err);
	/* without nodes the files grant */
	if (rc > 0 && devnodes_major(nodes, DEVNODES_CAPS, &major))
		rc = add_caps(nodes, gpu, text, len, err);
	return rc < 0 ? rc : devnodes_end(nodes, &part, name, PROCDRIVER_CAP_FILES, err);
}

int miggates_add(struct devnodes *nodes, struct err *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int rc =
		proctext_read(nodes->host, MIGCAPS_MINORS, PROCDRIVER_MAX_MINORS, &text, &len, err);

	for (size_t i = 0; i < nodes->inv->driver.gpus.n && rc >= 0; i++) {
		if (nodes->inv->driver.gpus.items[i].minor >= 0)
			rc = add_gpu(nodes, i, text, len, err);
	}
	return rc < 0 ? rc : 0;
}
