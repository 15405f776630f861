/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with NVIDIA's driver as the tests of render/ want it, made by hand: GPU 0 has a node,
 * GPU 1 a MIG device, and one of each kind of part. Include behind cmocka.h.
 */
#ifndef TESTS_DRIVERCASE_H
#define TESTS_DRIVERCASE_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "model/inventory.h"
#include "model/plan.h"

static inline char *drivercase_text(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	assert_true(text == NULL || copy != NULL);
	return copy;
}

static inline void drivercase_gpu(struct inventory *inv, unsigned index, const char *uuid,
				  const char *busid)
{
	struct gpu *gpu = vec_add(&inv->driver.gpus);

	assert_non_null(gpu);
	*gpu = (struct gpu){.kind = GPU_DISCRETE,
			    .index = index,
			    .minor = (int)index,
			    .uuid = drivercase_text(uuid),
			    .busid = drivercase_text(busid),
			    .model = drivercase_text("NVIDIA Stub H100"),
			    .brand = drivercase_text("Nvidia"),
			    .compute = drivercase_text("9.0"),
			    .mig_capable = true,
			    .mig = index == 1,
			    .source = drivercase_text("NVML")};
}

/* A part of kind, with one item and one operation for it; returns the operation. */
static inline struct op *drivercase_part(struct inventory *inv, struct plan *plan,
					 struct part wanted, const char *path)
{
	struct part *part = vec_add(&inv->driver.parts);
	struct item *item = vec_add(&inv->items);
	struct op *op = vec_add(&plan->ops);

	assert_true(part != NULL && item != NULL && op != NULL);
	*part = wanted;
	part->name = drivercase_text(wanted.name);
	part->why = drivercase_text("ld.so.cache");
	part->first_item = inv->items.n - 1;
	part->n_items = 1;
	*item = (struct item){.source = drivercase_text(path), .target = drivercase_text(path)};
	*op = (struct op){.kind = OP_BIND,
			  .root = ROOT_DRIVER,
			  .source = drivercase_text(path),
			  .target = drivercase_text(path),
			  .row = NO_ROW,
			  .part = inv->driver.parts.n - 1};
	return op;
}

static inline void drivercase_node(struct inventory *inv, struct plan *plan, struct part wanted,
				   const char *path, dev_t rdev)
{
	struct op *op = drivercase_part(inv, plan, wanted, path);

	op->kind = OP_DEVICE;
	op->rdev = rdev;
	op->mode = 0666;
	inv->items.items[inv->items.n - 1].kind = ITEM_DEVICE;
	inv->items.items[inv->items.n - 1].rdev = rdev;
	inv->items.items[inv->items.n - 1].mode = S_IFCHR | 0666;
}

/* Files and sockets, in an order that is not that of lists. */
static inline void drivercase_files(struct inventory *inv, struct plan *plan)
{
	const struct part file = {.kind = PART_FILE, .gpu = NO_INDEX, .mig = NO_INDEX};
	struct part part = file;
	struct op *op;

	part.service = SERVICE_GSP_FIRMWARE;
	part.name = (char *)(uintptr_t) "gsp*.bin";
	(void)drivercase_part(inv, plan, part, "/lib/firmware/nvidia/550.54.15/gsp_ga10x.bin");
	part = file;
	part.kind = PART_IPC;
	part.caps = DRIVER_CAP_UTILITY;
	part.service = SERVICE_PERSISTENCED;
	part.name = (char *)(uintptr_t) "nvidia-persistenced/socket";
	op = drivercase_part(inv, plan, part, "/run/nvidia-persistenced/socket");
	op->flags = OP_SOCKET | OP_NOSUID;
	part = file;
	part.caps = DRIVER_CAP_COMPUTE | DRIVER_CAP_VIDEO;
	part.name = (char *)(uintptr_t) "libcuda.so";
	part.compat32 = true;
	(void)drivercase_part(inv, plan, part, "/usr/lib/i386-linux-gnu/libcuda.so.550.54.15");
	part.compat32 = false;
	op = drivercase_part(inv, plan, part, "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15");
	free(op->target);
	op->target = drivercase_text("/usr/lib64/libcuda.so.550.54.15");
	part.caps = DRIVER_CAP_UTILITY;
	part.name = (char *)(uintptr_t) "nvidia-smi";
	(void)drivercase_part(inv, plan, part, "/usr/bin/nvidia-smi");
	part.caps = DRIVER_CAP_GRAPHICS;
	part.name = (char *)(uintptr_t) "nvidia_icd.json";
	(void)drivercase_part(inv, plan, part, "/usr/share/vulkan/icd.d/nvidia_icd.json");
}

static inline void drivercase_nodes(struct inventory *inv, struct plan *plan)
{
	struct part part = {.kind = PART_CHANNEL, .gpu = NO_INDEX, .mig = NO_INDEX, .number = 7};

	drivercase_node(inv, plan, part, "/dev/nvidia-caps-imex-channels/channel7",
			makedev(240, 7));
	part = (struct part){.kind = PART_MIG, .gpu = 1, .mig = 0};
	drivercase_node(inv, plan, part, "/dev/nvidia-caps/nvidia-cap12", makedev(241, 12));
	part = (struct part){.kind = PART_GPU, .gpu = 0, .mig = NO_INDEX};
	drivercase_node(inv, plan, part, "/dev/nvidia0", makedev(195, 0));
	part = (struct part){.kind = PART_UVM, .gpu = NO_INDEX, .mig = NO_INDEX};
	drivercase_node(inv, plan, part, "/dev/nvidia-uvm", makedev(511, 0));
	part.kind = PART_CONTROL;
	drivercase_node(inv, plan, part, "/dev/nvidiactl", makedev(195, 255));
}

/* Fills both; ops are in an order that is not that of lists. */
static inline void drivercase_fill(struct inventory *inv, struct plan *plan)
{
	struct mig *mig;
	struct lack *lack;

	inv->driver.loaded = true;
	inv->driver.asked = true;
	assert_int_equal(fact_set(&inv->driver.version, "550.54.15", "/proc/driver/nvidia/version"),
			 0);
	assert_int_equal(fact_set(&inv->driver.cuda, "12.4", "NVML"), 0);
	drivercase_gpu(inv, 0, "GPU-00000000-1111-2222-3333-444444444444", "00000000:01:00.0");
	drivercase_gpu(inv, 1, "GPU-00000000-1111-2222-3333-555555555555", "00000000:41:00.0");
	mig = vec_add(&inv->driver.migs);
	lack = vec_add(&inv->driver.lacks);
	assert_true(mig != NULL && lack != NULL);
	*mig = (struct mig){
		.gpu = 1, .index = 0, .gi = 2, .ci = 0, .uuid = drivercase_text("MIG-0000")};
	*lack = (struct lack){.caps = DRIVER_CAP_NGX,
			      .name = drivercase_text("libnvidia-ngx.so"),
			      .reason = drivercase_text("not in ld.so.cache nor in 5 directories")};
	drivercase_files(inv, plan);
	drivercase_nodes(inv, plan);
}

#endif
