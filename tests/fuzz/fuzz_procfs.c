/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/sysmacros.h>

#include "apply/cgroup.h"
#include "apply/place.h"
#include "base/auto.h"
#include "base/procfs.h"

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

/* Told of a mount is the same whoever asks; without its line it counts as shared. */
static void check_mount_by_id(const char *text, size_t size)
{
	auto_free char *point = NULL;
	bool shared = true;

	if (procfs_mount_by_id(text, size, 22, &point, &shared, NULL) == 1 && point == NULL)
		abort();
	if (procfs_mount_is_shared(text, size, 22) != shared)
		abort();
}

/* Each line once: no byte of the text is in two places, none behind its end is read. */
static void check_next_mount(const char *text, size_t size)
{
	const char *rest = text;
	size_t len = size;
	size_t total = 0;

	for (;;) {
		auto_free char *point = NULL;
		size_t before = len;
		int r = procfs_next_mount(&rest, &len, &point, NULL);

		if (rest + len != text + size)
			abort();
		if (r <= 0)
			break;
		total += strlen(point);
		if (len >= before || total > size)
			abort();
	}
}

/* Whatever stands in front of it, a command's name too, changes no start time. */
static void check_start_time(const char *text, size_t size)
{
	static const char front[] = "1 (sh) S 1 2) Z\n";
	auto_free char *longer = malloc(sizeof(front) - 1 + size);
	uint64_t start = 7;
	uint64_t again = 7;
	int r = procfs_start_time(text, size, &start);

	if (longer == NULL)
		return;
	memcpy(longer, front, sizeof(front) - 1);
	if (size > 0)
		memcpy(longer + sizeof(front) - 1, text, size);
	if (r < 0 && start != 7)
		abort();
	if (r != -EINVAL &&
	    (procfs_start_time(longer, sizeof(front) - 1 + size, &again) != r || again != start))
		abort();
}

static void check_mount_id(const char *text, size_t size)
{
	uint64_t id = 7;
	char digits[32];

	if (!procfs_mount_id(text, size, &id)) {
		if (id != 7)
			abort();
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%" PRIu64, id);
	if (memmem(text, size, digits, strlen(digits)) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	unsigned major;

	if (procfs_char_major(text, size, "nvidia", &major) == 1 && major > 4095)
		abort();
	check_cgroup(text, size, "");
	check_cgroup(text, size, "devices");
	check_mount(text, size, "cgroup", "devices");
	check_mount(text, size, "cgroup2", NULL);
	check_mount_by_id(text, size);
	check_next_mount(text, size);
	check_below(text, size);
	check_start_time(text, size);
	check_mount_id(text, size);
	return 0;
}
