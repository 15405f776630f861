/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in of libcuda.so.1. Numbers: cuda.h of the CUDA toolkit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define INVALID_VALUE  1
#define INVALID_DEVICE 101
#define NOT_SUPPORTED  801

#define BUS           33
#define DEVICE        34
#define DOMAIN        50
#define COMPUTE_MAJOR 75
#define COMPUTE_MINOR 76

#define BEGIN(name)                                                                                \
	int code = standin_call(name);                                                             \
	if (code != 0)                                                                             \
	return code

static int impl_cuInit(unsigned flags)
{
	BEGIN("cuInit");
	return flags == 0 ? 0 : INVALID_VALUE;
}

static int impl_cuDriverGetVersion(int *ret)
{
	unsigned version[2];

	BEGIN("cuDriverGetVersion");
	if (!standin_numbers(standin.cuda, 10, version, 2))
		return NOT_SUPPORTED;
	*ret = (int)(version[0] * 1000 + version[1] * 10);
	return 0;
}

static int impl_cuDeviceGetCount(int *ret)
{
	BEGIN("cuDeviceGetCount");
	*ret = (int)standin.n_gpus;
	return 0;
}

/* CUDA counts the fastest first: here backwards, so that a mistaken order shows. */
static struct standin_gpu *gpu_of(int device)
{
	return device < 0 || (size_t)device >= standin.n_gpus
		       ? NULL
		       : &standin.gpus[standin.n_gpus - 1 - (size_t)device];
}

static int impl_cuDeviceGet(int *ret, int ordinal)
{
	BEGIN("cuDeviceGet");
	*ret = ordinal;
	return gpu_of(ordinal) == NULL ? INVALID_DEVICE : 0;
}

static int impl_cuDeviceGetName(char *ret, int size, int device)
{
	BEGIN("cuDeviceGetName");
	if (gpu_of(device) == NULL)
		return INVALID_DEVICE;
	(void)snprintf(ret, (size_t)size, "%s", gpu_of(device)->name);
	return 0;
}

static int impl_cuDeviceGetPCIBusId(char *ret, int size, int device)
{
	BEGIN("cuDeviceGetPCIBusId");
	if (gpu_of(device) == NULL)
		return INVALID_DEVICE;
	(void)snprintf(ret, (size_t)size, "%s", gpu_of(device)->busid);
	return 0;
}

static int impl_cuDeviceGetAttribute(int *ret, int attribute, int device)
{
	const struct standin_gpu *gpu = gpu_of(device);
	unsigned place[3] = {0};
	unsigned compute[2];

	BEGIN("cuDeviceGetAttribute");
	if (gpu == NULL)
		return INVALID_DEVICE;
	(void)standin_numbers(gpu->busid, 16, place, 3);
	if (!standin_numbers(gpu->compute, 10, compute, 2))
		return NOT_SUPPORTED;
	switch (attribute) {
	case BUS:
		*ret = (int)place[1];
		return 0;
	case DEVICE:
		*ret = (int)place[2];
		return 0;
	case DOMAIN:
		*ret = (int)place[0];
		return 0;
	case COMPUTE_MAJOR:
		*ret = (int)compute[0];
		return 0;
	case COMPUTE_MINOR:
		*ret = (int)compute[1];
		return 0;
	default:
		*ret = 0;
		return 0;
	}
}

static int impl_cuDeviceGetUuid(unsigned char ret[16], int device)
{
	const struct standin_gpu *gpu = gpu_of(device);
	const char *text = gpu == NULL ? "" : gpu->uuid;
	size_t n = 0;

	BEGIN("cuDeviceGetUuid");
	if (strncmp(text, "GPU-", 4) == 0)
		text += 4;
	while (n < 16 && text[0] != '\0' && text[1] != '\0') {
		char digits[3] = {text[0], text[1], '\0'};

		if (text[0] == '-') {
			text++;
			continue;
		}
		ret[n++] = (unsigned char)strtoul(digits, NULL, 16);
		text += 2;
	}
	return n == 16 ? 0 : NOT_SUPPORTED;
}

STANDIN_EXPORT(cuInit);
STANDIN_EXPORT(cuDriverGetVersion);
STANDIN_EXPORT(cuDeviceGetCount);
STANDIN_EXPORT(cuDeviceGet);
STANDIN_EXPORT(cuDeviceGetName);
STANDIN_EXPORT(cuDeviceGetPCIBusId);
STANDIN_EXPORT(cuDeviceGetAttribute);
STANDIN_EXPORT(cuDeviceGetUuid);
