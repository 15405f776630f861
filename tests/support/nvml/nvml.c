/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in of libnvidia-ml.so.1. Numbers and layouts: nvml.h of the CUDA toolkit. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define INVALID_ARGUMENT  2
#define NOT_SUPPORTED     3
#define NOT_FOUND         6
#define INSUFFICIENT_SIZE 7

struct pci {
	char bus_id_legacy[16];
	unsigned domain, bus, device, device_id, subsystem_id;
	char bus_id[32];
};

#define BEGIN(name)                                                                                \
	int code = standin_call(name);                                                             \
	if (code != 0)                                                                             \
	return code

static int copy(const char *text, char *ret, unsigned size)
{
	if (text[0] == '\0')
		return NOT_SUPPORTED;
	if (strlen(text) >= size)
		return INSUFFICIENT_SIZE;
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

/* A handle is an address in a table: of a GPU or of a MIG device. */
static const struct standin_gpu *gpu_of(const void *handle)
{
	uintptr_t from = (uintptr_t)standin.gpus;
	uintptr_t at = (uintptr_t)handle;

	return at >= from && at < from + sizeof(standin.gpus) ? handle : NULL;
}

static const struct standin_mig *mig_of(const void *handle)
{
	return gpu_of(handle) == NULL ? handle : NULL;
}

static int impl_nvmlInit_v2(void)
{
	BEGIN("nvmlInit_v2");
	return 0;
}

static int impl_nvmlInit(void)
{
	BEGIN("nvmlInit");
	return 0;
}

static const char *impl_nvmlErrorString(int code)
{
	(void)standin_call("nvmlErrorString");
	return code == 18 ? "Driver/library version mismatch" : "stand-in error";
}

static int impl_nvmlSystemGetDriverVersion(char *ret, unsigned size)
{
	BEGIN("nvmlSystemGetDriverVersion");
	return copy(standin.driver, ret, size);
}

static int cuda_version(int *ret)
{
	char *minor;

	if (standin.cuda[0] == '\0')
		return NOT_SUPPORTED;
	*ret = (int)strtol(standin.cuda, &minor, 10) * 1000;
	*ret += *minor == '.' ? (int)strtol(minor + 1, NULL, 10) * 10 : 0;
	return 0;
}

static int impl_nvmlSystemGetCudaDriverVersion_v2(int *ret)
{
	BEGIN("nvmlSystemGetCudaDriverVersion_v2");
	return cuda_version(ret);
}

static int impl_nvmlSystemGetCudaDriverVersion(int *ret)
{
	BEGIN("nvmlSystemGetCudaDriverVersion");
	return cuda_version(ret);
}

static int impl_nvmlDeviceGetCount_v2(unsigned *ret)
{
	BEGIN("nvmlDeviceGetCount_v2");
	*ret = (unsigned)standin.n_gpus;
	return 0;
}

static int impl_nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
	BEGIN("nvmlDeviceGetHandleByIndex_v2");
	if (index >= standin.n_gpus)
		return INVALID_ARGUMENT;
	*ret = &standin.gpus[index];
	return 0;
}

static int impl_nvmlDeviceGetMinorNumber(void *gpu, unsigned *ret)
{
	const struct standin_gpu *of = gpu_of(gpu);

	BEGIN("nvmlDeviceGetMinorNumber");
	if (of == NULL || of->minor[0] == '\0')
		return NOT_SUPPORTED;
	*ret = (unsigned)strtoul(of->minor, NULL, 10);
	return 0;
}

static int impl_nvmlDeviceGetUUID(void *device, char *ret, unsigned size)
{
	const struct standin_gpu *gpu = gpu_of(device);
	const struct standin_mig *mig = mig_of(device);

	BEGIN("nvmlDeviceGetUUID");
	return gpu == NULL && mig == NULL ? INVALID_ARGUMENT
					  : copy(gpu != NULL ? gpu->uuid : mig->uuid, ret, size);
}

static int pci_info(const void *handle, void *ret)
{
	const struct standin_gpu *gpu = gpu_of(handle);
	struct pci pci = {.device_id = 0x233510de};
	unsigned place[3];

	if (gpu == NULL || !standin_numbers(gpu->busid, 16, place, 3))
		return NOT_SUPPORTED;
	pci.domain = place[0];
	pci.bus = place[1];
	pci.device = place[2];
	(void)snprintf(pci.bus_id, sizeof(pci.bus_id), "%08X:%02X:%02X.0", pci.domain, pci.bus,
		       pci.device);
	memcpy(ret, &pci, sizeof(pci));
	return 0;
}

static int impl_nvmlDeviceGetPciInfo_v3(void *gpu, void *ret)
{
	BEGIN("nvmlDeviceGetPciInfo_v3");
	return pci_info(gpu, ret);
}

