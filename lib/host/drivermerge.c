/* SPDX-License-Identifier: Apache-2.0 */
#include "host/drivermerge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "host/drivercalls.h"

#define MODULE   "driver"
#define UNKNOWN  UINT32_MAX /* place in NVML's counting */
#define SECOND   1000000u   /* us */
#define MILLI    1000u
#define LIST_MAX 16u /* symbols named in one message */

/* For each GPU of the inventory, by its place there. */
struct places {
	unsigned nvml[DRIVER_MAX_GPUS];
};

static bool is_integrated(const proto_gpu *gpu, const struct inventory *inv)
{
	return strstr(gpu->model, "(nvgpu)") != NULL ||
	       str_starts_with(gpu->model, "NVIDIA Thor") ||
	       (gpu->domain < 0 && inv->platform.kind == PLATFORM_TEGRA);
}

/* NULL: on no bus, or (with *failed) no memory. */
static char *busid_of(const proto_gpu *gpu, bool *failed)
{
	char *text = NULL;

	if (gpu->domain < 0)
		return NULL;
	text = str_format("%08x:%02x:%02x.0", (unsigned)gpu->domain, gpu->bus, gpu->device);
	*failed = *failed || text == NULL;
	return text;
}

/* What stands for Windows' GPUs while nothing is known of any. */
static bool is_any(const struct gpu *known, const struct driver *driver)
{
	return driver->wsl && known->busid == NULL && known->minor < 0 && known->uuid == NULL;
}

static bool are_same(const struct gpu *known, const proto_gpu *gpu, const char *busid,
		     bool integrated)
{
	if (integrated || known->kind == GPU_INTEGRATED)
		return integrated && known->kind == GPU_INTEGRATED;
	if (known->busid != NULL && busid != NULL)
		return strcmp(known->busid, busid) == 0;
	if (known->minor >= 0 && gpu->minor >= 0)
		return known->minor == gpu->minor;
	return known->uuid != NULL && strcmp(known->uuid, gpu->uuid) == 0;
}

/* Takes a copy where nothing is known yet. */
static void complete(char **fact, const char *text, bool *failed)
{
	if (*fact != NULL || text == NULL || text[0] == '\0')
		return;
	*fact = strdup(text);
	*failed = *failed || *fact == NULL;
}

static const char *brand_name(int brand)
{
	static const char *const names[] = {
		"Unknown",   "Quadro",    "Tesla",  "NVS",        "GRID",     "GeForce",
		"TITAN",     "VApps",     "VPC",    "VCS",        "VWS",      "CloudGaming",
		"QuadroRTX", "NvidiaRTX", "Nvidia", "GeForceRTX", "TitanRTX",
	};

	return brand < 0 || (size_t)brand >= sizeof(names) / sizeof(names[0]) ? NULL : names[brand];
}

static void fill(struct gpu *gpu, const proto_gpu *said, const char *busid, bool *failed)
{
	auto_free char *compute = NULL;

	if (said->compute_major >= 0 && said->compute_minor >= 0) {
		compute = str_format("%d.%d", said->compute_major, said->compute_minor);
		*failed = *failed || compute == NULL;
	}
	complete(&gpu->uuid, said->uuid, failed);
	complete(&gpu->busid, busid, failed);
	complete(&gpu->model, said->model, failed);
	complete(&gpu->brand, brand_name(said->brand), failed);
	complete(&gpu->compute, compute, failed);
	/* of a Tegra's GPU it may be that of its display */
	if (gpu->minor < 0 && gpu->kind == GPU_DISCRETE)
		gpu->minor = said->minor;
	gpu->mig_capable = gpu->mig_capable || said->mig >= 0;
	gpu->mig = gpu->mig || said->mig > 0;
}

static int merge_gpu(const proto_gpu *said, const char *source, struct inventory *inv,
		     struct places *places, size_t *ret, struct err *err)
{
	struct driver *driver = &inv->driver;
	bool failed = false;
	auto_free char *busid = busid_of(said, &failed);
	bool integrated = is_integrated(said, inv);
	size_t i = 0;

	while (i < driver->gpus.n && !is_any(&driver->gpus.items[i], driver) &&
	       !are_same(&driver->gpus.items[i], said, busid, integrated))
		i++;
	if (i == DRIVER_MAX_GPUS)
		return err_set(err, E2BIG, "more than %u GPUs", DRIVER_MAX_GPUS);
	if (i == driver->gpus.n) {
		struct gpu *gpu = vec_add(&driver->gpus);

		if (gpu == NULL)
			return err_nomem(err);
		gpu->kind = integrated ? GPU_INTEGRATED : GPU_DISCRETE;
		gpu->minor = -1;
		complete(&gpu->source, source, &failed);
	}
	fill(&driver->gpus.items[i], said, busid, &failed);
	places->nvml[i] = said->index;
	*ret = i;
	return failed ? err_nomem(err) : 0;
}

static int merge_mig(const proto_mig *said, size_t gpu, struct driver *driver, struct err *err)
{
	struct mig *mig = NULL;
	bool failed = false;

	vec_each(known, &driver->migs) if (known->gpu == gpu && known->gi == said->gi &&
					   known->ci == said->ci) mig = known;
	if (mig == NULL && driver->migs.n == DRIVER_MAX_MIGS)
		return err_set(err, E2BIG, "more than %u MIG devices", DRIVER_MAX_MIGS);
	if (mig == NULL) {
		mig = vec_add(&driver->migs);
		if (mig == NULL)
			return err_nomem(err);
		*mig = (struct mig){.gpu = gpu, .gi = said->gi, .ci = said->ci};
	}
	mig->index = (int)said->index;
	complete(&mig->uuid, said->uuid, &failed);
	return failed ? err_nomem(err) : 0;
}

