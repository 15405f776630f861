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
static struct standin_gpu *gpu_of(void *handle)
{
	uintptr_t from = (uintptr_t)standin.gpus;
	uintptr_t at = (uintptr_t)handle;

	return at >= from && at < from + sizeof(standin.gpus) ? handle : NULL;
}

static struct standin_mig *mig_of(void *handle)
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
	BEGIN("nvmlDeviceGetMinorNumber");
	if (gpu_of(gpu) == NULL || gpu_of(gpu)->minor[0] == '\0')
		return NOT_SUPPORTED;
	*ret = (unsigned)strtoul(gpu_of(gpu)->minor, NULL, 10);
	return 0;
}

static int impl_nvmlDeviceGetUUID(void *device, char *ret, unsigned size)
{
	BEGIN("nvmlDeviceGetUUID");
	return copy(gpu_of(device) != NULL ? gpu_of(device)->uuid : mig_of(device)->uuid, ret,
		    size);
}

static int pci_info(void *gpu, void *ret)
{
	struct pci pci = {.device_id = 0x233510de};

	if (gpu_of(gpu) == NULL ||
	    sscanf(gpu_of(gpu)->busid, "%x:%x:%x", &pci.domain, &pci.bus, &pci.device) != 3)
		return NOT_SUPPORTED;
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
	BEGIN("nvmlDeviceGetName");
	return gpu_of(gpu) == NULL ? NOT_SUPPORTED : copy(gpu_of(gpu)->name, ret, size);
}

static int impl_nvmlDeviceGetBrand(void *gpu, int *ret)
{
	BEGIN("nvmlDeviceGetBrand");
	if (gpu_of(gpu) == NULL || gpu_of(gpu)->brand[0] == '\0')
		return NOT_SUPPORTED;
	*ret = (int)strtol(gpu_of(gpu)->brand, NULL, 10);
	return 0;
}

static int impl_nvmlDeviceGetCudaComputeCapability(void *gpu, int *ret_major, int *ret_minor)
{
	BEGIN("nvmlDeviceGetCudaComputeCapability");
	if (gpu_of(gpu) == NULL || sscanf(gpu_of(gpu)->compute, "%d.%d", ret_major, ret_minor) != 2)
		return NOT_SUPPORTED;
	return 0;
}

static int impl_nvmlDeviceGetMigMode(void *gpu, unsigned *ret_now, unsigned *ret_later)
{
	BEGIN("nvmlDeviceGetMigMode");
	if (gpu_of(gpu) == NULL ||
	    (strcmp(gpu_of(gpu)->mig, "on") != 0 && strcmp(gpu_of(gpu)->mig, "off") != 0))
		return NOT_SUPPORTED;
	*ret_now = *ret_later = strcmp(gpu_of(gpu)->mig, "on") == 0;
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
	BEGIN("nvmlDeviceGetGpuInstanceId");
	if (mig_of(mig) == NULL)
		return NOT_SUPPORTED;
	*ret = mig_of(mig)->gi;
	return 0;
}

static int impl_nvmlDeviceGetComputeInstanceId(void *mig, unsigned *ret)
{
	BEGIN("nvmlDeviceGetComputeInstanceId");
	if (mig_of(mig) == NULL)
		return NOT_SUPPORTED;
	*ret = mig_of(mig)->ci;
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
