/* SPDX-License-Identifier: Apache-2.0 */
/* A context of <nvc/nvc.h> on a board in a folder. Include cmocka.h first. */
#ifndef UNIT_APIWORLD_H
#define UNIT_APIWORLD_H

#include <nvc/nvc.h>

#include "tree.h"

#define LISTS "/etc/nvidia-container-runtime/host-files-for-container.d"
#define LIB   "/usr/lib/aarch64-linux-gnu/nvidia"

static const struct tree_entry board_entries[] = {
	{TREE_FILE, "/etc/nv_tegra_release",
	 "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic, EABI: aarch64, DATE: x\n", 0},
	{TREE_FILE, LISTS "/drivers.csv",
	 "lib, " LIB "/a.bin\nsym, " LIB "/link\nlib, " LIB "/no\n", 0},
	{TREE_FILE, LISTS "/more.csv", "lib, " LIB "/b.bin\nlib, /srv/x\nnonsense\n", 0},
	{TREE_FILE, LIB "/a.bin", "a", 0},
	{TREE_FILE, LIB "/b.bin", "b", 0},
	{TREE_LINK, LIB "/link", "a.bin", 0},
	/* whatever the build's defaults are */
	{TREE_FILE, "/config.toml",
	 "[nvidia-container-runtime.modes.csv]\nmount-spec-path = \"" LISTS "\"\n"
	 "[nvc]\nalt-roots = []\npath-map = []\n",
	 0},
	{TREE_FILE, "/bad.toml", "[nvc]\nlog-file = 3\n", 0},
	{TREE_DIR, "/proc/device-tree", NULL, 0},
	{0},
};

struct world {
	struct tree tree;
	struct nvc_context *ctx;
	struct nvc_inventory *inv;
	struct nvc_request *request;
	struct nvc_plan *plan;
	unsigned warnings;
	char last[512];
};

/* One of four buffers in turn. They are not in the struct: gcc 12 would see the path that is
 * printed and the buffer as one object, and warn (-Wrestrict). */
static inline const char *inside(const struct world *world, const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t n_paths;
	char *path = paths[n_paths++ % 4];

	tree_path(&world->tree, name, path);
	return path;
}

static inline void count_warnings(void *arg, enum nvc_log_level level, const char *module,
				  const char *text)
{
	struct world *world = arg;

	assert_non_null(module);
	assert_null(strchr(text, '\n'));
	if (level != NVC_LOG_WARNING)
		return;
	world->warnings++;
	(void)snprintf(world->last, sizeof(world->last), "%s", text);
}

static inline int world_setup(void **state)
{
	static const char soc[] = "nvidia,p3701-0005\0nvidia,tegra234";
	struct world *world = calloc(1, sizeof(*world));
	struct nvc_options options = {.size = sizeof(options),
				      .log = count_warnings,
				      .log_arg = world,
				      .log_level = NVC_LOG_WARNING};

	*state = world;
	assert_non_null(world);
	tree_make(&world->tree, board_entries);
	tree_write(&world->tree, "/proc/device-tree/compatible", soc, sizeof(soc), 0644);
	options.config = inside(world, "/config.toml");
	options.root = options.host_root = inside(world, "");
	assert_int_equal(nvc_open(&options, &world->ctx), 0);
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;

	nvc_plan_free(world->plan);
	nvc_request_free(world->request);
	nvc_inventory_free(world->inv);
	nvc_close(world->ctx);
	tree_remove(&world->tree);
	free(world);
	return 0;
}

static inline char *slurp(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "re");

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	(void)fclose(file);
	return text;
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#endif
