/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda-vector: does the GPU compute?
 *
 * Adds two vectors of 1 Mi numbers on every GPU that CUDA shows, by a kernel in PTX that the driver
 * compiles, and checks each sum. One line for each GPU:
 *
 *     INDEX BUS-ID UUID MS NAME
 *
 * with the UUID's digits alone and the time of the kernel. Exit status 0 only if there is a GPU and
 * all sums of all are right; otherwise one line on standard error says which call failed, and how.
 * Runs inside images: links with nothing but libc. Names and numbers: the CUDA driver API.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ptx.h"

#define COUNT     (1u << 20)
#define THREADS   256u
#define BYTES     (COUNT * sizeof(float))
#define UUID_SIZE 16

/* member, symbol, arguments */
#define CUDA_FUNCTIONS(X)                                                                          \
	X(init, "cuInit", unsigned flags)                                                          \
	X(error_name, "cuGetErrorName", int code, const char **ret)                                \
	X(error_text, "cuGetErrorString", int code, const char **ret)                              \
	X(count, "cuDeviceGetCount", int *ret)                                                     \
	X(device, "cuDeviceGet", int *ret, int ordinal)                                            \
	X(name, "cuDeviceGetName", char *ret, int size, int device)                                \
	X(bus_id, "cuDeviceGetPCIBusId", char *ret, int size, int device)                          \
	X(retain, "cuDevicePrimaryCtxRetain", void **ret, int device)                              \
	X(release, "cuDevicePrimaryCtxRelease", int device)                                        \
	X(use, "cuCtxSetCurrent", void *context)                                                   \
	X(wait, "cuCtxSynchronize", void)                                                          \
	X(load, "cuModuleLoadData", void **ret, const void *image)                                 \
	X(unload, "cuModuleUnload", void *module)                                                  \
	X(function, "cuModuleGetFunction", void **ret, void *module, const char *name)             \
	X(alloc, "cuMemAlloc_v2", uint64_t *ret, size_t size)                                      \
	X(release_mem, "cuMemFree_v2", uint64_t ptr)                                               \
	X(to_device, "cuMemcpyHtoD_v2", uint64_t to, const void *from, size_t size)                \
	X(to_host, "cuMemcpyDtoH_v2", void *to, uint64_t from, size_t size)                        \
	X(launch, "cuLaunchKernel", void *function, unsigned grid_x, unsigned grid_y,              \
	  unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,  \
	  void *stream, void **params, void **extra)

struct cuda {
#define MEMBER(member, symbol, ...) int (*member)(__VA_ARGS__);
	CUDA_FUNCTIONS(MEMBER)
#undef MEMBER
	int (*uuid)(unsigned char ret[UUID_SIZE], int device);
};

/* What one GPU works with. */
struct work {
	void *module;
	void *function;
	uint64_t a, b, sum;
};

static float vector_a[COUNT];
static float vector_b[COUNT];
static float vector_sum[COUNT];

static bool cuda_open(struct cuda *cuda)
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW);

	if (library == NULL) {
		fprintf(stderr, "cuda-vector: %s\n", dlerror());
		return false;
	}
#define FIND(member, symbol, ...)                                                                  \
	*(void **)&cuda->member = dlsym(library, symbol);                                          \
	if (cuda->member == NULL) {                                                                \
		fprintf(stderr, "cuda-vector: libcuda.so.1 has no '%s'\n", symbol);                \
		return false;                                                                      \
	}
	CUDA_FUNCTIONS(FIND)
#undef FIND
	/* of a MIG device its own UUID, since CUDA 11.4 */
	*(void **)&cuda->uuid = dlsym(library, "cuDeviceGetUuid_v2");
	if (cuda->uuid == NULL)
		*(void **)&cuda->uuid = dlsym(library, "cuDeviceGetUuid");
	return true;
}

static bool done(const struct cuda *cuda, const char *call, int code)
{
	const char *name = NULL;
	const char *text = NULL;

	if (code == 0)
		return true;
	(void)cuda->error_name(code, &name);
	(void)cuda->error_text(code, &text);
	fprintf(stderr, "cuda-vector: %s: %s (%d): %s\n", call, name == NULL ? "?" : name, code,
		text == NULL ? "?" : text);
	return false;
}

/* Sums that a float holds exactly, and that differ from each other. */
static void fill(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		vector_a[i] = (float)i * 0.5f;
		vector_b[i] = (float)(COUNT - i) * 0.25f;
	}
}

static bool check(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		float right = vector_a[i] + vector_b[i];

		if (memcmp(&right, &vector_sum[i], sizeof(right)) != 0) {
			fprintf(stderr, "cuda-vector: sum %u is %.2f, not %.2f\n", i,
				(double)vector_sum[i], (double)right);
			return false;
		}
	}
	return true;
}

