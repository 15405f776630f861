/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/appprofile.h"

#include <inttypes.h>

#include "base/auto.h"
#include "base/str.h"

#define PROFILE_PATH "/etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf"
#define MASK_BITS    64

char *appprofile_text(uint64_t mask)
{
	return str_format("{\"profiles\":[{\"name\":\"_container_\",\"settings\":"
			  "[\"EGLVisibleDGPUDevices\",0x%" PRIx64 "]}],"
			  "\"rules\":[{\"pattern\":[],\"profile\":\"_container_\"}]}",
			  mask);
}

static int note_left_out(struct draft *draft, const struct gpu *gpu)
{
	if (gpu->minor < 0)
		return strv_addf(&draft->plan->notes,
				 "GPU %u is left out of the graphics profile: its minor is not "
				 "known",
				 gpu->index);
	return strv_addf(&draft->plan->notes,
			 "GPU %u is left out of the graphics profile: its minor %d is above 63",
			 gpu->index, gpu->minor);
}

static int find_mask(struct draft *draft, uint64_t *ret)
{
	const struct driver *driver = &draft->inv->driver;

	for (size_t g = 0; g < driver->gpus.n; g++) {
		const struct gpu *gpu = &driver->gpus.items[g];

		if (!draft->grants->gpus[g] || gpu->kind != GPU_DISCRETE)
			continue;
		if (gpu->minor >= 0 && gpu->minor < MASK_BITS)
			*ret |= (uint64_t)1 << gpu->minor;
		else if (note_left_out(draft, gpu) < 0)
			return -ENOMEM;
	}
	return 0;
}

int appprofile_add(struct draft *draft, struct err *err)
{
	struct draft_made made = {.path = PROFILE_PATH,
				  .flags = OP_RDONLY | OP_NOEXEC,
				  .mode = 0444,
				  .why = "GPUs of this container, for graphics"};
	auto_free char *text = NULL;
	uint64_t mask = 0;

	if (!draft->grants->files || !draft->inv->driver.loaded ||
	    (draft->request->caps & (DRIVER_CAP_GRAPHICS | DRIVER_CAP_DISPLAY)) == 0)
		return 0;
	if (find_mask(draft, &mask) < 0)
		return err_nomem(err);
	text = appprofile_text(mask);
	if (text == NULL)
		return err_nomem(err);
	made.content = text;
	return draft_add_made(draft, &made, err);
}
