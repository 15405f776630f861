/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "expand.h"

#define ARCH "/usr/lib/aarch64-linux-gnu"

/*
 * path and text may hold one "*", which stands for the same word in both, and text one "@", the
 * board's library directory (tegra or nvidia). The first text whose target is on the board is
 * taken. Seen on boards of R32.3 to R36.4.
 */
static const struct {
	const char *path, *text;
} seen[] = {
	{"/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
	 "../../../lib/aarch64-linux-gnu/tegra-egl/nvidia.json"},
	{"/etc/vulkan/icd.d/nvidia_icd.json", ARCH "/@/nvidia_icd.json"},
	{"/etc/vulkan/icd.d/nvidia_icd.json", "/usr/lib/nvidia_icd.json"},
	{"/etc/vulkan/icd.d/nvidia_icd.json", "/usr/lib64/nvidia_icd.json"},
	{ARCH "/libnvcaffe_parser.so.*", "libnvparsers.so.*"},
	{ARCH "/libnvcaffe_parser.so*", "libnvparsers.so*"},
	{"/etc/alternatives/libcudnn", "/usr/include/aarch64-linux-gnu/cudnn_v8.h"},
	{"/etc/alternatives/cudnn_*_h", "/usr/include/aarch64-linux-gnu/cudnn_*_v8.h"},
	{"/usr/include/cudnn.h", "/etc/alternatives/libcudnn"},
	{"/usr/include/cudnn.h", "/usr/include/aarch64-linux-gnu/cudnn_v8.h"},
	{"/usr/include/cudnn_*.h", "/etc/alternatives/cudnn_*_h"},
	{"/usr/include/cudnn_*.h", "/usr/include/aarch64-linux-gnu/cudnn_*_v8.h"},
	{"/usr/include/*.h", "aarch64-linux-gnu/*.h"},
	{"/etc/alternatives/libcudnn_stlib", ARCH "/libcudnn_static_v8.a"},
	{"/etc/alternatives/libcudnn_so", ARCH "/libcudnn.so.8"},
	{"/etc/alternatives/libcudnn_*_stlib", ARCH "/libcudnn_*_static_v8.a"},
	{"/etc/alternatives/libcudnn_*_so", ARCH "/libcudnn_*.so.8"},
	{ARCH "/libcudnn.so", "/etc/alternatives/libcudnn_so"},
	{ARCH "/libcudnn_*.so", "/etc/alternatives/libcudnn_*_so"},
	{ARCH "/libcudnn_static.a", "/etc/alternatives/libcudnn_stlib"},
	{ARCH "/libcudnn_*_static.a", "/etc/alternatives/libcudnn_*_stlib"},
	{ARCH "/libv4l2.so.0", "libv4l2.so.0.0.999999"},
	{ARCH "/libv4l2.so.0.0.999999", "@/libnvv4l2.so"},
	{ARCH "/libv4lconvert.so.0.0.999999", "@/libnvv4lconvert.so"},
	{ARCH "/*/libv4l2.so.0", "libnvv4l2.so"},
	{ARCH "/*/libv4lconvert.so.0", "libnvv4lconvert.so"},
	{ARCH "/libv4l/plugins/nv/*", "../../../@/*"},
	{ARCH "/libv4l/plugins/*", "../../@/*"},
	{ARCH "/gbm/*", "../@/libnvidia-allocator.so"},
	{ARCH "/gbm/*", "../@/libnvidia-allocator.so.1"},
	{"/usr/lib/gbm/*", "../libnvidia-allocator.so"},
	{"/usr/lib/gbm/*", "../libnvidia-allocator.so.1"},
	{"/usr/lib64/gbm/*", "../libnvidia-allocator.so"},
	{"/usr/lib64/gbm/*", "../libnvidia-allocator.so.1"},
	{ARCH "/*/libdrm_nvdc.so", "libdrm.so.2"},
	{"/usr/lib/libdrm_nvdc.so", "tegra/libdrm.so.2"},
	{ARCH "/*/libgnat.so", "libgnat-24.so"},
	{"/usr/*/libgnat.so", "libgnat-24.so"},
	{ARCH "/*/libgnarl.so", "libgnarl-24.so"},
	{"/usr/*/libgnarl.so", "libgnarl-24.so"},
	{ARCH "/*/libgnat.so", "libgnat-25.so"},
	{"/usr/*/libgnat.so", "libgnat-25.so"},
	{ARCH "/*/libgnarl.so", "libgnarl-25.so"},
	{"/usr/*/libgnarl.so", "libgnarl-25.so"},
	{ARCH "/tegra", "nvidia"},
	{ARCH "/libcuda*", "@/libcuda*"},
	{ARCH "/lib*", "@/lib*"},
	{"/usr/local/cuda", "cuda-10.2"},
	{"/usr/local/cuda", "cuda-10.0"},
};