/* The integrated one, those that NVML counts as it does, the rest by bus id. */
static bool comes_before(const struct gpu *a, unsigned nvml_a, const struct gpu *b, unsigned nvml_b)
{
	if (a->kind != b->kind)
		return a->kind == GPU_INTEGRATED;
	if (nvml_a != nvml_b)
		return nvml_a < nvml_b;
	if (a->busid == NULL || b->busid == NULL)
		return a->busid != NULL && b->busid == NULL;
	return strcmp(a->busid, b->busid) < 0;
}

/* GPUs in order, and numbered; what points to them by place follows. */
static void count_anew(struct driver *driver, struct places *places)
{
	size_t now[DRIVER_MAX_GPUS] = {0}; /* by the old place */
	size_t old[DRIVER_MAX_GPUS] = {0};

	for (size_t i = 0; i < driver->gpus.n; i++) {
		struct gpu gpu = driver->gpus.items[i];
		unsigned nvml = places->nvml[i];
		size_t at = i;

		for (; at > 0 &&
		       comes_before(&gpu, nvml, &driver->gpus.items[at - 1], places->nvml[at - 1]);
		     at--) {
			driver->gpus.items[at] = driver->gpus.items[at - 1];
			places->nvml[at] = places->nvml[at - 1];
			old[at] = old[at - 1];
		}
		driver->gpus.items[at] = gpu;
		places->nvml[at] = nvml;
		old[at] = i;
	}
	for (size_t i = 0; i < driver->gpus.n; i++) {
		driver->gpus.items[i].index = (unsigned)i;
		now[old[i]] = i;
	}
	vec_each(mig, &driver->migs) mig->gpu = now[mig->gpu];
}

static int merge_devices(const proto_answer *answer, const char *source, struct inventory *inv,
			 struct err *err)
{
	size_t found[PROTO_MAX_GPUS] = {0};
	struct places places;
	int r = 0;

	if (inv->driver.gpus.n > DRIVER_MAX_GPUS)
		return err_set(err, E2BIG, "more than %u GPUs", DRIVER_MAX_GPUS);
	for (size_t i = 0; i < DRIVER_MAX_GPUS; i++)
		places.nvml[i] = UNKNOWN;
	for (u_int i = 0; r == 0 && i < answer->gpus.gpus_len; i++)
		r = merge_gpu(&answer->gpus.gpus_val[i], source, inv, &places, &found[i], err);
	for (u_int i = 0; r == 0 && i < answer->migs.migs_len; i++)
		r = merge_mig(&answer->migs.migs_val[i], found[answer->migs.migs_val[i].gpu],
			      &inv->driver, err);
	/* CUDA counts in an order of its own */
	for (size_t i = 0; answer->nvml != PROTO_LOADED && i < DRIVER_MAX_GPUS; i++)
		places.nvml[i] = UNKNOWN;
	if (r == 0)
		count_anew(&inv->driver, &places);
	return r;
}

static int merge_versions(const proto_answer *answer, const char *source, struct driver *driver,
			  struct err *err)
{
	auto_free char *cuda = NULL;
	int version = answer->cuda_version;

	if (driver->version.value == NULL && answer->driver_version[0] != '\0' &&
	    fact_set(&driver->version, answer->driver_version, source) < 0)
		return err_nomem(err);
	if (driver->cuda.value != NULL || version < 0)
		return 0;
	cuda = str_format("%d.%d", version / 1000, version % 1000 / 10);
	if (cuda == NULL || fact_set(&driver->cuda, cuda, source) < 0)
		return err_nomem(err);
	return 0;
}

static int merge_slow(const proto_answer *answer, struct driver *driver, struct err *err)
{
	const char *name = drivercalls_name(answer->slow_call);
	unsigned us = answer->slow_us;

	free(driver->slow);
	driver->slow =
		us >= SECOND
			? str_format("%s %u.%u s", name, us / SECOND, us % SECOND / (SECOND / 10))
			: str_format("%s %u.%u ms", name, us / MILLI, us % MILLI / (MILLI / 10));
	return driver->slow == NULL ? err_nomem(err) : 0;
}

static void tell(const proto_answer *answer, const struct log *log)
{
	auto_done(strbuf) struct strbuf names = {0};

	for (u_int i = 0; i < answer->missing.missing_len && i < LIST_MAX; i++)
		strbuf_addf(&names, "%s%s", i == 0 ? "" : ", ",
			    drivercalls_name(answer->missing.missing_val[i]));
	if (names.len > 0)
		log_debug(log, MODULE, "the driver's library lacks %s", names.data);
	for (u_int i = 0; i < answer->faults.faults_len; i++) {
		const proto_fault *fault = &answer->faults.faults_val[i];

		if (fault->gpu >= 0)
			log_debug(log, MODULE, "%s of GPU %d: %s (%d)",
				  drivercalls_name(fault->call), fault->gpu, fault->text,
				  fault->code);
		else
			log_debug(log, MODULE, "%s: %s (%d)", drivercalls_name(fault->call),
				  fault->text, fault->code);
	}
}

int drivermerge(const proto_answer *answer, struct inventory *inv, const struct log *log,
		struct err *err)
{
	const char *source = answer->nvml == PROTO_LOADED ? "NVML" : "CUDA";
	int r = merge_versions(answer, source, &inv->driver, err);

	if (r == 0)
		r = merge_devices(answer, source, inv, err);
	if (r == 0)
		r = merge_slow(answer, &inv->driver, err);
	if (r < 0)
		return r;
	tell(answer, log);
	inv->driver.asked = true;
	return 0;
}
