/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/conffile.h"
#include "sys/io.h"
#include "sys/rootfs.h"
#include "tree.h"

#define MAX 64 /* bytes of a file of these tests */

static const struct conffile_copy copy = {.suffix = ".bak"};

static const struct tree_entry entries[] = {
	{TREE_FILE, "/etc/x/plain", "old", 0640},
	{TREE_FILE, "/etc/x/empty", "", 0},
	{TREE_FILE, "/etc/x/large",
	 "0123456789012345678901234567890123456789012345678901234567890123x", 0},
	{TREE_FILE, "/data/real", "real", 0},
	{TREE_LINK, "/etc/x/absolute", "/data/real", 0},
	{TREE_LINK, "/etc/x/relative", "../../data/real", 0},
	{TREE_LINK, "/etc/x/twice", "relative", 0},
	{TREE_LINK, "/etc/x/above", "../../../../../../data/real", 0},
	{TREE_LINK, "/etc/x/dangling", "../../data/new", 0},
	{TREE_LINK, "/etc/x/nowhere", "/no/such/folder/new", 0},
	{TREE_LINK, "/etc/x/loop", "loop", 0},
	{TREE_LINK, "/etc/linked", "../usr/deep/folder", 0},
	{TREE_FILE, "/usr/deep/data", "from linked folder", 0},
	{TREE_LINK, "/usr/deep/folder/up", "../data", 0},
	{TREE_FIFO, "/etc/x/fifo", NULL, 0},
	{TREE_DIR, "/etc/x/folder", NULL, 0},
	{TREE_END, NULL, NULL, 0},
};

struct world {
	struct tree tree;
	int root;
};

static int setup(void **state)
{
	static struct world world;

	tree_make(&world.tree, entries);
	world.root = open(world.tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = &world;
	return world.root < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	(void)close(world->root);
	tree_remove(&world->tree);
	return 0;
}

static void check_content(const struct world *world, const char *path, const char *expected)
{
	auto_free char *text = NULL;
	size_t len;

	assert_int_equal(rootfs_read(world->root, path, MAX, &text, &len, NULL), 0);
	assert_string_equal(text, expected);
}

static void conffile_is_found_behind_links_in_its_root(void **state)
{
	static const struct {
		const char *path;
		const char *text; /* NULL = it is not there */
	} cases[] = {
		{"/etc/x/plain", "old"},     {"etc/x/plain", "old"},
		{"/etc/x/empty", ""},        {"/etc/x/absolute", "real"},
		{"/etc/x/relative", "real"}, {"/etc/x/twice", "real"},
		{"/etc/x/above", "real"},    {"/etc/linked/up", "from linked folder"},
		{"/etc/x/missing", NULL},    {"/etc/x/dangling", NULL},
		{"/etc/x/nowhere", NULL},    {"/no/folder", NULL},
	};
	const struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(conffile) struct conffile file = CONFFILE_NONE;

		assert_int_equal(conffile_open(world->root, cases[i].path, MAX, &file, NULL), 0);
		if (cases[i].text == NULL)
			assert_null(file.text);
		else
			assert_string_equal(file.text, cases[i].text);
	}
}

static void conffile_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *path;
		int rc;
	} cases[] = {
		{"/etc/x/large", -EFBIG},   {"/etc/x/loop", -ELOOP},      {"/etc/x/fifo", -EINVAL},
		{"/etc/x/folder", -EINVAL}, {"/etc/x/plain/x", -ENOTDIR}, {"/etc/x/..", -EINVAL},
	};
	const struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(conffile) struct conffile file = CONFFILE_NONE;
		struct err err = {0};

		assert_int_equal(conffile_open(world->root, cases[i].path, MAX, &file, &err),
				 cases[i].rc);
		assert_int_equal(err.code, -cases[i].rc);
	}
}

static void conffile_write_keeps_mode_owner_and_the_old_content(void **state)
{
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	struct stat st;

	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(file.dirfd, "plain", 3, 4, 0), 0);
		assert_int_equal(fstatat(file.dirfd, "plain", &file.st, 0), 0);
	}
	assert_int_equal(conffile_write(&file, "new", 3, &copy, NULL), 0);

	check_content(world, "/etc/x/plain", "new");
	check_content(world, "/etc/x/plain.bak", "old");
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "plain" : "plain.bak";

		assert_int_equal(fstatat(file.dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0640);
		assert_int_equal(st.st_uid, file.st.st_uid);
		assert_int_equal(st.st_gid, file.st.st_gid);
	}
}

