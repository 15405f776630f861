/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/kmods.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/kmodnodes.h"
#include "base/auto.h"
#include "base/str.h"
#include "base/strv.h"
#include "format/procdriver.h"
#include "host/devnodes.h"
#include "host/pcidevs.h"
#include "host/procdriver.h"
#include "host/proctext.h"
#include "host/trust.h"
#include "sys/child.h"
#include "sys/jail.h"
#include "sys/rootfs.h"

#define MODULE        "kmods"
#define MODPROBE      "/sbin/modprobe"
#define NOT_EXECUTED  125
#define KMODS_VERSION PROCDRIVER_DIR "/version"
#define KMODS_MODESET "/sys/module/nvidia_modeset"

static bool is_there(const struct host *host, unsigned root, const char *path)
{
	auto_fd fd = rootfs_open(host->fds[root], path, O_PATH | O_NOFOLLOW, NULL);

	return fd >= 0;
}

static bool has_card(const struct host *host)
{
	auto_done(strv) struct strv cards = {0};

	return pcidevs_find(host, &cards, NULL) > 0 && cards.n > 0;
}

/* GPUs are divided at any time, and each part has nodes of its own. */
static bool has_mig(const struct host *host)
{
	auto_done(strv) struct strv gpus = {0};

	return proctext_list(host, ROOT_MACHINE, PROCDRIVER_CAP_FILES, "gpu", &gpus, NULL) > 0 &&
	       gpus.n > 0;
}

bool kmods_are_missing(const struct host *host)
{
	/* what uses a card makes its own nodes first, uvm's when CUDA starts */
	if (is_there(host, ROOT_MACHINE, KMODS_VERSION))
		return !is_there(host, ROOT_DRIVER, "/dev/nvidia-uvm-tools") ||
		       !is_there(host, ROOT_DRIVER, "/dev/nvidia-modeset") || has_mig(host);
	return has_card(host);
}

/* ---- modules ---- */

struct modprobe {
	int rootfd;
	const char *module;
};

static int run_modprobe(void *arg)
{
	const struct modprobe *modprobe = arg;
	char program[] = MODPROBE;
	char module[32] = "";
	char *const argv[] = {program, module, NULL};
	struct err err = {0};

	memcpy(module, modprobe->module, strlen(modprobe->module));
	(void)jail_exec_below(modprobe->rootfd, MODPROBE, argv, &err);
	/* standard error is the way to the parent, which makes a log line of it */
	(void)!write(STDERR_FILENO, err.msg, strlen(err.msg));
	return NOT_EXECUTED;
}

/* Modules go into the one kernel there is: a board in a folder may only bring a program of its own.
 */
static bool is_real(const struct host *host)
{
	return str_equal(host->paths[ROOT_MACHINE], "/") ||
	       str_equal(host->paths[ROOT_MACHINE], host->paths[ROOT_DRIVER]);
}

/* Whoever could write it would have the machine. */
static bool may_run(const struct host *host)
{
	auto_fd fd = rootfs_open(host->fds[ROOT_DRIVER], MODPROBE, O_PATH, NULL);
	struct trust trust;
	const char *fault;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		log_debug(host->log, MODULE, "the driver root has no '%s'", MODPROBE);
		return false;
	}
	trust_init(&trust);
	fault = trust_fault(&trust, &st);
	if (fault != NULL)
		log_warn(host->log, MODULE, "'%s' %s: it is not run", MODPROBE, fault);
	return fault == NULL;
}

static void cut_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

static int load(const struct host *host, const char *module, struct err *err)
{
	struct modprobe modprobe = {host->fds[ROOT_DRIVER], module};
	struct child_result result = {0};
	struct err failed = {0};
	int rc = child_run(run_modprobe, &modprobe, 0, KMODS_DEADLINE, &result, &failed);

	if (rc == -ENOMEM)
		return err_nomem(err);
	cut_line(result.output);
	if (rc < 0)
		log_warn(host->log, MODULE, "load the kernel module '%s': %s", module, failed.msg);
	else if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0)
		log_warn(host->log, MODULE, "the kernel module '%s' is not loaded: %s", module,
			 result.output[0] == '\0' ? "modprobe does not say why" : result.output);
	else
		log_info(host->log, MODULE, "the kernel module '%s' was loaded", module);
	return 0;
}

static bool has_uvm(const struct host *host)
{
	auto_done(devnodes) struct devnodes nodes = {.host = host};
	unsigned major;

	return devnodes_open(&nodes, host, NULL, NULL) == 0 &&
	       devnodes_major(&nodes, DEVNODES_UVM, &major);
}

static int load_missing(const struct host *host, struct err *err)
{
	bool loaded = is_there(host, ROOT_MACHINE, KMODS_VERSION);
	bool uvm = loaded && has_uvm(host);
	bool modeset = loaded && is_there(host, ROOT_MACHINE, KMODS_MODESET);
	int rc = 0;

	if ((loaded && uvm && modeset) || !is_real(host) || !may_run(host))
		return 0;
	if (!loaded)
		rc = load(host, "nvidia", err);
	/* the others want the first one */
	if (rc < 0 || !is_there(host, ROOT_MACHINE, KMODS_VERSION))
		return rc;
	if (!uvm)
		rc = load(host, "nvidia-uvm", err);
	if (rc == 0 && !modeset)
		rc = load(host, "nvidia-modeset", err);
	return rc;
}

/* ---- both ---- */

static bool may_act(void)
{
	struct trust trust;

	trust_init(&trust);
	return trust.uid == 0 && !trust.confined;
}

static bool has_discrete(const struct inventory *inv)
{
	vec_each(gpu, &inv->driver.gpus)
	{
		if (gpu->kind == GPU_DISCRETE)
			return true;
	}
	return false;
}

static int make_nodes(const struct host *host, bool channel, struct err *err)
{
	struct inventory *inv = inventory_new();
	int rc = inv == NULL ? err_nomem(err) : procdriver_read(host, inv, err);

	/* a Tegra's own GPU has the nodes that its boot made */
	if (rc == 0 && has_discrete(inv))
		rc = kmodnodes_make(host, inv, channel, err);
	inventory_free(inv);
	return rc;
}

int kmods_load(const struct host *host, bool channel, struct err *err)
{
	int rc;

	if (!may_act() || !has_card(host))
		return 0;
	rc = load_missing(host, err);
	return rc < 0 ? rc : make_nodes(host, channel, err);
}
