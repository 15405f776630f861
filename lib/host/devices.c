/* SPDX-License-Identifier: Apache-2.0 */
/* host_find_driver_nodes(): which nodes, files and links of the machine belong to what. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/procdriver.h"
#include "host/devnodes.h"
#include "host/migcaps.h"
#include "host/procdriver.h"
#include "host/proctext.h"

#define DEVICES_DXG       "/dev/dxg"
#define DEVICES_PCI       "/sys/bus/pci/devices"
#define DEVICES_CHANNELS  "/dev/nvidia-caps-imex-channels"
#define DEVICES_CHANNEL   "channel"
#define DEVICES_CTL       255
#define DEVICES_MODESET   254
#define DEVICES_MAX_MINOR 1048575u

/* ---- what all GPUs have in common ---- */

static const struct {
	enum part_kind kind;
	unsigned caps;
	const char *name;
	struct {
		const char *path;
		enum devnodes_class class;
		int minor;
	} nodes[2];
} commons[] = {
	{PART_CONTROL, 0, "nvidiactl", {{"/dev/nvidiactl", DEVNODES_NVIDIA, DEVICES_CTL}}},
	{PART_UVM,
	 DRIVER_CAP_COMPUTE | DRIVER_CAP_VIDEO,
	 "nvidia-uvm",
	 {{"/dev/nvidia-uvm", DEVNODES_UVM, 0}, {"/dev/nvidia-uvm-tools", DEVNODES_UVM, 1}}},
	{PART_MODESET,
	 DRIVER_CAP_DISPLAY,
	 "nvidia-modeset",
	 {{"/dev/nvidia-modeset", DEVNODES_NVIDIA, DEVICES_MODESET}}},
};

