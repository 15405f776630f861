/* SPDX-License-Identifier: Apache-2.0 */
#include "model/driver.h"

#include <stdlib.h>

void gpu_done(struct gpu *gpu)
{
	free(gpu->uuid);
	free(gpu->busid);
	free(gpu->model);
	free(gpu->brand);
	free(gpu->compute);
	free(gpu->source);
	*gpu = (struct gpu){.minor = -1};
}

void driver_done(struct driver *driver)
{
	fact_done(&driver->version);
	fact_done(&driver->on_disk);
	fact_done(&driver->cuda);
	free(driver->slow);
	free(driver->params);
	free(driver->version_text);
	free(driver->registry);
	vec_each(gpu, &driver->gpus) gpu_done(gpu);
	vec_done(&driver->gpus);
	vec_each(mig, &driver->migs) free(mig->uuid);
	vec_done(&driver->migs);
	vec_each(part, &driver->parts)
	{
		free(part->name);
		free(part->why);
	}
	vec_done(&driver->parts);
	vec_each(lack, &driver->lacks)
	{
		free(lack->name);
		free(lack->reason);
	}
	vec_done(&driver->lacks);
	*driver = (struct driver){0};
}

const char *gpu_kind_name(enum gpu_kind kind)
{
	return kind == GPU_INTEGRATED ? "integrated" : "discrete";
}

const char *part_kind_name(enum part_kind kind)
{
	static const char *const names[] = {
		"file",    "ipc",      "control", "uvm",        "modeset",
		"gpu",     "gpu-proc", "mig",     "mig-config", "mig-monitor",
		"channel", "nvswitch", "gds",     "mofed",      "gdrcopy",
	};

	return names[kind];
}
