/* SPDX-License-Identifier: Apache-2.0 */
/* Boards in a temporary folder, for tests. */
#ifndef UNIT_TREE_H
#define UNIT_TREE_H

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum tree_kind { TREE_END, TREE_FILE, TREE_LINK, TREE_DIR, TREE_CHAR, TREE_BLOCK, TREE_FIFO };

struct tree_entry {
	enum tree_kind kind;
	const char *path; /* absolute inside the tree */
	const char *text; /* content of a file, text of a link; a node: MAJOR:MINOR, else 1:3 */
	mode_t mode;      /* 0 = 0644, 0755 or 0666 */
};

struct tree {
	char root[64];
	bool no_devices; /* mknod was refused */
};

static inline void tree_path(const struct tree *tree, const char *path, char *ret)
{
	/* a copy: for gcc the root may be as long as the struct around it, where ret may be */
	char root[sizeof(tree->root)];

	memcpy(root, tree->root, sizeof(root));
	(void)snprintf(ret, PATH_MAX, "%s%s", root, path);
}

static inline void tree_make_parents(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	tree_path(tree, path, full);
	for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			abort();
		*slash = '/';
	}
}

static inline void tree_write(const struct tree *tree, const char *path, const char *data,
			      size_t len, mode_t mode)
{
	char full[PATH_MAX];
	FILE *file;

	tree_make_parents(tree, path);
	tree_path(tree, path, full);
	file = fopen(full, "we");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0 ||
	    chmod(full, mode) < 0)
		abort();
}

static inline void tree_add(struct tree *tree, const struct tree_entry *entry)
{
	unsigned numbers[2];
	char full[PATH_MAX];
	int rc = 0;

	if (entry->text == NULL || sscanf(entry->text, "%u:%u", &numbers[0], &numbers[1]) != 2)
		numbers[0] = 1, numbers[1] = 3;
	tree_make_parents(tree, entry->path);
	tree_path(tree, entry->path, full);
	switch (entry->kind) {
	case TREE_FILE:
		tree_write(tree, entry->path, entry->text ? entry->text : "",
			   entry->text ? strlen(entry->text) : 0, entry->mode ? entry->mode : 0644);
		break;
	case TREE_LINK:
		rc = symlink(entry->text, full);
		break;
	case TREE_DIR:
		rc = mkdir(full, 0755);
		if (rc == 0 && entry->mode != 0)
			rc = chmod(full, entry->mode);
		break;
	case TREE_CHAR:
	case TREE_BLOCK:
		if (mknod(full, 0666 | (entry->kind == TREE_CHAR ? S_IFCHR : S_IFBLK),
			  makedev(numbers[0], numbers[1])) < 0)
			tree->no_devices = true;
		else if (chmod(full, entry->mode ? entry->mode : 0666) < 0)
			rc = -1;
		break;
	case TREE_FIFO:
		rc = mkfifo(full, 0644);
		break;
	case TREE_END:
		break;
	}
	if (rc < 0) {
		perror(full);
		abort();
	}
}

static inline void tree_make(struct tree *tree, const struct tree_entry *entries)
{
	*tree = (struct tree){.root = "/tmp/nvc-tree-XXXXXX"};
	(void)umask(022);
	if (mkdtemp(tree->root) == NULL || chmod(tree->root, 0755) < 0)
		abort();
	for (; entries != NULL && entries->kind != TREE_END; entries++)
		tree_add(tree, entries);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(struct tree *tree)
{
	if (tree->root[0] != '\0')
		(void)nftw(tree->root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	tree->root[0] = '\0';
}

#endif
