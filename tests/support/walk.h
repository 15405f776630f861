/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything below a path, a directory before what is in it, by name: fts(3) for tests, which
 * musl does not have.
 */
#ifndef SUPPORT_WALK_H
#define SUPPORT_WALK_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
	/* error is an errno, for what vanished (st is NULL) or cannot be listed (after a call
	 * without an error), else 0 */
	void (*see)(const struct walk *walk, const char *path, const struct stat *st, int error);
	void *arg;
	bool one_device; /* directories of others are seen, but not what is in them */
	dev_t device;    /* that of the top, by walk_tree() */
};

static inline int walk_no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static inline int walk_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static inline void walk_from(const struct walk *walk, const char *path, const struct stat *st)
{
	struct dirent **entries = NULL;
	int n;

	walk->see(walk, path, st, 0);
	if (!S_ISDIR(st->st_mode) || (walk->one_device && st->st_dev != walk->device))
		return;
	n = scandir(path, &entries, walk_no_dots, walk_by_name);
	if (n < 0)
		walk->see(walk, path, st, errno);
	for (int i = 0; i < n; i++) {
		char *below = NULL;
		struct stat info;

		if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		if (lstat(below, &info) < 0)
			walk->see(walk, below, NULL, errno);
		else
			walk_from(walk, below, &info);
		free(below);
		free(entries[i]);
	}
	free(entries);
}

static inline void walk_tree(struct walk *walk, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		walk->see(walk, path, NULL, errno);
		return;
	}
	walk->device = st.st_dev;
	walk_from(walk, path, &st);
}

#endif
