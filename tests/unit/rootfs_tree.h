/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a root in it and things around the root that must never be reached. */
#ifndef TESTS_ROOTFS_TREE_H
#define TESTS_ROOTFS_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sys/rootfs.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tree {
	char path[64];
	int outside; /* the folder around the root */
	int root;
};

static inline void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", strerror(errno));
}

static inline void put(int dirfd, const char *name, const char *text)
{
	auto_fd fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static const char *const tree_dirs[] = {"etc", "a", "a/b", "a/b/c", "usr", "usr/lib", "deep"};

static const struct {
	const char *text;
	const char *name;
} tree_links[] = {
	{"/etc/file", "abs"},
	{"a/b", "rel"},
	{"../../../../../../etc/file", "a/b/up"},
	{"/../../secret", "escape"},
	{"../secret", "a/escape2"},
	{"../../../secret", "a/b/escape3"},
	{"loop2", "loop1"},
	{"loop1", "loop2"},
	{"/nowhere/file", "dangling"},
	{"/nowhere", "danglingdir"},
	{"a/../a/./b//c/", "messy"},
	{"..", "parent"},
	{"/", "slash"},
	{"self", "deep/self"},
	{"file", "etc/link"},
};

static inline int tree_make(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	(void)snprintf(tree->path, sizeof(tree->path), "/tmp/nvc-test-rootfs-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->outside = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(tree->outside);
	must(mkdirat(tree->outside, "root", 0755));
	must(mkdirat(tree->outside, "root-evil", 0755));
	put(tree->outside, "secret", "outside\n");
	put(tree->outside, "root-evil/secret", "outside\n");
	tree->root = openat(tree->outside, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(tree->root);
	for (size_t i = 0; i < COUNT(tree_dirs); i++)
		must(mkdirat(tree->root, tree_dirs[i], 0755));
	put(tree->root, "etc/file", "inside\n");
	for (size_t i = 0; i < COUNT(tree_links); i++)
		must(symlinkat(tree_links[i].text, tree->root, tree_links[i].name));
	must(mkfifoat(tree->root, "fifo", 0644));
	*state = tree;
	return 0;
}

static inline int tree_remove(void **state)
{
	struct tree *tree = *state;
	pid_t pid;

	rootfs_force_walk(false);
	(void)close(tree->root);
	(void)close(tree->outside);
	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/rm", "rm", "-rf", tree->path, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	free(tree);
	return 0;
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

#endif
