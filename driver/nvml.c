/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and layouts are those that NVML promises to keep: NVIDIA, "NVML API Reference Guide", and
 * nvml.h of the CUDA toolkit.
 */
#include "nvml.h"

#include <string.h>

#include "host/drivercalls.h"

#define NVML_OK            0
#define NVML_NOT_SUPPORTED 3
#define NVML_NOT_FOUND     6
#define NVML_NO_FUNCTION   13
#define NVML_TEXT          256 /* larger than any text buffer of its functions: 96 */
#define NVML_MIG_ON        1
#define NVML_MOST_MIGS     64u /* of one GPU; there are 7 or 8 */

/* The three numbers lie at the same place in all versions of the struct, of at most 68 bytes. */
struct nvml_pci {
	char legacy_id[16];
	unsigned domain, bus, device;
	char rest[256];
};

typedef void *nvml_handle; /* opaque */

struct nvml {
	struct asking *asking;
	void *library;
	const char *(*words)(int code);
	/* of each device; NULL = missing */
	int (*handle)(unsigned index, nvml_handle *ret);
	int (*minor)(nvml_handle, unsigned *ret);
	int (*uuid)(nvml_handle, char *ret, unsigned size);
	int (*pci)(nvml_handle, struct nvml_pci *ret);
	int (*name)(nvml_handle, char *ret, unsigned size);
	int (*brand)(nvml_handle, int *ret);
	int (*compute)(nvml_handle, int *ret_major, int *ret_minor);
	int (*mig_mode)(nvml_handle, unsigned *ret_now, unsigned *ret_later);
	int (*mig_most)(nvml_handle, unsigned *ret);
	int (*mig_handle)(nvml_handle, unsigned index, nvml_handle *ret);
	int (*mig_gi)(nvml_handle, unsigned *ret);
	int (*mig_ci)(nvml_handle, unsigned *ret);
	unsigned handle_call, pci_call;
};

#define CALL(nvml, number, call) ASKING_CALL((nvml)->asking, number, call)

static const char *words_of(const struct nvml *nvml, int code)
{
	const char *text = NULL;

	if (nvml->words != NULL) {
		asking_begin(nvml->asking, DRIVERCALLS_ERROR_STRING);
		text = nvml->words(code);
		(void)asking_end(nvml->asking, DRIVERCALLS_ERROR_STRING, 0);
	}
	return text == NULL ? "an error" : text;
}

/* True for success; what this GPU, or this driver, does not have is no error: it stays so. */
static bool is_fine(const struct nvml *nvml, unsigned call, int gpu, int code)
{
	if (code != NVML_OK && code != NVML_NOT_SUPPORTED && code != NVML_NO_FUNCTION)
		asking_fault(nvml->asking, call, code, gpu, words_of(nvml, code));
	return code == NVML_OK;
}

static void look_up(struct nvml *nvml)
{
	struct asking *asking = nvml->asking;
	void *library = nvml->library;

	nvml->handle = asking_either(asking, library, DRIVERCALLS_HANDLE_2, DRIVERCALLS_HANDLE,
				     &nvml->handle_call);
	nvml->pci = asking_either(asking, library, DRIVERCALLS_PCI_3, DRIVERCALLS_PCI_2,
				  &nvml->pci_call);
	nvml->minor = asking_symbol(asking, library, DRIVERCALLS_MINOR);
	nvml->uuid = asking_symbol(asking, library, DRIVERCALLS_UUID);
	nvml->name = asking_symbol(asking, library, DRIVERCALLS_NAME);
	nvml->brand = asking_symbol(asking, library, DRIVERCALLS_BRAND);
	nvml->compute = asking_symbol(asking, library, DRIVERCALLS_COMPUTE);
	nvml->mig_mode = asking_symbol(asking, library, DRIVERCALLS_MIG_MODE);
	nvml->mig_most = asking_symbol(asking, library, DRIVERCALLS_MIG_MOST);
	nvml->mig_handle = asking_symbol(asking, library, DRIVERCALLS_MIG_HANDLE);
	nvml->mig_gi = asking_symbol(asking, library, DRIVERCALLS_MIG_GI);
	nvml->mig_ci = asking_symbol(asking, library, DRIVERCALLS_MIG_CI);
}

