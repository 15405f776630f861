/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/grants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/str.h"
#include "plan/deviceid.h"
#include "plan/nodevice.h"

#define NVIDIA_MAJOR   195u /* fixed; nodes of GPUs and, from FIRST_CONTROL on, of all of them */
#define FIRST_CONTROL  254u
#define NO_SUCH_DEVICE 0
#define AMBIGUOUS      2

static bool has_kind(const struct inventory *inv, enum gpu_kind kind)
{
	vec_each(gpu, &inv->driver.gpus)
	{
		if (gpu->kind == kind)
			return true;
	}
	return false;
}

bool grants_only_lists(const struct inventory *inv)
{
	return !inv->driver.wsl && !has_kind(inv, GPU_DISCRETE);
}

bool grants_lacks_uuids(const struct driver *driver)
{
	vec_each(gpu, &driver->gpus)
	{
		if (gpu->kind == GPU_DISCRETE && gpu->uuid == NULL)
			return true;
	}
	return false;
}

bool grants_lacks_minors(const struct driver *driver)
{
	vec_each(gpu, &driver->gpus)
	{
		if (gpu->kind == GPU_DISCRETE && gpu->minor < 0)
			return true;
	}
	return false;
}

bool grants_possible(const struct inventory *inv, const struct request *request)
{
	return inv->files.n > 0 || inv->driver.gpus.n > 0 || inv->driver.wsl ||
	       (request->mode == DEVICES_NONE && inv->driver.loaded);
}

static void grant_gpu(struct grants *grants, size_t g)
{
	const struct driver *driver = &grants->inv->driver;

	grants->gpus[g] = true;
	grants->whole[g] = true;
	/* with MIG on, nothing runs on the GPU but by its MIG devices */
	for (size_t m = 0; driver->gpus.items[g].mig && m < driver->migs.n; m++) {
		if (driver->migs.items[m].gpu == g)
			grants->migs[m] = true;
	}
}

static void grant_mig(struct grants *grants, size_t m)
{
	grants->migs[m] = true;
	grants->gpus[grants->inv->driver.migs.items[m].gpu] = true;
}

static int grant_kind(struct grants *grants, enum gpu_kind kind)
{
	const struct driver *driver = &grants->inv->driver;
	int found = NO_SUCH_DEVICE;

	for (size_t g = 0; g < driver->gpus.n; g++) {
		if (driver->gpus.items[g].kind != kind)
			continue;
		grant_gpu(grants, g);
		found = 1;
	}
	return found;
}

static int grant_lists_gpu(struct grants *grants, const struct deviceid *id)
{
	if (id->form != DEVICEID_IGPU && (id->form != DEVICEID_INDEX || id->gpu != 0))
		return NO_SUCH_DEVICE;
	grants->lists_gpu = true;
	return 1;
}

/* All of them: even a machine without any may have files and nodes for it, as WSL's. */
static int grant_all(struct grants *grants)
{
	const struct inventory *inv = grants->inv;

	for (size_t g = 0; g < inv->driver.gpus.n; g++)
		grant_gpu(grants, g);
	grants->lists_gpu = inv->driver.gpus.n == 0 && inv->list_dir_found;
	return 1;
}

static bool is_gpu(const struct deviceid *id, const struct gpu *gpu)
{
	if (id->form == DEVICEID_INDEX)
		return gpu->index == id->gpu;
	return gpu->busid != NULL && strcasecmp(gpu->busid, id->bus) == 0;
}

static int grant_one(struct grants *grants, const struct deviceid *id)
{
	const struct driver *driver = &grants->inv->driver;

	for (size_t g = 0; g < driver->gpus.n; g++) {
		if (is_gpu(id, &driver->gpus.items[g])) {
			grant_gpu(grants, g);
			return 1;
		}
	}
	return NO_SUCH_DEVICE;
}

static bool is_mig(const struct deviceid *id, const struct gpu *gpu, const struct mig *mig)
{
	if (id->form == DEVICEID_PAIR)
		return gpu->index == id->gpu && mig->index >= 0 && (unsigned)mig->index == id->mig;
	return gpu->uuid != NULL && strlen(gpu->uuid) == id->uuid_len &&
	       strncasecmp(gpu->uuid, id->text + strlen("MIG-"), id->uuid_len) == 0 &&
	       mig->gi == id->gi && mig->ci == id->ci;
}

static int grant_one_mig(struct grants *grants, const struct deviceid *id)
{
	const struct driver *driver = &grants->inv->driver;

	for (size_t m = 0; m < driver->migs.n; m++) {
		const struct mig *mig = &driver->migs.items[m];

		if (is_mig(id, &driver->gpus.items[mig->gpu], mig)) {
			grant_mig(grants, m);
			return 1;
		}
	}
	return NO_SUCH_DEVICE;
}