/* The word that "*" stands for in path; false: path is another one. */
static bool match(const char *pattern, const char *path, const char **word, size_t *len)
{
	const char *star = strchr(pattern, '*');
	size_t head, tail, all = strlen(path);

	*word = path;
	*len = 0;
	if (star == NULL)
		return strcmp(pattern, path) == 0;
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	if (all < head + tail || strncmp(path, pattern, head) != 0 ||
	    strcmp(path + all - tail, star + 1) != 0)
		return false;
	*word = path + head;
	*len = all - head - tail;
	return memchr(*word, '/', *len) == NULL;
}

static char *fill_in(const char *text, const char *word, size_t len, const char *dir)
{
	struct strbuf ret = {0};

	for (; *text != '\0'; text++) {
		if (*text == '*')
			strbuf_add(&ret, word, len);
		else if (*text == '@')
			strbuf_adds(&ret, dir);
		else
			strbuf_addc(&ret, *text);
	}
	return strbuf_take(&ret);
}

/* True if a link of that text leads to another object of the board. */
static bool leads_somewhere(const struct rows *rows, const struct object *link, const char *text)
{
	auto_free char *dir = path_dirname(link->path);
	auto_free char *target = dir == NULL ? NULL : path_join(dir, text);
	auto_free char *below = NULL;

	if (target == NULL || strcmp(target, link->path) == 0)
		return false;
	if (rows_find(rows, target) != NULL)
		return true;
	/* a directory that only lists of files make */
	below = str_format("%s/", target);
	vec_each(object, &rows->objects) if (below != NULL &&
					     str_starts_with(object->path, below)) return true;
	return false;
}

static int from_table(const struct rows *rows, struct object *link, const struct release *release)
{
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		const char *word;
		size_t len;
		char *text;

		if (!match(seen[i].path, link->path, &word, &len))
			continue;
		text = fill_in(seen[i].text, word, len, release->dir);
		if (text == NULL)
			return -ENOMEM;
		if (leads_somewhere(rows, link, text)) {
			link->text = text;
			return 1;
		}
		free(text);
	}
	return 0;
}

/* libX.so and libX.so.1 lead to the library of the same stem with the longest version, libX.so.1.1;
 * without one to the shorter libX.so, or to a driver's own version of it: libX.so.540.4.0. */
static int from_sibling(const struct rows *rows, struct object *link)
{
	const struct object *longest = NULL, *shorter = NULL, *versioned = NULL;
	const char *suffix = strstr(link->path, ".so.");
	size_t len = strlen(link->path);
	size_t stem = suffix == NULL ? len : (size_t)(suffix - link->path) + strlen(".so.");

	vec_each(object, &rows->objects)
	{
		size_t other = strlen(object->path);

		if (object->kind != OBJECT_FILE || !name_is_library(object->path))
			continue;
		if (other > len && strncmp(object->path, link->path, len) == 0 &&
		    object->path[len] == '.' && (longest == NULL || other >= strlen(longest->path)))
			longest = object;
		if (other < len && strncmp(object->path, link->path, other) == 0 &&
		    link->path[other] == '.')
			shorter = object;
		if (link->kind == OBJECT_LINK && suffix != NULL &&
		    strncmp(object->path, link->path, stem) == 0)
			versioned = object;
	}
	if (longest == NULL)
		longest = shorter != NULL ? shorter : versioned;
	if (longest == NULL)
		return 0;
	link->text = str_format("%s", path_basename(longest->path));
	return link->text == NULL ? -ENOMEM : 1;
}

/* A file row is a link on the board where it is an alternative, or the short name of a library
 * whose full name is in the lists too. */
static bool may_be_link(const struct object *object)
{
	return str_starts_with(object->path, "/etc/alternatives/") ||
	       str_starts_with(object->path, "/usr/include/cudnn") ||
	       str_starts_with(object->path, ARCH "/libcudnn");
}

int links_resolve(struct rows *rows, const struct release *release)
{
	vec_each(object, &rows->objects)
	{
		int r;

		if (object->kind != OBJECT_LINK &&
		    !(object->kind == OBJECT_FILE && may_be_link(object)))
			continue;
		r = from_table(rows, object, release);
		if (r == 0 && name_is_library(object->path))
			r = from_sibling(rows, object);
		if (r < 0)
			return r;
		if (r > 0)
			object->kind = OBJECT_LINK;
	}
	return 0;
}
