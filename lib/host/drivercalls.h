/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the driver child does that may take long, fail, or be missing: the functions of NVIDIA's two
 * libraries that it calls, and loading them. On the wire a number of this list stands for the name.
 */
#ifndef HOST_DRIVERCALLS_H
#define HOST_DRIVERCALLS_H

#define DRIVERCALLS(X)                                                                             \
	X(DRIVERCALLS_START, "the start of nvc-driver")                                            \
	X(DRIVERCALLS_LOAD_NVML, "loading libnvidia-ml.so.1")                                      \
	X(DRIVERCALLS_LOAD_CUDA, "loading libcuda.so.1")                                           \
	X(DRIVERCALLS_INIT_2, "nvmlInit_v2")                                                       \
	X(DRIVERCALLS_INIT, "nvmlInit")                                                            \
	X(DRIVERCALLS_ERROR_STRING, "nvmlErrorString")                                             \
	X(DRIVERCALLS_DRIVER_VERSION, "nvmlSystemGetDriverVersion")                                \
	X(DRIVERCALLS_CUDA_VERSION_2, "nvmlSystemGetCudaDriverVersion_v2")                         \
	X(DRIVERCALLS_CUDA_VERSION, "nvmlSystemGetCudaDriverVersion")                              \
	X(DRIVERCALLS_COUNT_2, "nvmlDeviceGetCount_v2")                                            \
	X(DRIVERCALLS_COUNT, "nvmlDeviceGetCount")                                                 \
	X(DRIVERCALLS_HANDLE_2, "nvmlDeviceGetHandleByIndex_v2")                                   \
	X(DRIVERCALLS_HANDLE, "nvmlDeviceGetHandleByIndex")                                        \
	X(DRIVERCALLS_MINOR, "nvmlDeviceGetMinorNumber")                                           \
	X(DRIVERCALLS_UUID, "nvmlDeviceGetUUID")                                                   \
	X(DRIVERCALLS_PCI_3, "nvmlDeviceGetPciInfo_v3")                                            \
	X(DRIVERCALLS_PCI_2, "nvmlDeviceGetPciInfo_v2")                                            \
	X(DRIVERCALLS_NAME, "nvmlDeviceGetName")                                                   \
	X(DRIVERCALLS_BRAND, "nvmlDeviceGetBrand")                                                 \
	X(DRIVERCALLS_COMPUTE, "nvmlDeviceGetCudaComputeCapability")                               \
	X(DRIVERCALLS_MIG_MODE, "nvmlDeviceGetMigMode")                                            \
	X(DRIVERCALLS_MIG_MOST, "nvmlDeviceGetMaxMigDeviceCount")                                  \
	X(DRIVERCALLS_MIG_HANDLE, "nvmlDeviceGetMigDeviceHandleByIndex")                           \
	X(DRIVERCALLS_MIG_GI, "nvmlDeviceGetGpuInstanceId")                                        \
	X(DRIVERCALLS_MIG_CI, "nvmlDeviceGetComputeInstanceId")                                    \
	X(DRIVERCALLS_CU_INIT, "cuInit")                                                           \
	X(DRIVERCALLS_CU_VERSION, "cuDriverGetVersion")                                            \
	X(DRIVERCALLS_CU_COUNT, "cuDeviceGetCount")                                                \
	X(DRIVERCALLS_CU_DEVICE, "cuDeviceGet")                                                    \
	X(DRIVERCALLS_CU_NAME, "cuDeviceGetName")                                                  \
	X(DRIVERCALLS_CU_UUID_2, "cuDeviceGetUuid_v2")                                             \
	X(DRIVERCALLS_CU_UUID, "cuDeviceGetUuid")                                                  \
	X(DRIVERCALLS_CU_ATTRIBUTE, "cuDeviceGetAttribute")

#define DRIVERCALLS_AS_ENUM(number, name) number,

enum drivercalls_number { DRIVERCALLS(DRIVERCALLS_AS_ENUM) DRIVERCALLS_N };

/** The name for people, and of the symbol; "?" for a number that is none. */
const char *drivercalls_name(unsigned number);

#endif
