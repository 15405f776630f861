/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/sysmacros.h>

#include "apply/cgroup.h"
#include "apply/place.h"
#include "base/auto.h"
#include "format/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cgroup(const char *text, size_t size, const char *controller)
{
	auto_free char *path = NULL;

	if (procfs_cgroup_path(text, size, controller, &path, NULL) == 1 &&
	    (path[0] != '/' || strstr(path, "/../") != NULL))
		abort();
}

/* What is seen of a cgroup below a mount is the end of its path. */
static void check_below(const char *text, size_t size)
{
	auto_free char *root = strndup(text, size);
	const char *below;
	char *path;

	if (root == NULL)
		return;
	(void)place_mounts_have(root, makedev(0, 22));
	path = root + strcspn(root, "\n");
	if (*path != '\0')
		*path++ = '\0';
	below = cgroup_below_mount(path, root);
	if (below != NULL && strcmp(below, "/") != 0 &&
	    (below < path || below > path + strlen(path)))
		abort();
}

static void check_mount(const char *text, size_t size, const char *fstype, const char *option)
{
	auto_free char *point = NULL;
	auto_free char *root = NULL;

	if (procfs_find_mount(text, size, fstype, option, &point, &root, NULL) == 1 &&
	    (point == NULL || root == NULL))
		abort();
}

static void check_mount_by_id(const char *text, size_t size)
{
	auto_free char *point = NULL;
	bool shared;

	if (procfs_mount_by_id(text, size, 22, &point, &shared, NULL) == 1 && point == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct err err;
	uint64_t start;
	uint32_t id;
	unsigned major;

	if (procfs_char_major(text, size, "nvidia", &major) == 1 && major > 4095)
		abort();
	check_cgroup(text, size, "");
	check_cgroup(text, size, "devices");
	check_mount(text, size, "cgroup", "devices");
	check_mount(text, size, "cgroup2", NULL);
	check_mount_by_id(text, size);
	check_below(text, size);
	(void)procfs_map_root(text, size, &id, &err);
	(void)procfs_map_is_initial(text, size);
	(void)procfs_start_time(text, size, &start, &err);
	return 0;
}
