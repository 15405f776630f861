/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "format/elfnote.h"
#include "format/elfsection.h"
#include "oci/imagefile.h"
#include "oci/jdoc.h"
#include "sys/procself.h"
#include "sys/rootfs.h"
#include "sys/window.h"

#define LIBCUDA      "libcuda.so."
#define NOTE_SECTION ".note.cuda.fwd_compatibility"
#define NOTE_NAME    "NVIDIA Corporation"
#define NOTE_JSON    "the CUDA compatibility note"
#define MAX_BRANCHES 128u /* numbers in a list of the note */
#define MAX_VERSION  31u  /* bytes of a version */

struct reading {
	int rootfd;
	int dirfd; /* the folder, for reading names; borrowed */
	struct image_compat *compat;
	size_t n_cuda; /* files that are libcuda */
};

/* ---- the note ---- */

static bool is_version(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= MAX_VERSION && strspn(text, "0123456789.") == len;
}

static int take_numbers(const struct jdoc *doc, const char *key, struct strv *ret, struct err *err)
{
	const json_t *array;
	const json_t *one;
	size_t i;
	int rc = jdoc_get(doc, doc->root, key, JSON_ARRAY, &array, err);

	if (rc < 0 || array == NULL)
		return rc;
	if (json_array_size(array) > MAX_BRANCHES)
		return jdoc_fault(doc, key, "has too many numbers", err);
	json_array_foreach(array, i, one)
	{
		int64_t value;

		if (!jdoc_to_integer(one, 0, INT_MAX, &value))
			return jdoc_fault(doc, key, "is no list of numbers", err);
		if (strv_addf(ret, "%d", (int)value) < 0)
			return err_nomem(err);
	}
	return 0;
}

int compat_parse_note(const char *text, size_t len, struct image_compat *ret, struct err *err)
{
	auto_done(jdoc) struct jdoc doc = {.root = NULL};
	auto_free char *cuda = NULL;
	int rc = jdoc_load(NOTE_JSON, text, len, &doc, err);

	if (rc == 0)
		rc = jdoc_get_string(&doc, doc.root, "CUDA Version", &cuda, err);
	if (rc == 0 && cuda != NULL && !is_version(cuda))
		rc = jdoc_fault(&doc, "CUDA Version", "is no version", err);
	if (rc == 0)
		rc = take_numbers(&doc, "Driver", &ret->drivers, err);
	if (rc == 0)
		rc = take_numbers(&doc, "Device", &ret->devices, err);
	if (rc < 0)
		return rc;
	ret->cuda = take_ptr(&cuda);
	ret->noted = true;
	return 0;
}

static int set_fault(struct image_compat *compat, const char *text, struct err *err)
{
	if (compat->fault != NULL)
		return 0;
	compat->fault = strdup(text);
	return compat->fault == NULL ? err_nomem(err) : 0;
}

static int read_note(struct window *window, uint64_t size, struct image_compat *compat,
		     struct err *err)
{
	auto_done(elfsection) struct elfsection section = {.data = NULL};
	struct elfnote_form form;
	struct err fault = {0};
	const uint8_t *text;
	size_t len;
	int rc =
		elfsection_read(window_read, window, size, NOTE_SECTION, COMPAT_MAX_NOTE, &section);

	if (rc <= 0)
		return rc < 0 ? err_nomem(err) : 0;
	form = (struct elfnote_form){.is64 = section.is64, .big = section.big};
	text = elfnote_find(section.data, section.len, &form, NOTE_NAME, &len);
	if (text == NULL)
		return 0;
	/* strings of C end in one NUL or more, up to the alignment */
	while (len > 0 && text[len - 1] == '\0')
		len--;
	rc = compat_parse_note((const char *)text, len, compat, &fault);
	if (rc == -ENOMEM)
		return err_nomem(err);
	return rc < 0 ? set_fault(compat, fault.msg, err) : 0;
}

/* ---- the folder ---- */

/* As the shell would match libcuda.so.*.* */
static bool is_libcuda(const char *name)
{
	return str_starts_with(name, LIBCUDA) && strchr(name + strlen(LIBCUDA), '.') != NULL;
}