static int impl_nvmlDeviceGetPciInfo_v2(void *gpu, void *ret)
{
	BEGIN("nvmlDeviceGetPciInfo_v2");
	return pci_info(gpu, ret);
}

static int impl_nvmlDeviceGetName(void *gpu, char *ret, unsigned size)
{
	const struct standin_gpu *of = gpu_of(gpu);

	BEGIN("nvmlDeviceGetName");
	return of == NULL ? NOT_SUPPORTED : copy(of->name, ret, size);
}

static int impl_nvmlDeviceGetBrand(void *gpu, int *ret)
{
	const struct standin_gpu *of = gpu_of(gpu);

	BEGIN("nvmlDeviceGetBrand");
	if (of == NULL || of->brand[0] == '\0')
		return NOT_SUPPORTED;
	*ret = (int)strtol(of->brand, NULL, 10);
	return 0;
}

static int impl_nvmlDeviceGetCudaComputeCapability(void *gpu, int *ret_major, int *ret_minor)
{
	const struct standin_gpu *of = gpu_of(gpu);
	unsigned compute[2];

	BEGIN("nvmlDeviceGetCudaComputeCapability");
	if (of == NULL || !standin_numbers(of->compute, 10, compute, 2))
		return NOT_SUPPORTED;
	*ret_major = (int)compute[0];
	*ret_minor = (int)compute[1];
	return 0;
}

static int impl_nvmlDeviceGetMigMode(void *gpu, unsigned *ret_now, unsigned *ret_later)
{
	const struct standin_gpu *of = gpu_of(gpu);

	BEGIN("nvmlDeviceGetMigMode");
	if (of == NULL || (strcmp(of->mig, "on") != 0 && strcmp(of->mig, "off") != 0))
		return NOT_SUPPORTED;
	*ret_now = *ret_later = strcmp(of->mig, "on") == 0;
	return 0;
}

static int impl_nvmlDeviceGetMaxMigDeviceCount(void *gpu, unsigned *ret)
{
	BEGIN("nvmlDeviceGetMaxMigDeviceCount");
	*ret = gpu_of(gpu) == NULL ? 0 : 7;
	return 0;
}

static int impl_nvmlDeviceGetMigDeviceHandleByIndex(void *gpu, unsigned index, void **ret)
{
	BEGIN("nvmlDeviceGetMigDeviceHandleByIndex");
	for (size_t i = 0; i < standin.n_migs; i++) {
		struct standin_mig *mig = &standin.migs[i];

		if (&standin.gpus[mig->gpu] == gpu && mig->index == index) {
			*ret = mig;
			return 0;
		}
	}
	return NOT_FOUND;
}

static int impl_nvmlDeviceGetGpuInstanceId(void *mig, unsigned *ret)
{
	const struct standin_mig *of = mig_of(mig);

	BEGIN("nvmlDeviceGetGpuInstanceId");
	if (of == NULL)
		return NOT_SUPPORTED;
	*ret = of->gi;
	return 0;
}

static int impl_nvmlDeviceGetComputeInstanceId(void *mig, unsigned *ret)
{
	const struct standin_mig *of = mig_of(mig);

	BEGIN("nvmlDeviceGetComputeInstanceId");
	if (of == NULL)
		return NOT_SUPPORTED;
	*ret = of->ci;
	return 0;
}

STANDIN_EXPORT(nvmlInit_v2);
STANDIN_EXPORT(nvmlInit);
STANDIN_EXPORT(nvmlErrorString);
STANDIN_EXPORT(nvmlSystemGetDriverVersion);
STANDIN_EXPORT(nvmlSystemGetCudaDriverVersion_v2);
STANDIN_EXPORT(nvmlSystemGetCudaDriverVersion);
STANDIN_EXPORT(nvmlDeviceGetCount_v2);
STANDIN_EXPORT(nvmlDeviceGetHandleByIndex_v2);
STANDIN_EXPORT(nvmlDeviceGetMinorNumber);
STANDIN_EXPORT(nvmlDeviceGetUUID);
STANDIN_EXPORT(nvmlDeviceGetPciInfo_v3);
STANDIN_EXPORT(nvmlDeviceGetPciInfo_v2);
STANDIN_EXPORT(nvmlDeviceGetName);
STANDIN_EXPORT(nvmlDeviceGetBrand);
STANDIN_EXPORT(nvmlDeviceGetCudaComputeCapability);
STANDIN_EXPORT(nvmlDeviceGetMigMode);
STANDIN_EXPORT(nvmlDeviceGetMaxMigDeviceCount);
STANDIN_EXPORT(nvmlDeviceGetMigDeviceHandleByIndex);
STANDIN_EXPORT(nvmlDeviceGetGpuInstanceId);
STANDIN_EXPORT(nvmlDeviceGetComputeInstanceId);