static void conffile_write_leaves_an_earlier_copy(void **state)
{
	static const struct conffile_copy first = {.suffix = ".bak", .first = true};
	const struct world *world = *state;

	for (int i = 0; i < 2; i++) {
		auto_done(conffile) struct conffile file = CONFFILE_NONE;

		assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
		assert_int_equal(conffile_write(&file, i == 0 ? "one" : "two", 3, &first, NULL), i);
	}
	check_content(world, "/etc/x/plain", "two");
	check_content(world, "/etc/x/plain.bak", "old");
}

/* rw for the owner, r for user 1234, the group and the mask; linux/posix_acl_xattr.h */
static const unsigned char access_list[] = {
	2,    0, 0, 0,                         /* version */
	1,    0, 6, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
	2,    0, 4, 0, 0xd2, 0x04, 0,    0,    /* user */
	4,    0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* group */
	0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* mask */
	0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
};

static bool has_attribute(int dirfd, const char *name, const char *attribute, const void *value,
			  size_t len)
{
	auto_fd fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	char found[64];

	assert_true(fd >= 0);
	return fgetxattr(fd, attribute, found, sizeof(found)) == (ssize_t)len &&
	       memcmp(found, value, len) == 0;
}

static void conffile_write_keeps_access_list_and_attributes(void **state)
{
	static const char acl[] = "system.posix_acl_access";
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_fd fd = rootfs_open(world->root, "/etc/x/plain", O_RDONLY, NULL);

	if (fsetxattr(fd, acl, access_list, sizeof(access_list), 0) < 0 ||
	    fsetxattr(fd, "user.origin", "here", 4, 0) < 0) {
		assert_int_equal(errno, ENOTSUP);
		skip();
	}
	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	assert_int_equal(conffile_write(&file, "new", 3, &copy, NULL), 0);

	check_content(world, "/etc/x/plain", "new");
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "plain" : "plain.bak";

		assert_true(has_attribute(file.dirfd, name, acl, access_list, sizeof(access_list)));
		assert_true(has_attribute(file.dirfd, name, "user.origin", "here", 4));
	}
}

static void conffile_write_leaves_signatures_behind(void **state)
{
	/* VFS_CAP_REVISION_2, of linux/capability.h, with no capability in it */
	static const unsigned char capability[20] = {0, 0, 0, 2};
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_fd fd = rootfs_open(world->root, "/etc/x/plain", O_RDONLY, NULL);

	if (fsetxattr(fd, "security.capability", capability, sizeof(capability), 0) < 0)
		skip();
	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	assert_int_equal(conffile_write(&file, "new", 3, &copy, NULL), 0);

	assert_false(has_attribute(file.dirfd, "plain", "security.capability", capability,
				   sizeof(capability)));
}

static void conffile_write_leaves_the_link_and_replaces_the_file(void **state)
{
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_done(conffile) struct conffile dangling = CONFFILE_NONE;
	struct stat st;

	assert_int_equal(conffile_open(world->root, "/etc/x/twice", MAX, &file, NULL), 0);
	assert_int_equal(conffile_write(&file, "new", 3, &copy, NULL), 0);
	check_content(world, "/data/real", "new");
	check_content(world, "/data/real.bak", "real");
	assert_int_equal(rootfs_lstat(world->root, "/etc/x/twice", &st, NULL), 1);
	assert_true(S_ISLNK(st.st_mode));

	assert_int_equal(conffile_open(world->root, "/etc/x/dangling", MAX, &dangling, NULL), 0);
	assert_int_equal(conffile_write(&dangling, "made", 4, &copy, NULL), 0);
	check_content(world, "/data/new", "made");
	assert_int_equal(rootfs_lstat(world->root, "/data/new.bak", &st, NULL), 0);
}