static int devices_add_commons(struct devnodes *nodes, struct err *err)
{
	for (size_t i = 0; i < sizeof(commons) / sizeof(commons[0]); i++) {
		unsigned caps = commons[i].caps == 0 ? DRIVER_CAP_EVERY : commons[i].caps;
		struct part part = devnodes_begin(nodes, commons[i].kind);
		int rc;

		part.caps = commons[i].caps;
		for (size_t j = 0; j < 2 && commons[i].nodes[j].path != NULL; j++) {
			rc = devnodes_add_node(nodes, commons[i].nodes[j].path,
					       commons[i].nodes[j].class, commons[i].nodes[j].minor,
					       err);
			if (rc == 0)
				rc = devnodes_lack_last(nodes, caps, commons[i].nodes[j].path, err);
			if (rc < 0)
				return rc;
		}
		rc = devnodes_end(nodes, &part, commons[i].name, "/dev", err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- GPUs ---- */

/* "card0" and "renderD128", whose number is their minor. */
static int devices_add_drm_node(struct devnodes *nodes, const char *busid, const char *name,
				struct err *err)
{
	bool card = str_starts_with(name, "card");
	const char *digits = name + strlen(card ? "card" : "renderD");
	auto_free char *path = str_format("/dev/dri/%s", name);
	auto_free char *link =
		str_format("/dev/dri/by-path/pci-%s-%s", busid, card ? "card" : "render");
	auto_free char *text = str_format("../%s", name);
	uint64_t minor;
	int rc;

	if ((!card && !str_starts_with(name, "renderD")) ||
	    !str_to_u64(digits, strlen(digits), 10, DEVICES_MAX_MINOR, &minor))
		return 0;
	if (path == NULL || link == NULL || text == NULL)
		return err_nomem(err);
	rc = devnodes_add_node(nodes, path, DEVNODES_DRM, (int)minor, err);
	return rc <= 0 ? rc : devnodes_add_link(nodes, link, text, err);
}

static int devices_add_drm(struct devnodes *nodes, const struct gpu *gpu, struct err *err)
{
	const char *busid = procdriver_short_busid(gpu->busid);
	auto_free char *path = str_format(DEVICES_PCI "/%s/drm", busid);
	auto_done(strv) struct strv names = {0};
	int rc = path == NULL ? err_nomem(err)
			      : proctext_list(nodes->host, ROOT_MACHINE, path, "", &names, err);

	for (size_t i = 0; i < names.n && rc >= 0; i++)
		rc = devices_add_drm_node(nodes, busid, names.items[i], err);
	return rc < 0 ? rc : 0;
}

/* /proc/driver/nvidia/gpus/BUSID, whichever way the driver writes the domain. */
static int devices_add_proc(struct devnodes *nodes, size_t index, struct err *err)
{
	const char *busid = nodes->inv->driver.gpus.items[index].busid;
	const char *names[] = {busid, procdriver_short_busid(busid)};
	struct part part = devnodes_begin(nodes, PART_GPU_PROC);
	int rc = 0;

	part.gpu = index;
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		auto_free char *path = str_format(PROCDRIVER_DIR "/gpus/%s", names[i]);

		if (path == NULL)
			return err_nomem(err);
		rc = devnodes_add_object(nodes, ROOT_MACHINE, path, ITEM_DIR, err);
	}
	return rc < 0 ? rc : devnodes_end(nodes, &part, busid, PROCDRIVER_DIR "/gpus", err);
}

static int devices_add_gpu(struct devnodes *nodes, size_t index, struct err *err)
{
	const struct gpu *gpu = &nodes->inv->driver.gpus.items[index];
	auto_free char *path = str_format("/dev/nvidia%d", gpu->minor);
	struct part part = devnodes_begin(nodes, PART_GPU);
	int rc;

	if (path == NULL)
		return err_nomem(err);
	if (gpu->minor < 0)
		return gpu->kind == GPU_INTEGRATED
			       ? 0
			       : devnodes_lack(nodes, DRIVER_CAP_EVERY,
					       gpu->busid == NULL ? "a GPU" : gpu->busid,
					       "the number of its node is not known", err);
	part.gpu = index;
	rc = devnodes_add_node(nodes, path, DEVNODES_NVIDIA, gpu->minor, err);
	if (rc == 0)
		return devnodes_lack_last(nodes, DRIVER_CAP_EVERY, path, err);
	if (rc > 0 && gpu->busid != NULL)
		rc = devices_add_drm(nodes, gpu, err);
	if (rc >= 0)
		rc = devnodes_end(nodes, &part, path, "/dev", err);
	return rc < 0 || gpu->busid == NULL ? rc : devices_add_proc(nodes, index, err);
}

/* ---- MIG ---- */

/* The file that grants a capability, and its node where nodes grant. 1 = all of it is there. */
static int devices_add_cap(struct devnodes *nodes, const struct procdriver_cap *cap,
			   struct err *err)
{
	char file[PROCDRIVER_CAP_PATH];
	struct migcaps_node node;
	auto_free char *path = NULL;
	unsigned major;
	int rc;

	procdriver_cap_path(cap, file);
	rc = devnodes_add_object(nodes, ROOT_MACHINE, file, ITEM_FILE, err);
	if (rc <= 0 || !devnodes_major(nodes, DEVNODES_CAPS, &major))
		return rc;
	rc = migcaps_node(nodes->host, cap, &node, err);
	if (rc <= 0)
		return rc;
	path = str_format(MIGCAPS_NODES "%u", node.minor);
	if (path == NULL)
		return err_nomem(err);
	rc = devnodes_add_node(nodes, path, DEVNODES_CAPS, (int)node.minor, err);
	if (rc == 0)
		log_debug(nodes->host->log, "host", "'%s' of '%s' is not there", path, file);
	return rc;
}

static int devices_add_mig(struct devnodes *nodes, size_t index, struct err *err)
{
	const struct mig *mig = &nodes->inv->driver.migs.items[index];
	const struct gpu *gpu = &nodes->inv->driver.gpus.items[mig->gpu];
	struct procdriver_cap cap = {
		.kind = CAP_GI, .gpu = (unsigned)gpu->minor, .gi = mig->gi, .ci = mig->ci};
	struct part part = devnodes_begin(nodes, PART_MIG);
	auto_free char *name = str_format("MIG %u:%u of GPU %u", mig->gi, mig->ci, gpu->index);
	int rc = name == NULL ? err_nomem(err) : devices_add_cap(nodes, &cap, err);

	part.gpu = mig->gpu;
	part.mig = index;
	cap.kind = CAP_CI;
	if (rc > 0)
		rc = devices_add_cap(nodes, &cap, err);
	if (rc > 0)
		return devnodes_end(nodes, &part, name, PROCDRIVER_CAP_FILES, err);
	devnodes_drop(nodes, &part);
	return rc < 0 ? rc
		      : devnodes_lack(nodes, DRIVER_CAP_EVERY, name,
				      "one of its files or nodes is not there", err);
}

static int devices_add_mig_control(struct devnodes *nodes, struct err *err)
{
	static const struct {
		enum part_kind part;
		enum procdriver_cap_kind cap;
		const char *name;
	} controls[] = {{PART_MIG_CONFIG, CAP_CONFIG, "mig/config"},
			{PART_MIG_MONITOR, CAP_MONITOR, "mig/monitor"}};

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		const struct procdriver_cap cap = {.kind = controls[i].cap};
		struct part part = devnodes_begin(nodes, controls[i].part);
		int rc = devices_add_cap(nodes, &cap, err);

		if (rc > 0)
			rc = devnodes_end(nodes, &part, controls[i].name, PROCDRIVER_CAP_FILES,
					  err);
		else
			devnodes_drop(nodes, &part);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- IMEX ---- */

static int devices_add_channel(struct devnodes *nodes, const char *name, struct err *err)
{
	const char *digits = name + strlen(DEVICES_CHANNEL);
	auto_free char *path = str_format(DEVICES_CHANNELS "/%s", name);
	struct part part = devnodes_begin(nodes, PART_CHANNEL);
	uint64_t number;
	int rc;

	/* "channel01" is none: the number is the name */
	if ((digits[0] == '0' && digits[1] != '\0') ||
	    !str_to_u64(digits, strlen(digits), 10, DRIVER_MAX_CHANNELS - 1, &number))
		return 0;
	if (path == NULL)
		return err_nomem(err);
	part.number = (unsigned)number;
	rc = devnodes_add_node(nodes, path, DEVNODES_CHANNELS, (int)number, err);
	return rc <= 0 ? rc : devnodes_end(nodes, &part, name, DEVICES_CHANNELS, err);
}

static int devices_add_channels(struct devnodes *nodes, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	int rc = proctext_list(nodes->host, ROOT_DRIVER, DEVICES_CHANNELS, DEVICES_CHANNEL, &names,
			       err);

	for (size_t i = 0; i < names.n && rc >= 0; i++)
		rc = devices_add_channel(nodes, names.items[i], err);
	return rc < 0 ? rc : 0;
}

/* ---- all ---- */

static int devices_add_all(struct devnodes *nodes, struct err *err)
{
	const struct driver *driver = &nodes->inv->driver;
	int rc = devices_add_commons(nodes, err);

	for (size_t i = 0; i < driver->gpus.n && rc >= 0; i++)
		rc = devices_add_gpu(nodes, i, err);
	for (size_t i = 0; i < driver->migs.n && rc >= 0; i++)
		rc = devices_add_mig(nodes, i, err);
	if (rc >= 0)
		rc = devices_add_mig_control(nodes, err);
	return rc < 0 ? rc : devices_add_channels(nodes, err);
}

static int devices_add_dxg(struct devnodes *nodes, struct err *err)
{
	struct part part = devnodes_begin(nodes, PART_CONTROL);
	int rc = devnodes_add_misc(nodes, DEVICES_DXG, "dxg", err);

	return rc <= 0 ? rc : devnodes_end(nodes, &part, "dxg", "/dev", err);
}

/* Lists name the nodes of the GPU that they stand for. */
static bool devices_are_wanted(const struct inventory *inv)
{
	if (!inv->driver.loaded)
		return inv->driver.wsl;
	vec_each(gpu, &inv->driver.gpus)
	{
		if (gpu->kind == GPU_DISCRETE)
			return true;
	}
	return inv->files.n == 0;
}

int host_find_driver_nodes(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_done(devnodes) struct devnodes nodes = {.host = host};
	int rc;

	if (!devices_are_wanted(inv))
		return 0;
	rc = devnodes_open(&nodes, host, inv, err);
	if (rc == 0)
		rc = inv->driver.wsl ? devices_add_dxg(&nodes, err) : devices_add_all(&nodes, err);
	return rc < 0 ? rc : 0;
}