static bool prepare(const struct cuda *cuda, struct work *work)
{
	/* no sum is right before the kernel has run */
	memset(vector_sum, 0xff, BYTES);
	return done(cuda, "cuModuleLoadData", cuda->load(&work->module, ptx)) &&
	       done(cuda, "cuModuleGetFunction",
		    cuda->function(&work->function, work->module, PTX_KERNEL)) &&
	       done(cuda, "cuMemAlloc", cuda->alloc(&work->a, BYTES)) &&
	       done(cuda, "cuMemAlloc", cuda->alloc(&work->b, BYTES)) &&
	       done(cuda, "cuMemAlloc", cuda->alloc(&work->sum, BYTES)) &&
	       done(cuda, "cuMemcpyHtoD", cuda->to_device(work->a, vector_a, BYTES)) &&
	       done(cuda, "cuMemcpyHtoD", cuda->to_device(work->b, vector_b, BYTES)) &&
	       done(cuda, "cuMemcpyHtoD", cuda->to_device(work->sum, vector_sum, BYTES));
}

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool compute(const struct cuda *cuda, struct work *work, double *ms)
{
	unsigned count = COUNT;
	void *params[] = {&work->a, &work->b, &work->sum, &count};
	double start = now_ms();

	if (!done(cuda, "cuLaunchKernel",
		  cuda->launch(work->function, COUNT / THREADS, 1, 1, THREADS, 1, 1, 0, NULL,
			       params, NULL)) ||
	    !done(cuda, "cuCtxSynchronize", cuda->wait()))
		return false;
	*ms = now_ms() - start;
	return done(cuda, "cuMemcpyDtoH", cuda->to_host(vector_sum, work->sum, BYTES)) && check();
}

static bool finish(const struct cuda *cuda, const struct work *work)
{
	const uint64_t ptrs[] = {work->a, work->b, work->sum};
	bool good = true;

	for (size_t i = 0; i < sizeof(ptrs) / sizeof(ptrs[0]); i++)
		if (ptrs[i] != 0)
			good = done(cuda, "cuMemFree", cuda->release_mem(ptrs[i])) && good;
	if (work->module != NULL)
		good = done(cuda, "cuModuleUnload", cuda->unload(work->module)) && good;
	return good;
}

static bool report(const struct cuda *cuda, int index, int device, double ms)
{
	unsigned char uuid[UUID_SIZE] = {0};
	char name[256] = "";
	char bus_id[32] = "";

	if (!done(cuda, "cuDeviceGetName", cuda->name(name, sizeof(name), device)) ||
	    !done(cuda, "cuDeviceGetPCIBusId", cuda->bus_id(bus_id, sizeof(bus_id), device)) ||
	    (cuda->uuid != NULL && !done(cuda, "cuDeviceGetUuid", cuda->uuid(uuid, device))))
		return false;
	printf("%d %s ", index, bus_id);
	for (int i = 0; i < UUID_SIZE; i++)
		printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	printf(" %.3f %s\n", ms, name);
	return true;
}

static bool run(const struct cuda *cuda, int index)
{
	struct work work = {.module = NULL};
	void *context = NULL;
	double ms = 0;
	int device = 0;
	bool good;

	if (!done(cuda, "cuDeviceGet", cuda->device(&device, index)) ||
	    !done(cuda, "cuDevicePrimaryCtxRetain", cuda->retain(&context, device)))
		return false;
	good = done(cuda, "cuCtxSetCurrent", cuda->use(context)) && prepare(cuda, &work) &&
	       compute(cuda, &work, &ms);
	/* after an error all calls give that error: one line is enough, and the process ends */
	return good && finish(cuda, &work) && report(cuda, index, device, ms) &&
	       done(cuda, "cuDevicePrimaryCtxRelease", cuda->release(device));
}

int main(void)
{
	struct cuda cuda = {0};
	int count = 0;

	/* the driver would keep what it compiles below the home folder */
	if (setenv("CUDA_CACHE_DISABLE", "1", 1) < 0 || !cuda_open(&cuda))
		return 1;
	if (!done(&cuda, "cuInit", cuda.init(0)) ||
	    !done(&cuda, "cuDeviceGetCount", cuda.count(&count)))
		return 1;
	if (count <= 0) {
		fputs("cuda-vector: CUDA shows no GPU\n", stderr);
		return 1;
	}
	fill();
	for (int i = 0; i < count; i++)
		if (!run(&cuda, i))
			return 1;
	return 0;
}