static bool is_library(const char *name)
{
	return str_starts_with(name, "lib") && strstr(name, ".so.") != NULL;
}

static int take_library(struct reading *reading, const char *name, struct elfinfo *info,
			struct err *err)
{
	struct image_library *library = vec_add(&reading->compat->libraries);

	if (library == NULL)
		return err_nomem(err);
	library->machine = info->machine;
	library->flags = info->flags;
	library->is64 = info->bits == 64;
	library->name = strdup(name);
	if (info->soname != NULL && path_is_name(info->soname))
		library->soname = take_ptr(&info->soname);
	return library->name == NULL ? err_nomem(err) : 0;
}

static int take_cuda(struct reading *reading, const char *name, struct imagefile *file,
		     struct err *err)
{
	struct image_compat *compat = reading->compat;
	int rc;

	if (reading->n_cuda++ > 0)
		return set_fault(compat, "there is more than one libcuda in it", err);
	compat->version = strdup(name + strlen(LIBCUDA));
	if (compat->version == NULL)
		return err_nomem(err);
	rc = read_note(&file->window, file->size, compat, err);
	if (rc == 0 && file->window.error != 0)
		rc = err_sys(err, file->window.error, "read the image's '%s'", name);
	return rc;
}

static int read_one(struct reading *reading, const char *name, struct err *err)
{
	auto_done(imagefile) struct imagefile file = {.fd = -1};
	int rc = imagefile_open(reading->dirfd, name, O_NOFOLLOW, &file, err);

	if (rc <= 0)
		return rc;
	if (is_libcuda(name)) {
		int taken = take_cuda(reading, name, &file, err);

		if (taken == 0 && rc < 2)
			taken = set_fault(reading->compat, "its libcuda is no library", err);
		if (taken < 0)
			return taken;
	}
	if (rc < 2 || reading->compat->libraries.n == COMPAT_MAX_LIBRARIES)
		return 0;
	return take_library(reading, name, &file.info, err);
}

/* Names in one order, whatever the file system gives. */
static int list_names(DIR *list, struct strv *ret, struct err *err)
{
	const struct dirent *entry;

	for (size_t i = 0; i < COMPAT_MAX_NAMES && (entry = readdir(list)) != NULL; i++) {
		if (is_library(entry->d_name) && strv_add(ret, entry->d_name) < 0)
			return err_nomem(err);
	}
	strv_sort(ret);
	return 0;
}

/* The folder's own path, links followed: what stands in the loader's cache must not depend on one.
 */
static int name_dir(struct reading *reading, const char *dir, struct err *err)
{
	char root[PATH_MAX];
	char path[PATH_MAX];
	const char *inside = dir;
	int proc = procself_dir(NULL);

	if (proc >= 0 && procself_path(proc, reading->rootfd, root, sizeof(root)) == 0 &&
	    procself_path(proc, reading->dirfd, path, sizeof(path)) == 0) {
		size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

		if (path_is_below(path, root) && path[len] == '/')
			inside = path + len;
	}
	reading->compat->dir = path_normal(inside);
	return reading->compat->dir == NULL ? err_nomem(err) : 0;
}

static int read_dir(struct reading *reading, DIR *list, const char *dir, struct err *err)
{
	auto_done(strv) struct strv names = {0};
	int rc = list_names(list, &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = read_one(reading, names.items[i], err);
	if (rc == 0 && reading->n_cuda > 0)
		rc = name_dir(reading, dir, err);
	return rc;
}

int compat_read(int rootfd, const char *dir, struct image_compat *ret, struct err *err)
{
	auto_done(image_compat) struct image_compat compat = {.dir = NULL};
	struct reading reading = {.rootfd = rootfd, .compat = &compat};
	auto_dir list = NULL;
	int rc = rootfs_list(rootfd, dir, &list, err);

	if (rc < 0 || list == NULL)
		return rc;
	reading.dirfd = dirfd(list);
	rc = read_dir(&reading, list, dir, err);
	if (rc < 0)
		return rc;
	*ret = compat;
	compat = (struct image_compat){.dir = NULL};
	return 0;
}
