/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are those that CUDA promises to keep: NVIDIA, "CUDA Driver API", and cuda.h. */
#include "cuda.h"

#include <stdio.h>
#include <string.h>

#include "host/drivercalls.h"

#define CUDA_OK            0
#define CUDA_NO_DEVICE     100
#define CUDA_BUS           33
#define CUDA_SLOT          34
#define CUDA_DOMAIN        50
#define CUDA_COMPUTE_MAJOR 75
#define CUDA_COMPUTE_MINOR 76
#define CUDA_TEXT          256
#define CUDA_UUID          16

struct cuda {
	struct asking *asking;
	int (*device)(int *ret, int ordinal);
	int (*name)(char *ret, int size, int device);
	int (*uuid)(unsigned char *ret, int device);
	int (*attribute)(int *ret, int attribute, int device);
	unsigned uuid_call;
};

#define CALL(cuda, number, call) ASKING_CALL((cuda)->asking, number, call)

bool cuda_is_needed(const struct asking *asking)
{
	const proto_answer *answer = &asking->answer;

	if (answer->nvml != PROTO_LOADED || answer->cuda_version < 0)
		return true;
	for (u_int i = 0; i < answer->gpus.gpus_len; i++)
		if (asking->gpus[i].compute_major < 0)
			return true;
	return false;
}

static bool needs_devices(const struct asking *asking)
{
	bool needed = asking->answer.nvml != PROTO_LOADED;

	for (u_int i = 0; i < asking->answer.gpus.gpus_len; i++)
		needed = needed || asking->gpus[i].compute_major < 0;
	return needed;
}

/* -1 = not known */
static int get_attribute(const struct cuda *cuda, int which, int device)
{
	int value = -1;

	if (cuda->attribute == NULL ||
	    CALL(cuda, DRIVERCALLS_CU_ATTRIBUTE, cuda->attribute(&value, which, device)) != CUDA_OK)
		return -1;
	return value;
}

/* NVML's GPU at that place, or a new one where NVML did not count them. */
static proto_gpu *find(struct asking *asking, int domain, int bus, int slot)
{
	proto_gpu *gpu;

	for (u_int i = 0; i < asking->answer.gpus.gpus_len; i++) {
		gpu = &asking->gpus[i];
		if (domain >= 0 && gpu->domain == domain && (int)gpu->bus == bus &&
		    (int)gpu->device == slot)
			return asking->answer.nvml == PROTO_LOADED ? gpu : NULL;
	}
	if (asking->answer.nvml == PROTO_LOADED)
		return NULL;
	gpu = asking_add_gpu(asking);
	if (gpu != NULL && domain >= 0 && bus >= 0 && slot >= 0) {
		gpu->domain = domain;
		gpu->bus = (unsigned)bus;
		gpu->device = (unsigned)slot;
	}
	return gpu;
}

/* As NVML writes it. */
static void put_uuid(const unsigned char *bytes, char *ret, size_t size)
{
	size_t n = (size_t)snprintf(ret, size, "GPU");

	for (unsigned i = 0; i < CUDA_UUID; i++)
		n += (size_t)snprintf(ret + n, size - n, "%s%02x",
				      i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				      bytes[i]);
}

static void describe(const struct cuda *cuda, int device, proto_gpu *gpu)
{
	struct asking_gpu_text *texts = &cuda->asking->gpu_texts[gpu - cuda->asking->gpus];
	unsigned char uuid[CUDA_UUID] = {0};
	char text[CUDA_TEXT] = "";

	if (cuda->name != NULL &&
	    CALL(cuda, DRIVERCALLS_CU_NAME, cuda->name(text, CUDA_TEXT - 1, device)) == CUDA_OK) {
		text[CUDA_TEXT - 1] = '\0';
		asking_copy(texts->model, sizeof(texts->model), text);
	}
	if (cuda->uuid != NULL && CALL(cuda, cuda->uuid_call, cuda->uuid(uuid, device)) == CUDA_OK)
		put_uuid(uuid, texts->uuid, sizeof(texts->uuid));
}

static void ask_device(const struct cuda *cuda, int ordinal)
{
	int device = 0;
	int domain, bus, slot;
	proto_gpu *gpu;

	if (CALL(cuda, DRIVERCALLS_CU_DEVICE, cuda->device(&device, ordinal)) != CUDA_OK)
		return;
	domain = get_attribute(cuda, CUDA_DOMAIN, device);
	bus = get_attribute(cuda, CUDA_BUS, device);
	slot = get_attribute(cuda, CUDA_SLOT, device);
	gpu = find(cuda->asking, domain, bus, slot);
	if (gpu == NULL)
		return;
	if (gpu->compute_major < 0) {
		gpu->compute_major = get_attribute(cuda, CUDA_COMPUTE_MAJOR, device);
		gpu->compute_minor = get_attribute(cuda, CUDA_COMPUTE_MINOR, device);
	}
	if (cuda->asking->answer.nvml == PROTO_LOADED)
		return;
	gpu->index = (unsigned)ordinal;
	describe(cuda, device, gpu);
}

static void ask_devices(struct asking *asking, void *library)
{
	struct cuda cuda = {.asking = asking};
	int (*init)(unsigned) = asking_symbol(asking, library, DRIVERCALLS_CU_INIT);
	int (*count)(int *) = asking_symbol(asking, library, DRIVERCALLS_CU_COUNT);
	int n = 0;
	int code;

	cuda.device = asking_symbol(asking, library, DRIVERCALLS_CU_DEVICE);
	cuda.name = asking_symbol(asking, library, DRIVERCALLS_CU_NAME);
	cuda.attribute = asking_symbol(asking, library, DRIVERCALLS_CU_ATTRIBUTE);
	cuda.uuid = asking_either(asking, library, DRIVERCALLS_CU_UUID_2, DRIVERCALLS_CU_UUID,
				  &cuda.uuid_call);
	if (init == NULL || count == NULL || cuda.device == NULL)
		return;
	code = CALL(&cuda, DRIVERCALLS_CU_INIT, init(0));
	if (code != CUDA_OK && code != CUDA_NO_DEVICE) {
		if (asking->answer.nvml != PROTO_LOADED)
			asking_refuse(DRIVERCALLS_CU_INIT, code, "CUDA does not start");
		asking_fault(asking, DRIVERCALLS_CU_INIT, code, -1, "CUDA does not start");
	}
	if (code != CUDA_OK || CALL(&cuda, DRIVERCALLS_CU_COUNT, count(&n)) != CUDA_OK)
		return;
	for (int i = 0; i < n && i < PROTO_MAX_GPUS; i++)
		ask_device(&cuda, i);
}

void cuda_ask(struct asking *asking, void *library)
{
	int (*version)(int *) = asking_symbol(asking, library, DRIVERCALLS_CU_VERSION);
	int value = -1;

	if (asking->answer.cuda_version < 0 && version != NULL &&
	    ASKING_CALL(asking, DRIVERCALLS_CU_VERSION, version(&value)) == CUDA_OK)
		asking->answer.cuda_version = value;
	if (needs_devices(asking))
		ask_devices(asking, library);
}
