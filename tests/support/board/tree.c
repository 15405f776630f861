/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "expand.h"
#include "file.h"
#include "stub.h"

/* What libraries of a real board need, by file name; those that the board lacks are left out. */
static const struct {
	const char *name;
	const char *needed[4];
} chains[] = {
	{"libcuda.so.1.1", {"libnvrm_gpu.so", "libnvos.so", "libnvrm.so"}},
	{"libnvrm_gpu.so", {"libnvrm.so", "libnvos.so"}},
	{"libnvrm.so", {"libnvos.so"}},
	{"libnvbufsurface.so.1.0.0", {"libnvrm.so", "libnvos.so"}},
	{"libnvargus.so", {"libnvos.so"}},
};

/* libX.so.1.2.3 has the SONAME libX.so.1; a name without a number, and a driver's own libraries
 * with the driver's version, have themselves. Those of CUDA had two numbers up to 10.0, and
 * one of them up to 10.2. */
static char *soname_of(const char *path, const struct release *release)
{
	const char *name = path_basename(path);
	const char *version = strstr(name, ".so.");
	size_t digits;

	if (version == NULL || strcmp(version + 4, release->driver) == 0)
		return strdup(name);
	digits = strcspn(version + 4, ".");
	if ((str_starts_with(path, "/usr/local/cuda-10.0/") ||
	     str_starts_with(name, "libcudart.so.10.")) &&
	    version[4 + digits] == '.')
		digits += 1 + strcspn(version + 4 + digits + 1, ".");
	return strndup(name, (size_t)(version + 4 - name) + digits);
}

