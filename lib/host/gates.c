/* SPDX-License-Identifier: Apache-2.0 */
/* host_find_gates(): nodes of other drivers that work with GPUs, each opened by a wish of its own.
 */
#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "host/devnodes.h"
#include "host/miggates.h"
#include "host/proctext.h"

static const struct gate {
	unsigned bit;
	enum part_kind kind;
	const char *name;
	const char *dir;
	const char *prefix; /* of the nodes' names; digits follow */
	enum devnodes_class class;
	const char *more; /* node of the same class and minor, or NULL */
	int more_minor;
} gates[] = {
	{HOST_GATE_NVSWITCH, PART_NVSWITCH, "nvswitch", "/dev", "nvidia-nvswitch",
	 DEVNODES_NVSWITCH, "/dev/nvidia-nvswitchctl", 255},
	{HOST_GATE_GDS, PART_GDS, "gds", "/dev", "nvidia-fs", DEVNODES_GDS, NULL, 0},
	{HOST_GATE_MOFED, PART_MOFED, "mofed", "/dev/infiniband", "uverbs", DEVNODES_VERBS, NULL,
	 0},
	{HOST_GATE_GDRCOPY, PART_GDRCOPY, "gdrcopy", NULL, NULL, DEVNODES_GDRCOPY, "/dev/gdrdrv",
	 DEVNODES_ANY},
};

static bool gate_has(const struct gate *gate, const char *name)
{
	const char *digits = name + strlen(gate->prefix);

	return digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits);
}

/* Nodes by number. */
static int gate_add_numbered(struct devnodes *nodes, const struct gate *gate, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	int rc = gate->dir == NULL ? 0
				   : proctext_list(nodes->host, ROOT_DRIVER, gate->dir,
						   gate->prefix, &names, err);

	for (size_t i = 0; i < names.n && rc >= 0; i++) {
		auto_free char *path = NULL;

		if (!gate_has(gate, names.items[i]))
			continue;
		path = str_format("%s/%s", gate->dir, names.items[i]);
		rc = path == NULL ? err_nomem(err)
				  : devnodes_add_node(nodes, path, gate->class, DEVNODES_ANY, err);
	}
	return rc < 0 ? rc : 0;
}

/* What is no node of the gate's own, and of use with one only. */
static int gate_add_company(struct devnodes *nodes, const struct gate *gate, struct err *err)
{
	int rc = 0;

	if (gate->kind == PART_MOFED)
		return devnodes_add_misc(nodes, "/dev/infiniband/rdma_cm", "rdma_cm", err);
	if (gate->kind == PART_GDS)
		rc = devnodes_add_object(nodes, ROOT_DRIVER, "/run/udev", ITEM_DIR, err);
	if (gate->kind == PART_GDS && rc >= 0)
		rc = devnodes_add_object(nodes, ROOT_DRIVER, "/etc/cufile.json", ITEM_FILE, err);
	return rc;
}

static int gate_add(struct devnodes *nodes, const struct gate *gate, struct err *err)
{
	struct part part = devnodes_begin(nodes, gate->kind);
	int rc = 0;

	if (gate->more != NULL)
		rc = devnodes_add_node(nodes, gate->more, gate->class, gate->more_minor, err);
	if (rc >= 0)
		rc = gate_add_numbered(nodes, gate, err);
	if (rc >= 0 && (nodes->inv->items.n > part.first_item || gate->kind == PART_MOFED))
		rc = gate_add_company(nodes, gate, err);
	return rc < 0 ? rc : devnodes_end(nodes, &part, gate->name, "/dev", err);
}

int host_find_gates(const struct host *host, unsigned wanted, struct inventory *inv,
		    struct err *err)
{
	auto_done(devnodes) struct devnodes nodes = {.host = host};
	int rc = wanted == 0 ? 0 : devnodes_open(&nodes, host, inv, err);

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]) && rc >= 0; i++) {
		if ((wanted & gates[i].bit) != 0)
			rc = gate_add(&nodes, &gates[i], err);
	}
	if (rc >= 0 && (wanted & HOST_GATE_MIG) != 0)
		rc = miggates_add(&nodes, err);
	return rc < 0 ? rc : 0;
}
