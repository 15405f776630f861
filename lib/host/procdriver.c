/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procdriver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/procdriver.h"
#include "host/migcaps.h"
#include "host/pcidevs.h"
#include "host/proctext.h"
#include "sys/rootfs.h"

#define PROCDRIVER_GPUS PROCDRIVER_DIR "/gpus"
#define PROCDRIVER_PCI  "/sys/bus/pci/devices"
#define PROCDRIVER_DXG  "/dev/dxg"
#define PROCDRIVER_THOR "tegra264"

/* Where Thor's own GPU is on the bus; the discrete one of a carrier has another address. */
#define PROCDRIVER_THOR_GPU "00000000:01:00.0"

static struct gpu *procdriver_add(struct inventory *inv, enum gpu_kind kind, const char *source)
{
	struct gpu *gpu = vec_add(&inv->driver.gpus);

	if (gpu == NULL)
		return NULL;
	*gpu = (struct gpu){.kind = kind, .minor = -1, .source = strdup(source)};
	return gpu->source == NULL ? NULL : gpu;
}

static int procdriver_copy(char **ret, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	free(*ret);
	*ret = strdup(text);
	return *ret == NULL ? -ENOMEM : 0;
}

/* ---- one GPU of the driver ---- */

static bool procdriver_is_integrated(const struct inventory *inv, const struct procdriver_gpu *info)
{
	const struct platform *platform = &inv->platform;

	if (strstr(info->model, "(nvgpu)") != NULL || str_starts_with(info->model, "NVIDIA Thor"))
		return true;
	return platform->kind == PLATFORM_TEGRA &&
	       str_equal(platform->soc.value, PROCDRIVER_THOR) &&
	       strcmp(info->busid, PROCDRIVER_THOR_GPU) == 0;
}

/* The integrated GPU that is there already, for what the driver knows of it too. */
static struct gpu *procdriver_own(struct inventory *inv)
{
	return inv->driver.gpus.n > 0 && inv->driver.gpus.items[0].kind == GPU_INTEGRATED
		       ? &inv->driver.gpus.items[0]
		       : NULL;
}

static int procdriver_fill(struct gpu *gpu, const struct procdriver_gpu *info, const char *source,
			   struct err *err)
{
	gpu->minor = info->minor;
	if (procdriver_copy(&gpu->uuid, info->uuid) < 0 ||
	    procdriver_copy(&gpu->busid, info->busid) < 0 ||
	    procdriver_copy(&gpu->model, info->model) < 0 ||
	    procdriver_copy(&gpu->source, source) < 0)
		return err_nomem(err);
	return 0;
}

static int procdriver_take(const struct host *host, const struct procdriver_gpu *info,
			   const char *source, struct inventory *inv, struct err *err)
{
	bool integrated = procdriver_is_integrated(inv, info);
	struct gpu *gpu = integrated ? procdriver_own(inv) : NULL;

	if (info->excluded) {
		log_debug(host->log, "host", "GPU %s is excluded in the driver", info->busid);
		return 0;
	}
	/* Orin's display has the same driver, and is no GPU that could be given away */
	if (!integrated && inv->platform.kind == PLATFORM_TEGRA &&
	    !pcidevs_may_have(host, info->busid)) {
		log_debug(host->log, "host", "'%s' is on no PCI bus: a display of the Tegra",
			  info->busid);
		return 0;
	}
	if (gpu == NULL)
		gpu = procdriver_add(inv, integrated ? GPU_INTEGRATED : GPU_DISCRETE, source);
	return gpu == NULL ? err_nomem(err) : procdriver_fill(gpu, info, source, err);
}

/* A folder without facts is a GPU all the same: its library may tell more. */
static int procdriver_look(const struct host *host, const char *name, const char *busid,
			   struct inventory *inv, struct err *err)
{
	auto_free char *path = str_format(PROCDRIVER_GPUS "/%s/information", name);
	struct procdriver_gpu info = {.minor = -1};
	auto_free char *text = NULL;
	size_t len = 0;
	int rc;

	if (path == NULL)
		return err_nomem(err);
	rc = proctext_read(host, path, PROCDRIVER_MAX_BYTES, &text, &len, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		log_warn(host->log, "host", "'%s' cannot be read: nothing is known of that GPU",
			 path);
	else
		procdriver_gpu_parse(text, len, &info);
	/* what names the folder is what selects it */
	memcpy(info.busid, busid, sizeof(info.busid));
	return procdriver_take(host, &info, PROCDRIVER_GPUS, inv, err);
}

/* ---- all of them ---- */

/* A folder's name with the address that it stands for in front: so they are sorted by address. */
static int procdriver_order(const struct strv *names, struct strv *ret, struct err *err)
{
	char busid[PROCDRIVER_BUSID];

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];

		if (procdriver_busid(name, strlen(name), busid) &&
		    strv_addf(ret, "%s %s", busid, name) < 0)
			return err_nomem(err);
	}
	strv_sort(ret);
	return 0;
}

/* How many of n GPUs count. */
static size_t procdriver_count(const struct host *host, size_t n)
{
	if (n <= DRIVER_MAX_GPUS)
		return n;
	log_warn(host->log, "host", "of %zu GPUs the first %u count", n, DRIVER_MAX_GPUS);
	return DRIVER_MAX_GPUS;
}

static int procdriver_read_gpus(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	auto_done(strv) struct strv found = {0};
	size_t n;
	int rc = proctext_list(host, ROOT_MACHINE, PROCDRIVER_GPUS, "", &names, err);

	if (rc >= 0)
		rc = procdriver_order(&names, &found, err);
	n = rc < 0 ? 0 : procdriver_count(host, found.n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		char busid[PROCDRIVER_BUSID] = "";
		const char *space = strchr(found.items[i], ' ');

		memcpy(busid, found.items[i], (size_t)(space - found.items[i]));
		rc = procdriver_look(host, space + 1, busid, inv, err);
	}
	return rc < 0 ? rc : found.n > 0;
}