static int add_needed(struct stub *stub, const struct tree *tree, const struct rows *rows,
		      const char *name)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		if (strcmp(chains[i].name, name) != 0)
			continue;
		for (size_t j = 0; j < 4 && chains[i].needed[j] != NULL; j++) {
			auto_free char *soname = soname_of(chains[i].needed[j], tree->release);

			if (soname == NULL)
				return -ENOMEM;
			if (rows_has_library(rows, chains[i].needed[j]) &&
			    strv_add(&stub->needed, soname) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int write_library(struct tree *tree, const struct rows *rows, const char *path,
			 struct err *err)
{
	const char *name = path_basename(path);
	auto_free char *soname = soname_of(path, tree->release);
	auto_fd file = file_create(tree->fd, path, err);
	struct stub stub = {.machine = tree->machine, .soname = soname};
	int r;

	if (file < 0)
		return file;
	stub.functions[stub.n_functions++] =
		(struct stub_function){"nvc_stub_id", STUB_RETURN, ++tree->libraries};
	if (str_starts_with(name, "libcuda.so")) {
		stub.functions[stub.n_functions++] =
			(struct stub_function){"cuInit", STUB_RETURN, 0};
		stub.functions[stub.n_functions++] = (struct stub_function){
			"cuDriverGetVersion", STUB_STORE, tree->release->cuda};
		stub.functions[stub.n_functions++] =
			(struct stub_function){"cuDeviceGetCount", STUB_STORE, 1};
	}
	if (soname == NULL || add_needed(&stub, tree, rows, name) < 0)
		r = err_nomem(err);
	else
		r = stub_write(file, &stub, err);
	strv_done(&stub.needed);
	return r < 0 ? err_wrap(err, "'%s'", path) : 0;
}

static int write_dir(struct tree *tree, const char *path, struct err *err)
{
	static const char *const names[] = {"first", "second"};
	auto_free char *link = str_format("%s/link", path);

	for (size_t i = 0; i < 2; i++) {
		auto_free char *file = str_format("%s/%s", path, names[i]);

		if (file == NULL)
			return err_nomem(err);
		if (file_write(tree->fd, file, names[i], strlen(names[i]), err) < 0)
			return -EIO;
	}
	if (link == NULL)
		return err_nomem(err);
	if (symlinkat("first", tree->fd, link + 1) < 0 && errno != EEXIST)
		return err_sys(err, errno, "link '%s'", link);
	tree->dirs++;
	return 0;
}

/* /dev/dri/by-path holds links to the nodes beside it. */
static int write_by_path(struct tree *tree, const char *path, struct err *err)
{
	static const char *const links[][2] = {
		{"platform-13e00000.host1x-card", "../card0"},
		{"platform-13e00000.host1x-render", "../renderD128"},
	};

	for (size_t i = 0; i < 2; i++) {
		auto_free char *link = str_format("%s/%s", path, links[i][0]);

		if (link == NULL)
			return err_nomem(err);
		if (file_make_parents(tree->fd, link, err) < 0)
			return -EIO;
		if (symlinkat(links[i][1], tree->fd, link + 1) < 0 && errno != EEXIST)
			return err_sys(err, errno, "link '%s'", link);
	}
	tree->dirs++;
	return 0;
}

int tree_write_node(struct tree *tree, const char *path, struct err *err)
{
	int r = file_make_parents(tree->fd, path, err);

	if (r < 0)
		return r;
	if (tree->no_nodes)
		return 0;
	if (mknodat(tree->fd, path + 1, S_IFCHR | 0666, makedev(tree->major, tree->minor)) < 0) {
		if (errno != EPERM)
			return err_sys(err, errno, "make the node '%s'", path);
		tree->nodes_failed++;
		return 0;
	}
	if (fchmodat(tree->fd, path + 1, 0666, 0) < 0)
		return err_sys(err, errno, "set the mode of '%s'", path);
	tree->minor++;
	tree->nodes++;
	return 0;
}

static int write_link(struct tree *tree, const struct object *object, struct err *err)
{
	int r;

	if (object->text == NULL) {
		tree->missing++;
		return 0;
	}
	r = file_make_parents(tree->fd, object->path, err);
	if (r < 0)
		return r;
	if (symlinkat(object->text, tree->fd, object->path + 1) < 0 && errno != EEXIST)
		return err_sys(err, errno, "link '%s'", object->path);
	tree->links++;
	return 0;
}

static int write_file(struct tree *tree, const struct rows *rows, const struct object *object,
		      struct err *err)
{
	auto_free char *text = NULL;

	if (name_is_library(object->path))
		return write_library(tree, rows, object->path, err);
	text = str_format("%s\n", object->path);
	if (text == NULL)
		return err_nomem(err);
	tree->files++;
	return file_write(tree->fd, object->path, text, strlen(text), err);
}

static int write_object(struct tree *tree, const struct rows *rows, const struct object *object,
			struct err *err)
{
	auto_free char *path = layout_place(&tree->layout, object->path);
	const struct object placed = {object->kind, path, object->text};

	if (path == NULL)
		return err_nomem(err);
	switch (object->kind) {
	case OBJECT_FILE:
		return write_file(tree, rows, &placed, err);
	case OBJECT_DIR:
		if (str_ends_with(path, "/by-path"))
			return write_by_path(tree, path, err);
		return write_dir(tree, path, err);
	case OBJECT_NODE:
		return tree_write_node(tree, path, err);
	case OBJECT_LINK:
		return write_link(tree, &placed, err);
	}
	return 0;
}

static int write_layout(struct tree *tree, struct err *err)
{
	static const char *const names[] = {"bin", "lib", "lib64", "sbin"};

	if (mkdirat(tree->fd, "usr", 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make '/usr'");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *own = str_format("usr/%s", names[i]);

		if (own == NULL)
			return err_nomem(err);
		if ((mkdirat(tree->fd, own, 0755) < 0 && errno != EEXIST) ||
		    ((tree->layout.merged_usr ? symlinkat(own, tree->fd, names[i])
					      : mkdirat(tree->fd, names[i], 0755)) < 0 &&
		     errno != EEXIST))
			return err_sys(err, errno, "make '/%s'", own);
	}
	return 0;
}

int tree_write_objects(struct tree *tree, const struct rows *rows, struct err *err)
{
	int r = write_layout(tree, err);

	if ((tree->layout.without & PART_OBJECTS) != 0)
		return r;
	for (size_t i = 0; r == 0 && i < rows->objects.n; i++)
		r = write_object(tree, rows, &rows->objects.items[i], err);
	return r;
}