static void conffile_write_makes_file_and_folder(void **state)
{
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	mode_t mask = umask(022);
	struct stat st;

	assert_int_equal(conffile_open(world->root, "/etc/new/folder/file", MAX, &file, NULL), 0);
	assert_int_equal(conffile_write(&file, "made", 4, &copy, NULL), 0);
	(void)umask(mask);

	check_content(world, "/etc/new/folder/file", "made");
	assert_int_equal(rootfs_lstat(world->root, "/etc/new/folder/file", &st, NULL), 1);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(rootfs_lstat(world->root, "/etc/new", &st, NULL), 1);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

static void conffile_write_over_somebody_elses_change_is_refused(void **state)
{
	const struct world *world = *state;
	const struct io_new theirs = {
		.data = "hers", .len = 4, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_done(conffile) struct conffile missing = CONFFILE_NONE;
	struct err err = {0};

	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	assert_int_equal(conffile_open(world->root, "/etc/x/missing", MAX, &missing, NULL), 0);
	assert_int_equal(io_replace_at(file.dirfd, "plain", &theirs, NULL), 0);
	assert_int_equal(io_replace_at(file.dirfd, "missing", &theirs, NULL), 0);

	assert_int_equal(conffile_write(&file, "new", 3, &copy, &err), -EBUSY);
	assert_int_equal(conffile_write(&missing, "new", 3, &copy, NULL), -EBUSY);
	check_content(world, "/etc/x/plain", "hers");
	check_content(world, "/etc/x/missing", "hers");
	assert_non_null(strstr(err.msg, "/etc/x/plain"));
}

/* Writes the file in a process of its own, which ends with the error number. */
static pid_t write_aside(const struct conffile *file)
{
	pid_t child = fork();

	if (child == 0)
		_exit(-conffile_write(file, "new", 3, &copy, NULL));
	assert_true(child > 0);
	return child;
}

static void conffile_write_waits_for_who_is_at_it_and_sees_the_change(void **state)
{
	static const struct timespec while_it_waits = {.tv_nsec = 200000000};
	const struct world *world = *state;
	const struct io_new theirs = {
		.data = "hers", .len = 4, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_fd folder = rootfs_open(world->root, "/etc/x", O_RDONLY | O_DIRECTORY, NULL);
	pid_t child;
	int status;

	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	assert_int_equal(flock(folder, LOCK_EX), 0);
	child = write_aside(&file);
	(void)nanosleep(&while_it_waits, NULL);
	check_content(world, "/etc/x/plain", "old");
	assert_int_equal(io_replace_at(file.dirfd, "plain", &theirs, NULL), 0);
	assert_int_equal(flock(folder, LOCK_UN), 0);

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EBUSY);
	check_content(world, "/etc/x/plain", "hers");
}

static void conffile_write_goes_on_when_a_lock_is_never_given_back(void **state)
{
	const struct world *world = *state;
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	auto_fd folder = rootfs_open(world->root, "/etc/x", O_RDONLY | O_DIRECTORY, NULL);

	assert_int_equal(conffile_open(world->root, "/etc/x/plain", MAX, &file, NULL), 0);
	assert_int_equal(flock(folder, LOCK_SH), 0);
	assert_int_equal(conffile_write(&file, "new", 3, &copy, NULL), 0);

	check_content(world, "/etc/x/plain", "new");
}

static void conffile_write_of_a_file_made_with_its_folder_meanwhile_is_refused(void **state)
{
	const struct world *world = *state;
	auto_done(conffile) struct conffile ours = CONFFILE_NONE;
	auto_done(conffile) struct conffile theirs = CONFFILE_NONE;

	assert_int_equal(conffile_open(world->root, "/etc/made/file", MAX, &ours, NULL), 0);
	assert_int_equal(conffile_open(world->root, "/etc/made/file", MAX, &theirs, NULL), 0);
	assert_int_equal(conffile_write(&theirs, "hers", 4, &copy, NULL), 0);

	assert_int_equal(conffile_write(&ours, "new", 3, &copy, NULL), -EBUSY);
	check_content(world, "/etc/made/file", "hers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(conffile_is_found_behind_links_in_its_root, setup,
						teardown),
		cmocka_unit_test_setup_teardown(conffile_that_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(conffile_write_keeps_mode_owner_and_the_old_content,
						setup, teardown),
		cmocka_unit_test_setup_teardown(conffile_write_leaves_an_earlier_copy, setup,
						teardown),
		cmocka_unit_test_setup_teardown(conffile_write_keeps_access_list_and_attributes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(conffile_write_leaves_signatures_behind, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			conffile_write_leaves_the_link_and_replaces_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(conffile_write_makes_file_and_folder, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			conffile_write_over_somebody_elses_change_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			conffile_write_waits_for_who_is_at_it_and_sees_the_change, setup, teardown),
		cmocka_unit_test_setup_teardown(
			conffile_write_goes_on_when_a_lock_is_never_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			conffile_write_of_a_file_made_with_its_folder_meanwhile_is_refused, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
