/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/kmodnodes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "format/procdriver.h"
#include "host/devnodes.h"
#include "host/migcaps.h"
#include "host/procdriver.h"
#include "host/trust.h"
#include "sys/entry.h"
#include "sys/rootfs.h"

#define MODULE       "kmods"
#define MODE_DEFAULT 0666u /* of the driver */
#define DIR_MODE     0755u
#define CAPS_DIR     "nvidia-caps"
#define CHANNELS_DIR "nvidia-caps-imex-channels"
#define NAME_BYTES   32u

struct maker {
	const struct host *host;
	const struct devnodes *classes;
	int dev; /* the driver root's /dev */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool failed; /* one could not be made: the others could not either */
};

static void make(struct maker *maker, int dir, const char *name, dev_t rdev, mode_t mode)
{
	const struct entry_node node = {
		.rdev = rdev, .mode = mode, .uid = maker->uid, .gid = maker->gid};
	struct stat st;

	/* whatever it is: finding nodes says what is wrong with it */
	if (maker->failed || entry_stat(dir, name, &st) == 0)
		return;
	if (entry_make_node(dir, name, &node) == 0) {
		log_info(maker->host->log, MODULE, "made the node '%s' (%u:%u)", name, major(rdev),
			 minor(rdev));
	} else if (errno != EEXIST) { /* else somebody was faster */
		maker->failed = true;
		log_warn(maker->host->log, MODULE, "make the node '%s': %s", name, strerror(errno));
	}
}

/* A folder of nodes, made if need be; -1 if there is none. */
static int open_dir(struct maker *maker, const char *name)
{
	int fd = entry_open(maker->dev, name, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0 || errno != ENOENT || maker->failed)
		return fd;
	if (entry_make_dir(maker->dev, name, DIR_MODE) < 0 && errno != EEXIST) {
		log_warn(maker->host->log, MODULE, "make the folder '/dev/%s': %s", name,
			 strerror(errno));
		return -1;
	}
	return entry_open(maker->dev, name, O_PATH | O_DIRECTORY, 0);
}

static void make_control(struct maker *maker, const struct driver *driver)
{
	unsigned nvidia = 0;
	unsigned uvm;

	(void)devnodes_major(maker->classes, DEVNODES_NVIDIA, &nvidia);
	make(maker, maker->dev, "nvidiactl", makedev(nvidia, 255), maker->mode);
	make(maker, maker->dev, "nvidia-modeset", makedev(nvidia, 254), maker->mode);
	if (devnodes_major(maker->classes, DEVNODES_UVM, &uvm)) {
		make(maker, maker->dev, "nvidia-uvm", makedev(uvm, 0), maker->mode);
		make(maker, maker->dev, "nvidia-uvm-tools", makedev(uvm, 1), maker->mode);
	}
	vec_each(gpu, &driver->gpus)
	{
		char name[NAME_BYTES];

		if (gpu->minor < 0 || gpu->kind == GPU_INTEGRATED)
			continue;
		(void)snprintf(name, sizeof(name), "nvidia%d", gpu->minor);
		make(maker, maker->dev, name, makedev(nvidia, (unsigned)gpu->minor), maker->mode);
	}
}

static int make_cap(struct maker *maker, int dir, const struct procdriver_cap *cap, struct err *err)
{
	struct migcaps_node node;
	char name[NAME_BYTES];
	unsigned major;
	int rc = migcaps_node(maker->host, cap, &node, err);

	if (rc <= 0 || !node.modify || !devnodes_major(maker->classes, DEVNODES_CAPS, &major))
		return rc < 0 ? rc : 0;
	(void)snprintf(name, sizeof(name), "nvidia-cap%u", node.minor);
	make(maker, dir, name, makedev(major, node.minor), node.mode);
	return 0;
}

