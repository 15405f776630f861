/* SPDX-License-Identifier: Apache-2.0 */
/* What NVIDIA's driver says of itself, in the form of NVIDIA's own program. */
#include "render/opwords.h"
#include "render/text.h"

#define LABEL_WIDTH 15
#define NOT_KNOWN   "N/A"

static const char *or_fact(const struct fact *fact, const struct fact *other)
{
	return fact->value != NULL ? fact->value : other->value;
}

/* A Tegra's GPU is told of by the board, not by a driver that counts GPUs. */
static const char *model_of(const struct inventory *inv, const struct gpu *gpu)
{
	if (gpu->model != NULL || gpu->kind != GPU_INTEGRATED)
		return gpu->model;
	return or_fact(&inv->platform.cuda_name, &inv->platform.board);
}

static const char *compute_of(const struct inventory *inv, const struct gpu *gpu)
{
	if (gpu->compute != NULL || gpu->kind != GPU_INTEGRATED)
		return gpu->compute;
	return inv->platform.compute.value;
}

static void add_value(struct strbuf *out, const char *value)
{
	opwords_show(out, value == NULL ? NOT_KNOWN : value);
}

static void add_line(struct strbuf *out, const char *label, const char *value)
{
	strbuf_addf(out, "%-*s ", LABEL_WIDTH, label);
	add_value(out, value);
	strbuf_addc(out, '\n');
}

static void add_minor(struct strbuf *out, const struct gpu *gpu)
{
	if (gpu->minor >= 0)
		strbuf_addf(out, "%d", gpu->minor);
	else
		strbuf_adds(out, NOT_KNOWN);
}

static void add_gpu(struct strbuf *out, const struct inventory *inv, const struct gpu *gpu)
{
	strbuf_addf(out, "\n%-*s %u\n%-*s ", LABEL_WIDTH, "Device Index:", gpu->index, LABEL_WIDTH,
		    "Device Minor:");
	add_minor(out, gpu);
	strbuf_addc(out, '\n');
	add_line(out, "Model:", model_of(inv, gpu));
	add_line(out, "Brand:", gpu->brand);
	add_line(out, "GPU UUID:", gpu->uuid);
	add_line(out, "Bus Location:", gpu->busid);
	add_line(out, "Architecture:", compute_of(inv, gpu));
}

static void add_migs(struct strbuf *out, const struct inventory *inv, size_t gpu)
{
	vec_each(mig, &inv->driver.migs)
	{
		if (mig->gpu != gpu)
			continue;
		strbuf_addf(out, "%-*s ", LABEL_WIDTH, "MIG Device:");
		if (mig->index >= 0)
			strbuf_addf(out, "%u:%d ", inv->driver.gpus.items[gpu].index, mig->index);
		if (mig->uuid != NULL) {
			opwords_show(out, mig->uuid);
			strbuf_addc(out, ' ');
		}
		strbuf_addf(out, "(GPU instance %u, compute instance %u)\n", mig->gi, mig->ci);
	}
}

void text_driver(const struct inventory *inv, bool migs, struct strbuf *out)
{
	const struct driver *driver = &inv->driver;

	add_line(out, "NVRM version:", or_fact(&driver->version, &inv->platform.driver));
	add_line(out, "CUDA version:", or_fact(&driver->cuda, &inv->platform.cuda));
	for (size_t i = 0; i < driver->gpus.n; i++) {
		add_gpu(out, inv, &driver->gpus.items[i]);
		if (migs)
			add_migs(out, inv, i);
	}
}

void text_driver_csv(const struct inventory *inv, struct strbuf *out)
{
	const struct driver *driver = &inv->driver;

	strbuf_adds(out, "NVRM version,CUDA version\n");
	add_value(out, or_fact(&driver->version, &inv->platform.driver));
	strbuf_addc(out, ',');
	add_value(out, or_fact(&driver->cuda, &inv->platform.cuda));
	strbuf_adds(out, "\n\nDevice Index,Device Minor,Model,Brand,GPU UUID,Bus Location,"
			 "Architecture\n");
	vec_each(gpu, &driver->gpus)
	{
		const char *const values[] = {model_of(inv, gpu), gpu->brand, gpu->uuid, gpu->busid,
					      compute_of(inv, gpu)};

		strbuf_addf(out, "%u,", gpu->index);
		add_minor(out, gpu);
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			strbuf_addc(out, ',');
			add_value(out, values[i]);
		}
		strbuf_addc(out, '\n');
	}
}
