/* SPDX-License-Identifier: Apache-2.0 */
/* The half of rootfs.h that looks for parents and makes them, with both implementations. */
#include "rootfs_tree.h"

struct parent_case {
	const char *path;
	const char *dir; /* NULL: code */
	const char *name;
	int code;
};

static const struct parent_case parent_cases[] = {
	{"/abs", ".", "abs", 0},
	{"new", ".", "new", 0},
	{"/rel/new", "a/b", "new", 0},
	{"/rel/new//", "a/b", "new", 0},
	{"/parent/parent/etc/x", "etc", "x", 0},
	{"/", NULL, NULL, EINVAL},
	{"", NULL, NULL, EINVAL},
	{"/a/..", NULL, NULL, EINVAL},
	{"/a/.", NULL, NULL, EINVAL},
	{"/missing/x", NULL, NULL, ENOENT},
	{"/etc/file/x", NULL, NULL, ENOTDIR},
	{"/escape/x", ".", "x", ENOENT},
};

static void check_parent(const struct tree *tree, const struct parent_case *tested)
{
	char name[NAME_MAX + 1] = "";
	auto_fd fd = rootfs_open_parent(tree->root, tested->path, name, NULL);
	struct stat got;
	struct stat want;

	if (tested->code != 0) {
		assert_int_equal(fd, -tested->code);
		return;
	}
	assert_true(fd >= 0);
	assert_string_equal(name, tested->name);
	must(fstat(fd, &got));
	must(fstatat(tree->root, tested->dir, &want, 0));
	assert_int_equal(got.st_ino, want.st_ino);
}

static void rootfs_parent_is_split_at_the_last_name(void **state)
{
	for (size_t i = 0; i < COUNT(parent_cases); i++)
		check_parent(*state, &parent_cases[i]);
	rootfs_force_walk(true);
	for (size_t i = 0; i < COUNT(parent_cases); i++)
		check_parent(*state, &parent_cases[i]);
}

struct made_list {
	char text[256];
	int stop_at; /* refuse the n-th */
	int n;
};

static int note_made(void *arg, int dirfd, const char *name, const char *path)
{
	struct made_list *made = arg;
	struct stat st;

	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0755);
	(void)strcat(made->text, path);
	(void)strcat(made->text, ";");
	return ++made->n == made->stop_at ? -ECANCELED : 0;
}

struct make_case {
	const char *path;
	const char *made;
	const char *dir; /* NULL: code */
	int code;
};

static const struct make_case make_cases[] = {
	{"/etc/x", "", "etc", 0},
	{"/new1/new2/x", "/new1;/new1/new2;", "new1/new2", 0},
	{"/new1/new2/y", "", "new1/new2", 0},
	{"rel/n//m/x", "rel/n;rel/n//m;", "a/b/n/m", 0},
	{"/new3/../new4/x", "/new3;/new3/../new4;", "new4", 0},
	{"/danglingdir/x", "", NULL, ENOENT},
	{"/dangling/x", "", NULL, ENOENT},
	{"/escape/x", "", NULL, ENOENT},
	{"/etc/file/x", "", NULL, ENOTDIR},
	{"/loop1/n/x", "", NULL, ELOOP},
	{"/../../n5/x", "/../../n5;", "n5", 0},
	{"/", "", NULL, EINVAL},
};

static void check_make(const struct tree *tree, const struct make_case *tested)
{
	struct made_list made = {.text = ""};
	char name[NAME_MAX + 1];
	auto_fd fd = rootfs_make_parent(tree->root, tested->path, note_made, &made, name, NULL);
	struct stat got;
	struct stat want;

	assert_string_equal(made.text, tested->made);
	if (tested->dir == NULL) {
		assert_int_equal(fd, -tested->code);
		return;
	}
	assert_true(fd >= 0);
	must(fstat(fd, &got));
	must(fstatat(tree->root, tested->dir, &want, 0));
	assert_int_equal(got.st_ino, want.st_ino);
}

static void make_table(const struct tree *tree)
{
	for (size_t i = 0; i < COUNT(make_cases); i++)
		check_make(tree, &make_cases[i]);
	assert_int_equal(faccessat(tree->root, "nowhere", F_OK, 0), -1);
	assert_int_equal(faccessat(tree->outside, "n5", F_OK, 0), -1);
}

static void rootfs_missing_directories_are_made_with_openat2(void **state)
{
	make_table(*state);
}

static void rootfs_missing_directories_are_made_with_walk(void **state)
{
	rootfs_force_walk(true);
	make_table(*state);
}

static void rootfs_make_stops_when_told(void **state)
{
	const struct tree *tree = *state;
	struct made_list made = {.stop_at = 2};
	char name[NAME_MAX + 1];

	assert_int_equal(
		rootfs_make_parent(tree->root, "/m1/m2/m3/x", note_made, &made, name, NULL),
		-ECANCELED);

	assert_int_equal(made.n, 2);
	assert_int_equal(faccessat(tree->root, "m1/m2/m3", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(rootfs_parent_is_split_at_the_last_name),
		TREE_TEST(rootfs_missing_directories_are_made_with_openat2),
		TREE_TEST(rootfs_missing_directories_are_made_with_walk),
		TREE_TEST(rootfs_make_stops_when_told),
	};

	(void)umask(022);
	return cmocka_run_group_tests_name("rootfs_make", tests, NULL, NULL);
}