static int make_caps(struct maker *maker, const struct driver *driver, struct err *err)
{
	static const struct procdriver_cap control[] = {{.kind = CAP_CONFIG},
							{.kind = CAP_MONITOR}};
	unsigned major;
	auto_fd dir = devnodes_major(maker->classes, DEVNODES_CAPS, &major)
			      ? open_dir(maker, CAPS_DIR)
			      : -1;
	int rc = 0;

	if (dir < 0)
		return 0;
	for (size_t i = 0; i < sizeof(control) / sizeof(control[0]) && rc == 0; i++)
		rc = make_cap(maker, dir, &control[i], err);
	for (size_t i = 0; i < driver->migs.n && rc == 0; i++) {
		const struct mig *mig = &driver->migs.items[i];
		struct procdriver_cap cap = {.kind = CAP_GI, .gi = mig->gi, .ci = mig->ci};

		cap.gpu = (unsigned)driver->gpus.items[mig->gpu].minor;
		rc = make_cap(maker, dir, &cap, err);
		cap.kind = CAP_CI;
		if (rc == 0)
			rc = make_cap(maker, dir, &cap, err);
	}
	return rc;
}

static void make_channel(struct maker *maker)
{
	unsigned major;
	auto_fd dir = devnodes_major(maker->classes, DEVNODES_CHANNELS, &major)
			      ? open_dir(maker, CHANNELS_DIR)
			      : -1;

	if (dir >= 0)
		make(maker, dir, "channel0", makedev(major, 0), maker->mode);
}

/* False: the driver does not want its files to be made. */
static bool take_params(struct maker *maker, const char *params)
{
	size_t len = params == NULL ? 0 : strlen(params);
	uint64_t modify = 1;
	uint64_t mode = MODE_DEFAULT;
	uint64_t uid = 0;
	uint64_t gid = 0;

	if (params != NULL) {
		(void)procdriver_number(params, len, "ModifyDeviceFiles", 1, &modify);
		(void)procdriver_number(params, len, "DeviceFileMode", 0777, &mode);
		(void)procdriver_number(params, len, "DeviceFileUID", UINT32_MAX - 1, &uid);
		(void)procdriver_number(params, len, "DeviceFileGID", UINT32_MAX - 1, &gid);
	}
	maker->mode = (mode_t)mode;
	maker->uid = (uid_t)uid;
	maker->gid = (gid_t)gid;
	return modify != 0;
}

/* A node is made of whatever number stands there. What others can write, in a machine's folder,
 * could have the memory's or a disk's made for them. NULL, or the path that is not to be trusted.
 */
static const char *doubtful(const struct host *host)
{
	static const char params[] = PROCDRIVER_DIR "/params";
	static const char *const paths[] = {
		"/", "/proc", "/proc/devices", PROCDRIVER_DIR, params, PROCDRIVER_CAP_FILES,
	};
	struct trust trust;

	trust_init(&trust);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		auto_fd fd =
			rootfs_open(host->fds[ROOT_MACHINE], paths[i], O_PATH | O_NOFOLLOW, NULL);
		struct stat st;

		if (fd >= 0 && (fstat(fd, &st) < 0 || trust_fault(&trust, &st) != NULL))
			return paths[i];
	}
	return NULL;
}

int kmodnodes_make(const struct host *host, struct inventory *inv, bool channel, struct err *err)
{
	auto_done(devnodes) struct devnodes classes = {.host = host};
	auto_fd dev = rootfs_open(host->fds[ROOT_DRIVER], "/dev", O_PATH | O_DIRECTORY, NULL);
	struct maker maker = {.host = host, .classes = &classes, .dev = dev};
	const char *fault = doubtful(host);
	int rc;

	if (fault != NULL) {
		log_warn(host->log, MODULE, "no nodes are made: '%s' can be written by others",
			 fault);
		return 0;
	}
	rc = devnodes_open(&classes, host, inv, err);
	if (rc < 0)
		return rc;
	if (dev < 0 || !take_params(&maker, inv->driver.params)) {
		log_debug(host->log, MODULE, "no nodes are made: %s",
			  dev < 0 ? "the driver root has no /dev"
				  : "the driver's params say that files are not to be modified");
		return 0;
	}
	make_control(&maker, &inv->driver);
	rc = make_caps(&maker, &inv->driver, err);
	if (rc == 0 && channel)
		make_channel(&maker);
	return rc;
}
