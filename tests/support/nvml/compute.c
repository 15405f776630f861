/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of libcuda.so.1 that computes: the one kernel of support/cuda-vector, on the processor.
 * Memory of the GPU is memory of the process at another address, so that one taken for the other
 * shows.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define INVALID_VALUE   1
#define OUT_OF_MEMORY   2
#define NO_CONTEXT      201
#define INVALID_PTX     218
#define NOT_FOUND       500
#define ILLEGAL_ADDRESS 700

#define FAR         0x700000000000ull /* added to an address: "memory of the GPU" */
#define MAX_BUFFERS 16

#define BEGIN(name)                                                                                \
	int code = standin_call(name);                                                             \
	if (code != 0)                                                                             \
	return code

struct buffer {
	unsigned char *data;
	size_t size;
};

static struct buffer buffers[MAX_BUFFERS];
static int context_of_gpu, module_of_ptx, kernel;
static void *current;

static struct buffer *buffer_at(uint64_t ptr, size_t size)
{
	for (size_t i = 0; i < MAX_BUFFERS; i++)
		if (buffers[i].data != NULL && (uintptr_t)buffers[i].data + FAR == ptr)
			return buffers[i].size >= size ? &buffers[i] : NULL;
	return NULL;
}

static int impl_cuGetErrorName(int error, const char **ret)
{
	*ret = error == INVALID_VALUE     ? "CUDA_ERROR_INVALID_VALUE"
	       : error == NOT_FOUND       ? "CUDA_ERROR_NOT_FOUND"
	       : error == INVALID_PTX     ? "CUDA_ERROR_INVALID_PTX"
	       : error == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
					  : "CUDA_ERROR_OF_THE_STAND_IN";
	return 0;
}

static int impl_cuGetErrorString(int error, const char **ret)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "error %d of the stand-in", error);
	*ret = text;
	return 0;
}

static int impl_cuDevicePrimaryCtxRetain(void **ret, int device)
{
	BEGIN("cuDevicePrimaryCtxRetain");
	*ret = &context_of_gpu;
	return device < 0 ? INVALID_VALUE : 0;
}

static int impl_cuDevicePrimaryCtxRelease(int device)
{
	BEGIN("cuDevicePrimaryCtxRelease");
	current = NULL;
	return device < 0 ? INVALID_VALUE : 0;
}

static int impl_cuCtxSetCurrent(void *context)
{
	BEGIN("cuCtxSetCurrent");
	current = context;
	return context == &context_of_gpu ? 0 : INVALID_VALUE;
}

static int impl_cuCtxSynchronize(void)
{
	BEGIN("cuCtxSynchronize");
	return current == NULL ? NO_CONTEXT : 0;
}

static int impl_cuModuleLoadData(void **ret, const void *image)
{
	BEGIN("cuModuleLoadData");
	if (current == NULL)
		return NO_CONTEXT;
	*ret = &module_of_ptx;
	return strncmp(image, ".version ", 9) == 0 && strstr(image, ".target sm_") != NULL
		       ? 0
		       : INVALID_PTX;
}

static int impl_cuModuleUnload(void *module)
{
	BEGIN("cuModuleUnload");
	return module == &module_of_ptx ? 0 : INVALID_VALUE;
}

static int impl_cuModuleGetFunction(void **ret, void *module, const char *name)
{
	BEGIN("cuModuleGetFunction");
	if (module != &module_of_ptx)
		return INVALID_VALUE;
	*ret = &kernel;
	return strcmp(name, "vector_add") == 0 ? 0 : NOT_FOUND;
}

static int impl_cuMemAlloc_v2(uint64_t *ret, size_t size)
{
	BEGIN("cuMemAlloc_v2");
	if (current == NULL)
		return NO_CONTEXT;
	for (size_t i = 0; i < MAX_BUFFERS; i++) {
		if (buffers[i].data != NULL)
			continue;
		buffers[i].data = malloc(size);
		buffers[i].size = size;
		*ret = (uintptr_t)buffers[i].data + FAR;
		return buffers[i].data == NULL ? OUT_OF_MEMORY : 0;
	}
	return OUT_OF_MEMORY;
}

static int impl_cuMemFree_v2(uint64_t ptr)
{
	struct buffer *buffer = buffer_at(ptr, 0);

	BEGIN("cuMemFree_v2");
	if (buffer == NULL)
		return INVALID_VALUE;
	free(buffer->data);
	buffer->data = NULL;
	return 0;
}

static int impl_cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t size)
{
	struct buffer *buffer = buffer_at(to, size);

	BEGIN("cuMemcpyHtoD_v2");
	if (buffer == NULL)
		return INVALID_VALUE;
	memcpy(buffer->data, from, size);
	return 0;
}

static int impl_cuMemcpyDtoH_v2(void *to, uint64_t from, size_t size)
{
	const struct buffer *buffer = buffer_at(from, size);

	BEGIN("cuMemcpyDtoH_v2");
	if (buffer == NULL)
		return INVALID_VALUE;
	memcpy(to, buffer->data, size);
	return 0;
}

static void add(const float *a, const float *b, float *sum, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sum[i] = a[i] + b[i];
	for (size_t i = 0; i < standin.n_rules; i++)
		if (strcmp(standin.rules[i].verb, "wrong") == 0)
			sum[count - 1] += 1;
}

static int impl_cuLaunchKernel(const void *function, unsigned grid_x, unsigned grid_y,
			       unsigned grid_z, unsigned block_x, unsigned block_y,
			       unsigned block_z, unsigned shared, const void *stream, void **params,
			       void **extra)
{
	const struct buffer *found[3];
	unsigned count;

	BEGIN("cuLaunchKernel");
	if (function != &kernel || grid_y != 1 || grid_z != 1 || block_y != 1 || block_z != 1 ||
	    block_x == 0 || block_x > 1024 || shared != 0 || stream != NULL || extra != NULL)
		return INVALID_VALUE;
	count = *(const unsigned *)params[3];
	if (count > grid_x * block_x)
		count = grid_x * block_x;
	for (size_t i = 0; i < 3; i++) {
		found[i] = buffer_at(*(uint64_t *)params[i], count * sizeof(float));
		if (found[i] == NULL)
			return ILLEGAL_ADDRESS;
	}
	add((const float *)(void *)found[0]->data, (const float *)(void *)found[1]->data,
	    (float *)(void *)found[2]->data, count);
	return 0;
}

STANDIN_EXPORT(cuGetErrorName);
STANDIN_EXPORT(cuGetErrorString);
STANDIN_EXPORT(cuDevicePrimaryCtxRetain);
STANDIN_EXPORT(cuDevicePrimaryCtxRelease);
STANDIN_EXPORT(cuCtxSetCurrent);
STANDIN_EXPORT(cuCtxSynchronize);
STANDIN_EXPORT(cuModuleLoadData);
STANDIN_EXPORT(cuModuleUnload);
STANDIN_EXPORT(cuModuleGetFunction);
STANDIN_EXPORT(cuMemAlloc_v2);
STANDIN_EXPORT(cuMemFree_v2);
STANDIN_EXPORT(cuMemcpyHtoD_v2);
STANDIN_EXPORT(cuMemcpyDtoH_v2);
STANDIN_EXPORT(cuLaunchKernel);
