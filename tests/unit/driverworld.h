/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with NVIDIA's driver, in a folder: what the kernel would tell, and stand-ins of the
 * driver's libraries (tests/support/nvml). Include cmocka.h first.
 */
#ifndef UNIT_DRIVERWORLD_H
#define UNIT_DRIVERWORLD_H

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/err.h"
#include "host/host.h"
#include "model/inventory.h"
#include "tree.h"
#include "where.h"

#define DRIVERWORLD_NVML where_built("/support/nvml/libnvidia-ml.so.1")

#define UUID_0 "GPU-00000000-1111-2222-3333-444444444444"
#define UUID_1 "GPU-00000001-1111-2222-3333-444444444444"
#define MIG_0  "MIG-00000000-aaaa-bbbb-cccc-444444444444"
#define MIG_1  "MIG-00000001-aaaa-bbbb-cccc-444444444444"

#define VERSIONS "driver 550.54.15\ncuda 12.4\n"
#define GPU_0(mig)                                                                                 \
	"gpu minor=0 busid=00000000:01:00.0 uuid=" UUID_0 " brand=14 compute=9.0 mig=" mig         \
	" name=NVIDIA H200\n"
#define GPU_1                                                                                      \
	"gpu minor=1 busid=00000000:41:00.0 uuid=" UUID_1 " brand=5 compute=8.6 mig=none "         \
	"name=NVIDIA GeForce RTX 3090\n"
#define MIGS                                                                                       \
	"mig gpu=0 index=0 gi=1 ci=0 uuid=" MIG_0 "\nmig gpu=0 index=1 gi=2 ci=0 uuid=" MIG_1 "\n"
#define TWO_GPUS VERSIONS GPU_0("none") GPU_1

struct driverworld {
	struct tree tree;
	struct settings *settings;
	struct host host;
	struct inventory *inv;
	struct log log;
	char said[4096]; /* what came to the log, a line each, from info up */
	struct err err;
};

static inline void driverworld_hear(void *arg, enum log_level level, const char *module,
				    const char *text)
{
	struct driverworld *world = arg;
	size_t len = strlen(world->said);

	(void)module;
	if (level <= LOG_LEVEL_INFO)
		(void)snprintf(world->said + len, sizeof(world->said) - len, "%s\n", text);
}

static inline void driverworld_copy(const struct driverworld *world, const char *from,
				    const char *to)
{
	static char bytes[4u << 20];
	FILE *file = fopen(from, "re");
	size_t n;

	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	assert_true(n > 0 && n < sizeof(bytes));
	(void)fclose(file);
	tree_write(&world->tree, to, bytes, n, 0755);
}

static inline void driverworld_set(char **setting, const char *value)
{
	free(*setting);
	*setting = strdup(value);
	assert_non_null(*setting);
}

/* What the stand-ins do from now on. */
static inline void driverworld_rule(const struct driverworld *world, const char *text)
{
	tree_write(&world->tree, "/etc/stand-in-nvml", text, strlen(text), 0644);
}

/* Nothing known but the version of the driver. */
static inline void driverworld_forget(struct driverworld *world)
{
	inventory_free(world->inv);
	world->inv = inventory_new();
	assert_non_null(world->inv);
	world->inv->driver.loaded = true;
	assert_int_equal(fact_set(&world->inv->driver.version, "550.54.15", "/proc"), 0);
	world->said[0] = '\0';
	world->err = (struct err){0};
}

static inline struct gpu *driverworld_know(struct driverworld *world, const char *busid, int minor)
{
	struct gpu *gpu = vec_add(&world->inv->driver.gpus);

	assert_non_null(gpu);
	gpu->index = (unsigned)(world->inv->driver.gpus.n - 1);
	gpu->kind = busid == NULL ? GPU_INTEGRATED : GPU_DISCRETE;
	gpu->minor = minor;
	gpu->busid = busid == NULL ? NULL : strdup(busid);
	gpu->source = strdup("/proc");
	return gpu;
}

static inline int driverworld_ask(struct driverworld *world)
{
	world->err = (struct err){0};
	return host_ask_driver(&world->host, world->inv, &world->err);
}

static inline void driverworld_make(struct driverworld *world, const char *rule)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, "/proc/driver/nvidia/version", "NVRM version: 550.54.15\n", 0},
		{TREE_FILE, "/proc/sys/kernel/random/boot_id", "11111111-2222\n", 0},
		{TREE_END, NULL, NULL, 0},
	};
	char path[PATH_MAX];

	memset(world, 0, sizeof(*world));
	tree_make(&world->tree, entries);
	driverworld_copy(world, DRIVERWORLD_NVML, "/usr/lib64/libnvidia-ml.so.1");
	driverworld_copy(world, where_built("/support/nvml/libcuda.so.1"),
			 "/usr/lib64/libcuda.so.1");
	driverworld_rule(world, rule);
	world->settings = settings_new();
	assert_non_null(world->settings);
	driverworld_set(&world->settings->root, world->tree.root);
	driverworld_set(&world->settings->host_root, world->tree.root);
	driverworld_set(&world->settings->driver_program, where_built("/programs/nvc-driver"));
	tree_path(&world->tree, "/cache", path);
	driverworld_set(&world->settings->cache_dir, path);
	world->settings->driver_cache = false;
	world->log = (struct log){LOG_LEVEL_DEBUG, driverworld_hear, world};
	assert_int_equal(host_open(&world->host, world->settings, &world->log, &world->err), 0);
	driverworld_forget(world);
}

static inline void driverworld_done(struct driverworld *world)
{
	host_close(&world->host);
	inventory_free(world->inv);
	settings_free(world->settings);
	tree_remove(&world->tree);
}

/** No child is left. One that was killed and given up may still be dying on a busy machine: it is
 *  waited for, and a signal has ended it. */
static inline void driverworld_no_child(void)
{
	int status;

	while (waitpid(-1, &status, 0) > 0)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(errno, ECHILD);
}

/* chroot(2) takes it. */
static inline void driverworld_need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: not root\n");
	skip();
}

#endif
