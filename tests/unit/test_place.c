/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sys/mounts.h"
#include "sys/rootfs.h"

struct world {
	char dir[64];
	int root;
	int proc;
	struct place_tree tree;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	(void)snprintf(world->dir, sizeof(world->dir), "/tmp/test_place.XXXXXX");
	if (mkdtemp(world->dir) == NULL)
		return -1;
	world->root = open(world->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	world->proc = mount_open_proc(NULL);
	world->tree = (struct place_tree){.procfd = world->proc, .journal = -1};
	*state = world;
	return place_tree_open(&world->tree, world->root, NULL);
}

static int teardown(void **state)
{
	struct world *world = *state;

	place_undo(&world->tree);
	place_tree_done(&world->tree);
	(void)close(world->root);
	(void)close(world->proc);
	if (rmdir(world->dir) < 0) /* place_undo() has to leave nothing */
		return -1;
	free(world);
	return 0;
}

static void make_file(struct world *world, const char *path)
{
	struct place place;

	assert_int_equal(place_open(&world->tree, path, &place, NULL), 0);
	assert_false(place.exists);
	assert_int_equal(place_make_file(&world->tree, &place, NULL), 0);
	assert_true(place.exists);
}

static void place_files_of_one_mount_share_an_inode_that_is_marked(void **state)
{
	struct world *world = *state;
	struct stat a;
	struct stat b;

	make_file(world, "/a/b/one");
	make_file(world, "/a/c/two");

	assert_int_equal(rootfs_lstat(world->root, "/a/b/one", &a, NULL), 1);
	assert_int_equal(rootfs_lstat(world->root, "/a/c/two", &b, NULL), 1);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_nlink, 2);
	assert_int_equal(a.st_size, 0);
	assert_int_equal(a.st_mtim.tv_sec, RECORD_MARK);
	assert_int_equal(world->tree.placeholders, 2);
	assert_int_equal(world->tree.inodes, 4);
}

static void place_directories_are_opened_once(void **state)
{
	struct world *world = *state;
	struct place one;
	struct place two;

	assert_int_equal(place_open(&world->tree, "/one", &one, NULL), 0);
	assert_int_equal(place_open(&world->tree, "/two", &two, NULL), 0);

	assert_int_equal(one.dir, two.dir);
	assert_int_equal(world->tree.dirs.n, 1);
}

static void place_undo_leaves_what_was_exchanged(void **state)
{
	struct world *world = *state;
	struct stat st;
	int dir;

	make_file(world, "/one");
	dir = open(world->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(unlinkat(dir, "one", 0), 0);
	assert_int_equal(symlinkat("elsewhere", dir, "one"), 0);
	place_undo(&world->tree);

	assert_int_equal(rootfs_lstat(world->root, "/one", &st, NULL), 1);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlinkat(dir, "one", 0), 0);
	(void)close(dir);
}

static void place_undo_takes_everything_back(void **state)
{
	struct world *world = *state;
	struct place place;
	struct stat st;

	make_file(world, "/a/b/c/file");
	assert_int_equal(place_open(&world->tree, "/a/link", &place, NULL), 0);
	assert_int_equal(place_make_link(&world->tree, &place, "b", NULL), 0);
	assert_int_equal(place_open(&world->tree, "/a/link/dir", &place, NULL), 0);
	assert_int_equal(place_make_dir(&world->tree, &place, NULL), 0);
	assert_int_equal(place_open(&world->tree, "/etc/x.conf", &place, NULL), 0);
	assert_int_equal(place_make_conf(&world->tree, &place, "text\n", NULL), 0);
	place_undo(&world->tree);

	assert_int_equal(rootfs_lstat(world->root, "/a", &st, NULL), 0);
	assert_int_equal(rootfs_lstat(world->root, "/etc", &st, NULL), 0);
}

static void place_below_a_file_is_an_error_and_makes_nothing(void **state)
{
	struct world *world = *state;
	struct place place;
	struct err err = {0};

	make_file(world, "/file");

	assert_true(place_open(&world->tree, "/file/x/y", &place, &err) < 0);
	assert_int_equal(world->tree.made.n, 1);
	assert_non_null(strstr(err.msg, "/file"));
}

static void place_mounts_have_compares_the_third_field(void **state)
{
	static const char text[] = "21 1 0:20 / /proc rw - proc proc rw\n"
				   "22 1 8:1 / / rw,0:6 - ext4 /dev/sda1 rw\n"
				   "23 22 0:5 / /dev rw - devtmpfs 0:7 rw";

	(void)state;
	assert_true(place_mounts_have(text, makedev(0, 20)));
	assert_true(place_mounts_have(text, makedev(8, 1)));
	assert_true(place_mounts_have(text, makedev(0, 5)));
	assert_false(place_mounts_have(text, makedev(0, 6)));
	assert_false(place_mounts_have(text, makedev(0, 7)));
	assert_false(place_mounts_have(text, makedev(0, 2)));
	assert_false(place_mounts_have("", makedev(0, 2)));
}

static void place_mounts_shorten_leaves_three_fields_of_each_line(void **state)
{
	char *text =
		strdup("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:20 / /proc rw - proc proc rw\n"
		       "24 22\n\n25 22 0:5 / /dev rw - devtmpfs udev rw");

	(void)state;
	assert_non_null(text);

	text = place_mounts_shorten(text);

	assert_string_equal(text, "22 1 8:1 \n23 22 0:20 \n24 22\n\n25 22 0:5 ");
	assert_true(place_mounts_have("22 1 8:1 \n23 22 0:20 \n", makedev(0, 20)));
	free(text);
}

/* Another container on the folder has exchanged it. */
static void place_signs_no_node_that_is_there_instead(void **state)
{
	struct world *world = *state;
	struct place place;
	auto_fd events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	auto_fd reader = -1;
	char path[80];
	char event[512];

	assert_int_equal(place_open(&world->tree, "/conf", &place, NULL), 0);
	assert_int_equal(place_make_conf(&world->tree, &place, "text", NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/conf", world->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_true(inotify_add_watch(events, world->dir, IN_OPEN | IN_ONLYDIR) >= 0);
	world->tree.id = "id";

	place_sign_made(&world->tree, 0);

	assert_int_equal(read(events, event, sizeof(event)), -1);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			place_files_of_one_mount_share_an_inode_that_is_marked, setup, teardown),
		cmocka_unit_test_setup_teardown(place_directories_are_opened_once, setup, teardown),
		cmocka_unit_test_setup_teardown(place_undo_leaves_what_was_exchanged, setup,
						teardown),
		cmocka_unit_test_setup_teardown(place_undo_takes_everything_back, setup, teardown),
		cmocka_unit_test_setup_teardown(place_below_a_file_is_an_error_and_makes_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(place_signs_no_node_that_is_there_instead, setup,
						teardown),
		cmocka_unit_test(place_mounts_have_compares_the_third_field),
		cmocka_unit_test(place_mounts_shorten_leaves_three_fields_of_each_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