static void ask_uuid(const struct nvml *nvml, nvml_handle device, int gpu, char *ret, size_t size)
{
	char text[NVML_TEXT] = "";

	if (nvml->uuid == NULL ||
	    !is_fine(nvml, DRIVERCALLS_UUID, gpu,
		     CALL(nvml, DRIVERCALLS_UUID, nvml->uuid(device, text, sizeof(text) - 1))))
		return;
	text[sizeof(text) - 1] = '\0';
	asking_copy(ret, size, text);
}

static void ask_place(const struct nvml *nvml, nvml_handle device, proto_gpu *gpu)
{
	struct nvml_pci pci = {.domain = 0};
	unsigned minor = 0;
	int index = (int)gpu->index;

	if (nvml->minor != NULL &&
	    is_fine(nvml, DRIVERCALLS_MINOR, index,
		    CALL(nvml, DRIVERCALLS_MINOR, nvml->minor(device, &minor))))
		gpu->minor = (int)minor;
	if (nvml->pci == NULL || !is_fine(nvml, nvml->pci_call, index,
					  CALL(nvml, nvml->pci_call, nvml->pci(device, &pci))))
		return;
	gpu->domain = (int)pci.domain;
	gpu->bus = pci.bus;
	gpu->device = pci.device;
}

static void ask_kind(const struct nvml *nvml, nvml_handle device, proto_gpu *gpu)
{
	char *model = nvml->asking->gpu_texts[gpu - nvml->asking->gpus].model;
	char text[NVML_TEXT] = "";
	int index = (int)gpu->index;
	int brand = -1;
	int major = -1;
	int minor = -1;

	if (nvml->name != NULL &&
	    is_fine(nvml, DRIVERCALLS_NAME, index,
		    CALL(nvml, DRIVERCALLS_NAME, nvml->name(device, text, sizeof(text) - 1)))) {
		text[sizeof(text) - 1] = '\0';
		asking_copy(model, sizeof(nvml->asking->gpu_texts[0].model), text);
	}
	if (nvml->brand != NULL &&
	    is_fine(nvml, DRIVERCALLS_BRAND, index,
		    CALL(nvml, DRIVERCALLS_BRAND, nvml->brand(device, &brand))))
		gpu->brand = brand;
	if (nvml->compute != NULL &&
	    is_fine(nvml, DRIVERCALLS_COMPUTE, index,
		    CALL(nvml, DRIVERCALLS_COMPUTE, nvml->compute(device, &major, &minor)))) {
		gpu->compute_major = major;
		gpu->compute_minor = minor;
	}
}

static void ask_mig(const struct nvml *nvml, nvml_handle device, u_int gpu, unsigned index)
{
	struct asking *asking = nvml->asking;
	int parent = (int)asking->gpus[gpu].index;
	nvml_handle instance = NULL;
	unsigned gi = 0;
	unsigned ci = 0;
	proto_mig *mig;
	int code = CALL(nvml, DRIVERCALLS_MIG_HANDLE, nvml->mig_handle(device, index, &instance));

	if (code == NVML_NOT_FOUND || !is_fine(nvml, DRIVERCALLS_MIG_HANDLE, parent, code) ||
	    !is_fine(nvml, DRIVERCALLS_MIG_GI, parent,
		     CALL(nvml, DRIVERCALLS_MIG_GI, nvml->mig_gi(instance, &gi))) ||
	    !is_fine(nvml, DRIVERCALLS_MIG_CI, parent,
		     CALL(nvml, DRIVERCALLS_MIG_CI, nvml->mig_ci(instance, &ci))))
		return;
	mig = asking_add_mig(asking);
	if (mig == NULL)
		return;
	mig->gpu = gpu;
	mig->index = index;
	mig->gi = gi;
	mig->ci = ci;
	ask_uuid(nvml, instance, parent, mig->uuid, sizeof(asking->mig_uuids[0]));
}

