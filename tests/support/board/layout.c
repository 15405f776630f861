/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"

#define ARCH "/usr/lib/aarch64-linux-gnu"

/* Beginnings of the names that meta-tegra's passthrough tree holds; its folders are weston,
 * gstreamer-1.0, libv4l and tegra-egl. */
static const char *const passed_through[] = {"libgst",    "libv4l", "libnvv4l",
					     "libnvegl",  "libVk",  "libnvsample",
					     "libvulkan", "nvgst",  "ld.so.conf"};

static int each_word(const char *words, int (*take)(const char *word, struct layout *ret),
		     struct layout *ret, struct err *err)
{
	auto_free char *copy = strdup(words);
	char *save = NULL;

	if (copy == NULL)
		return err_nomem(err);
	for (char *word = strtok_r(copy, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save))
		if (take(word, ret) < 0)
			return err_set(err, EINVAL, "'%s' is none of the words of --help", word);
	return 0;
}

static int take_layout(const char *word, struct layout *ret)
{
	if (strcmp(word, "usrmerge") == 0)
		ret->merged_usr = true;
	else if (strcmp(word, "split") == 0)
		ret->merged_usr = false;
	else if (strcmp(word, "oe") == 0)
		ret->libdir = "/usr/lib";
	else if (strcmp(word, "oe64") == 0)
		ret->libdir = "/usr/lib64";
	else
		return -EINVAL;
	return 0;
}

int layout_parse(const char *words, const struct release *release, struct layout *ret,
		 struct err *err)
{
	ret->merged_usr = release->merged_usr;
	return words == NULL ? 0 : each_word(words, take_layout, ret, err);
}

static int take_part(const char *word, struct layout *ret)
{
	static const struct {
		const char *word;
		enum layout_part part;
	} parts[] = {
		{"lists", PART_LISTS},
		{"release", PART_RELEASE},
		{"release-more", PART_RELEASE_MORE},
		{"device-tree", PART_DEVICE_TREE},
		{"soc0", PART_SOC},
		{"chip-id", PART_CHIP_ID},
		{"ld-conf", PART_LD_CONF},
		{"objects", PART_OBJECTS},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].word, word) != 0)
			continue;
		ret->without |= (unsigned)parts[i].part;
		return 0;
	}
	return -EINVAL;
}

int layout_leave_out(const char *words, struct layout *ret, struct err *err)
{
	return words == NULL ? 0 : each_word(words, take_part, ret, err);
}

static bool is_passed_through(const char *name)
{
	for (size_t i = 0; i < sizeof(passed_through) / sizeof(passed_through[0]); i++)
		if (str_starts_with(name, passed_through[i]))
			return true;
	return false;
}

/* Below one of Debian's folders of the driver, or in the folder above: the rest of the path. */
static const char *driver_name(const struct release *release, const char *path)
{
	size_t len = strlen(release->dir);

	if (!str_starts_with(path, ARCH "/"))
		return NULL;
	path += strlen(ARCH "/");
	/* the folder's other name */
	if (strcmp(path, "tegra") == 0 || strcmp(path, "nvidia") == 0)
		return NULL;
	return strncmp(path, release->dir, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

char *layout_row(const struct layout *layout, const struct release *release, const char *path)
{
	const char *name = driver_name(release, path);

	if (layout->libdir == NULL || name == NULL || is_passed_through(path_basename(path)))
		return strdup(path);
	/* of what lies deeper only GBM's folder is OpenEmbedded's own */
	if (strchr(name, '/') != NULL && !str_starts_with(name, "gbm/"))
		return strdup(path);
	return str_format("%s/%s", layout->libdir, name);
}

char *layout_object(const struct layout *layout, const char *path)
{
	static const char *const merged[] = {"/lib/", "/bin/", "/sbin/", "/lib64/"};

	for (size_t i = 0; layout->merged_usr && i < sizeof(merged) / sizeof(merged[0]); i++)
		if (str_starts_with(path, merged[i]))
			return str_format("/usr%s", path);
	return strdup(path);
}

char *layout_place(const struct layout *layout, const char *path)
{
	if (layout->libdir != NULL && str_starts_with(path, ARCH "/"))
		return str_format("%s%s", LAYOUT_PASSTHROUGH, path);
	return strdup(path);
}