/* The number of UUIDs that fit, no more than AMBIGUOUS; the last one's place. */
static unsigned count_uuids(const struct grants *grants, const struct deviceid *id,
			    bool (*fits)(const struct deviceid *id, const char *uuid),
			    size_t *ret_gpu, size_t *ret_mig)
{
	const struct driver *driver = &grants->inv->driver;
	unsigned n = 0;

	*ret_gpu = *ret_mig = NO_INDEX;
	for (size_t g = 0; g < driver->gpus.n && n < AMBIGUOUS; g++) {
		if (!fits(id, driver->gpus.items[g].uuid))
			continue;
		*ret_gpu = g;
		n++;
	}
	for (size_t m = 0; m < driver->migs.n && n < AMBIGUOUS; m++) {
		if (!fits(id, driver->migs.items[m].uuid))
			continue;
		*ret_mig = m;
		n++;
	}
	return n;
}

static int grant_uuid(struct grants *grants, const struct deviceid *id)
{
	size_t g, m;
	unsigned n = count_uuids(grants, id, deviceid_is, &g, &m);

	if (n == 0)
		n = count_uuids(grants, id, deviceid_begins, &g, &m);
	if (n != 1)
		return n == 0 ? NO_SUCH_DEVICE : AMBIGUOUS;
	if (g != NO_INDEX)
		grant_gpu(grants, g);
	else
		grant_mig(grants, m);
	return 1;
}

static int grant_word(struct grants *grants, const struct deviceid *id)
{
	if (id->form == DEVICEID_ALL)
		return grant_all(grants);
	if (grants->inv->driver.gpus.n == 0 && grants->inv->list_dir_found)
		return grant_lists_gpu(grants, id);
	switch (id->form) {
	case DEVICEID_ALL:
	case DEVICEID_IGPU:
		return grant_kind(grants, GPU_INTEGRATED);
	case DEVICEID_DGPU:
		return grant_kind(grants, GPU_DISCRETE);
	case DEVICEID_INDEX:
	case DEVICEID_BUS:
		return grant_one(grants, id);
	case DEVICEID_PAIR:
	case DEVICEID_MIG_PATH:
		return grant_one_mig(grants, id);
	case DEVICEID_UUID:
		break;
	}
	return grant_uuid(grants, id);
}

static int find_listed(struct grants *grants, const struct request *request, struct err *err)
{
	for (size_t i = 0; i < request->devices.n; i++) {
		struct deviceid id = deviceid_read(request->devices.items[i]);
		int found = grant_word(grants, &id);

		if (found == NO_SUCH_DEVICE)
			return nodevice_unknown(grants->inv, &id, err);
		if (found == AMBIGUOUS)
			return nodevice_ambiguous(grants->inv, &id, err);
	}
	return 0;
}

/* Mount lists are those of the integrated GPU, the driver's own files those of all others, and of
 * an integrated one without lists. With "none" nothing is known of what will be used. */
static void find_files(struct grants *grants, const struct request *request)
{
	const struct inventory *inv = grants->inv;
	bool integrated = grants->lists_gpu || grants_has(grants, GPU_INTEGRATED);
	bool lists =
		inv->list_dir_found && (has_kind(inv, GPU_INTEGRATED) || inv->driver.gpus.n == 0);
	bool driver = inv->driver.loaded || inv->driver.wsl;

	grants->nodes = request->mode != DEVICES_NONE;
	if (grants->nodes) {
		grants->rows = lists && integrated;
		grants->files = grants_has(grants, GPU_DISCRETE) || (integrated && !lists) ||
				inv->driver.wsl;
	} else {
		grants->rows = lists;
		grants->files = driver && (!lists || !grants_only_lists(inv));
	}
}

int grants_find(struct grants *grants, const struct inventory *inv, const struct request *request,
		struct err *err)
{
	int rc = 0;

	*grants = (struct grants){.inv = inv, .request = request};
	grants->gpus = calloc(inv->driver.gpus.n + 1, sizeof(*grants->gpus));
	grants->whole = calloc(inv->driver.gpus.n + 1, sizeof(*grants->whole));
	grants->migs = calloc(inv->driver.migs.n + 1, sizeof(*grants->migs));
	if (grants->gpus == NULL || grants->whole == NULL || grants->migs == NULL)
		return err_nomem(err);
	if (request->mode == DEVICES_ALL)
		(void)grant_all(grants);
	else if (request->mode == DEVICES_LIST)
		rc = find_listed(grants, request, err);
	find_files(grants, request);
	return rc;
}

void grants_done(struct grants *grants)
{
	free(grants->gpus);
	free(grants->whole);
	free(grants->migs);
	*grants = (struct grants){0};
}