static void ask_migs(const struct nvml *nvml, nvml_handle device, u_int gpu)
{
	proto_gpu *parent = &nvml->asking->gpus[gpu];
	int index = (int)parent->index;
	unsigned now = 0;
	unsigned later = 0;
	unsigned most = 0;

	if (nvml->mig_mode == NULL ||
	    !is_fine(nvml, DRIVERCALLS_MIG_MODE, index,
		     CALL(nvml, DRIVERCALLS_MIG_MODE, nvml->mig_mode(device, &now, &later))))
		return;
	parent->mig = now == NVML_MIG_ON;
	if (parent->mig == 0 || nvml->mig_most == NULL || nvml->mig_handle == NULL ||
	    nvml->mig_gi == NULL || nvml->mig_ci == NULL ||
	    !is_fine(nvml, DRIVERCALLS_MIG_MOST, index,
		     CALL(nvml, DRIVERCALLS_MIG_MOST, nvml->mig_most(device, &most))))
		return;
	for (unsigned i = 0; i < most && i < NVML_MOST_MIGS; i++)
		ask_mig(nvml, device, gpu, i);
}

static void ask_gpu(const struct nvml *nvml, unsigned index)
{
	struct asking *asking = nvml->asking;
	nvml_handle device = NULL;
	proto_gpu *gpu;

	if (!is_fine(nvml, nvml->handle_call, (int)index,
		     CALL(nvml, nvml->handle_call, nvml->handle(index, &device))))
		return;
	gpu = asking_add_gpu(asking);
	if (gpu == NULL)
		return;
	gpu->index = index;
	ask_place(nvml, device, gpu);
	ask_uuid(nvml, device, (int)index, gpu->uuid, sizeof(asking->gpu_texts[0].uuid));
	ask_kind(nvml, device, gpu);
	ask_migs(nvml, device, (u_int)(gpu - asking->gpus));
}

static void ask_versions(const struct nvml *nvml)
{
	struct asking *asking = nvml->asking;
	int (*driver)(char *, unsigned) =
		asking_symbol(asking, nvml->library, DRIVERCALLS_DRIVER_VERSION);
	unsigned call;
	int (*cuda)(int *) = asking_either(asking, nvml->library, DRIVERCALLS_CUDA_VERSION_2,
					   DRIVERCALLS_CUDA_VERSION, &call);
	char text[NVML_TEXT] = "";
	int version = -1;

	if (driver != NULL &&
	    is_fine(nvml, DRIVERCALLS_DRIVER_VERSION, -1,
		    CALL(nvml, DRIVERCALLS_DRIVER_VERSION, driver(text, sizeof(text) - 1)))) {
		text[sizeof(text) - 1] = '\0';
		asking_copy(asking->driver_version, sizeof(asking->driver_version), text);
	}
	if (cuda != NULL && is_fine(nvml, call, -1, CALL(nvml, call, cuda(&version))))
		asking->answer.cuda_version = version;
}

bool nvml_ask(struct asking *asking, void *library)
{
	struct nvml nvml = {.asking = asking, .library = library};
	unsigned init_call, count_call;
	unsigned n = 0;
	int (*init)(void) =
		asking_either(asking, library, DRIVERCALLS_INIT_2, DRIVERCALLS_INIT, &init_call);
	int (*count)(unsigned *) =
		asking_either(asking, library, DRIVERCALLS_COUNT_2, DRIVERCALLS_COUNT, &count_call);
	int code;

	if (init == NULL)
		return false;
	nvml.words = asking_symbol(asking, library, DRIVERCALLS_ERROR_STRING);
	code = CALL(&nvml, init_call, init());
	if (code != NVML_OK)
		asking_refuse(init_call, code, words_of(&nvml, code));
	ask_versions(&nvml);
	look_up(&nvml);
	if (count == NULL || nvml.handle == NULL)
		return true;
	code = CALL(&nvml, count_call, count(&n));
	if (code != NVML_OK)
		asking_refuse(count_call, code, words_of(&nvml, code));
	for (unsigned i = 0; i < n && i < PROTO_MAX_GPUS; i++)
		ask_gpu(&nvml, i);
	return true;
}