/* Where /proc tells of none: a driver that has not been used yet, or one that tells less. */
static int procdriver_read_bus(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_done(strv) struct strv found = {0};
	int rc = pcidevs_find(host, &found, err);
	size_t n = rc < 0 ? 0 : procdriver_count(host, found.n);

	for (size_t i = 0; i < n && rc >= 0; i++) {
		struct procdriver_gpu info = {.minor = -1};

		(void)procdriver_busid(found.items[i], strlen(found.items[i]), info.busid);
		rc = procdriver_take(host, &info, PROCDRIVER_PCI, inv, err);
	}
	return rc < 0 ? rc : 0;
}

/* The integrated ones first, and numbers in that order. */
static void procdriver_number_gpus(struct inventory *inv)
{
	struct gpu *gpus = inv->driver.gpus.items;

	for (size_t i = 1; i < inv->driver.gpus.n; i++) {
		for (size_t j = i;
		     j > 0 && gpus[j].kind == GPU_INTEGRATED && gpus[j - 1].kind == GPU_DISCRETE;
		     j--) {
			struct gpu moved = gpus[j];

			gpus[j] = gpus[j - 1];
			gpus[j - 1] = moved;
		}
	}
	for (size_t i = 0; i < inv->driver.gpus.n; i++)
		gpus[i].index = (unsigned)i;
}

/* ---- the driver ---- */

static int procdriver_read_texts(const struct host *host, struct driver *driver, struct err *err)
{
	const struct {
		const char *path;
		char **text;
	} texts[] = {
		{PROCDRIVER_DIR "/params", &driver->params},
		{PROCDRIVER_DIR "/registry", &driver->registry},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = 0;
		int rc = proctext_read(host, texts[i].path, PROCDRIVER_MAX_BYTES, texts[i].text,
				       &len, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* 1 = the driver is there. */
static int procdriver_read_version(const struct host *host, struct driver *driver, struct err *err)
{
	static const char path[] = PROCDRIVER_DIR "/version";
	char version[PROCDRIVER_MAX_DIGITS];
	size_t len = 0;
	int rc = proctext_read(host, path, PROCDRIVER_MAX_BYTES, &driver->version_text, &len, err);

	if (rc <= 0)
		return rc;
	driver->loaded = true;
	if (!procdriver_version(driver->version_text, len, version))
		log_warn(host->log, "host", "'%s' does not tell the driver's version", path);
	else if (fact_set(&driver->version, version, path) < 0)
		return err_nomem(err);
	return 1;
}

static int procdriver_read_all(const struct host *host, struct inventory *inv, struct err *err)
{
	int rc = procdriver_read_texts(host, &inv->driver, err);

	if (rc == 0)
		rc = procdriver_read_gpus(host, inv, err);
	if (rc == 0)
		rc = procdriver_read_bus(host, inv, err);
	if (rc < 0)
		return rc;
	procdriver_number_gpus(inv);
	return migcaps_find(host, inv, err);
}

int procdriver_read(const struct host *host, struct inventory *inv, struct err *err)
{
	int rc = procdriver_read_version(host, &inv->driver, err);

	return rc <= 0 ? rc : procdriver_read_all(host, inv, err);
}

/* Lists stand for an integrated GPU. An empty folder of them stands for nothing: packages for
 * servers may bring it. */
static int procdriver_add_own(struct inventory *inv, struct err *err)
{
	const struct platform *platform = &inv->platform;
	bool tegra = platform->kind == PLATFORM_TEGRA;
	const char *source = tegra && platform->soc.source != NULL ? platform->soc.source
			     : inv->list_dir != NULL               ? inv->list_dir
								   : "mount lists";
	struct gpu *gpu;

	if (!tegra && inv->files.n == 0)
		return 0;
	gpu = procdriver_add(inv, GPU_INTEGRATED, source);
	if (gpu == NULL ||
	    procdriver_copy(&gpu->model, platform->cuda_name.value != NULL
						 ? platform->cuda_name.value
						 : platform->board.value) < 0 ||
	    procdriver_copy(&gpu->compute, platform->compute.value) < 0)
		return err_nomem(err);
	return 0;
}

/* Windows shows its GPUs through one node, and which there are through the library alone. */
static int procdriver_read_wsl(const struct host *host, struct inventory *inv, struct err *err)
{
	struct stat st;

	if (inv->platform.kind == PLATFORM_TEGRA || inv->driver.gpus.n > 0 ||
	    rootfs_lstat(host->fds[ROOT_DRIVER], PROCDRIVER_DXG, &st, NULL) != 1 ||
	    !S_ISCHR(st.st_mode))
		return 0;
	inv->driver.wsl = true;
	return procdriver_add(inv, GPU_DISCRETE, PROCDRIVER_DXG) == NULL ? err_nomem(err) : 0;
}

int host_read_driver(const struct host *host, struct inventory *inv, struct err *err)
{
	int rc = procdriver_read_version(host, &inv->driver, err);

	if (rc >= 0)
		rc = procdriver_add_own(inv, err);
	if (rc < 0)
		return rc;
	if (inv->driver.loaded)
		return procdriver_read_all(host, inv, err);
	if (strv_addf(&inv->platform.looked, "%s: not there", PROCDRIVER_DIR "/version") < 0)
		return err_nomem(err);
	return procdriver_read_wsl(host, inv, err);
}