size_t grants_count(const struct grants *grants)
{
	size_t n = grants->lists_gpu;

	for (size_t g = 0; g < grants->inv->driver.gpus.n; g++)
		n += grants->gpus[g];
	return n;
}

bool grants_has(const struct grants *grants, enum gpu_kind kind)
{
	for (size_t g = 0; g < grants->inv->driver.gpus.n; g++) {
		if (grants->gpus[g] && grants->inv->driver.gpus.items[g].kind == kind)
			return true;
	}
	return false;
}

bool grants_row_node(const struct grants *grants, dev_t rdev)
{
	const struct driver *driver = &grants->inv->driver;
	bool doubtful = false;

	if (!grants->nodes)
		return false;
	if (major(rdev) != NVIDIA_MAJOR || minor(rdev) >= FIRST_CONTROL)
		return true;
	for (size_t g = 0; g < driver->gpus.n; g++) {
		const struct gpu *gpu = &driver->gpus.items[g];

		if (gpu->minor >= 0 && (unsigned)gpu->minor == minor(rdev))
			return grants->gpus[g];
		doubtful |= gpu->kind == GPU_DISCRETE && gpu->minor < 0 && !grants->gpus[g];
	}
	/* it could be the one whose minor is not known */
	return !doubtful;
}

/* Who has one MIG device of a GPU may not do with all of them as he likes. NO_INDEX: any GPU. */
static bool is_whole(const struct grants *grants, size_t gpu)
{
	for (size_t g = 0; g < grants->inv->driver.gpus.n; g++) {
		if (grants->whole[g] && (gpu == NO_INDEX || gpu == g))
			return true;
	}
	return false;
}

static bool part_of_gpus(const struct grants *grants, const struct part *part)
{
	const struct request *request = grants->request;
	char number[16];

	if (!grants->nodes)
		return false;
	switch (part->kind) {
	case PART_GPU_PROC:
		/* a container that keeps all of /proc/driver/nvidia has its own of it */
		if (!grants->files)
			return false;
		/* fall through */
	case PART_GPU:
		return part->gpu < grants->inv->driver.gpus.n && grants->gpus[part->gpu];
	case PART_MIG:
		return part->mig < grants->inv->driver.migs.n && grants->migs[part->mig];
	case PART_MIG_CONFIG:
		return request->mig_config && is_whole(grants, part->gpu);
	case PART_MIG_MONITOR:
		return request->mig_monitor;
	case PART_CHANNEL:
		(void)snprintf(number, sizeof(number), "%u", part->number);
		return strv_contains(&request->channels, number);
	case PART_NVSWITCH:
		return request->nvswitch;
	case PART_GDS:
		return request->gds;
	case PART_MOFED:
		return request->mofed;
	case PART_GDRCOPY:
		return request->gdrcopy;
	default:
		return grants->files;
	}
}

bool grants_part(const struct grants *grants, const struct part *part)
{
	const struct request *request = grants->request;

	if ((part->service & request->without) != 0 ||
	    (part->compat32 && (request->caps & DRIVER_CAP_COMPAT32) == 0) ||
	    (part->caps != 0 && (part->caps & request->caps) == 0))
		return false;
	if (part->kind == PART_FILE || part->kind == PART_IPC)
		return grants->files;
	return part_of_gpus(grants, part);
}

/* A UUID, whole or not, that what is known does not settle. */
static bool uuid_is_open(const struct driver *driver, const struct deviceid *id)
{
	vec_each(gpu, &driver->gpus)
	{
		if (deviceid_is(id, gpu->uuid))
			return false;
	}
	vec_each(mig, &driver->migs)
	{
		if (deviceid_is(id, mig->uuid))
			return false;
	}
	return strncasecmp(id->text, "MIG-", 4) == 0 || grants_lacks_uuids(driver);
}

/* A GPU, or the node that it has, that what is known does not settle. */
static bool gpu_is_open(const struct driver *driver, const struct deviceid *id)
{
	/* all of Windows' GPUs are one at first, and none needs a node */
	if (driver->wsl)
		return id->form == DEVICEID_BUS ||
		       (id->form == DEVICEID_INDEX && id->gpu >= driver->gpus.n);
	return driver->gpus.n == 0 || grants_lacks_minors(driver);
}

bool grants_needs_driver(const struct inventory *inv, const char *word)
{
	const struct deviceid id = deviceid_read(word);

	switch (id.form) {
	case DEVICEID_PAIR:
		vec_each(mig, &inv->driver.migs)
		{
			if (mig->index < 0)
				return true;
		}
		return inv->driver.migs.n == 0;
	case DEVICEID_MIG_PATH:
		return grants_lacks_uuids(&inv->driver);
	case DEVICEID_UUID:
		return uuid_is_open(&inv->driver, &id);
	default:
		return gpu_is_open(&inv->driver, &id);
	}
}
