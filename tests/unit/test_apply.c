/* SPDX-License-Identifier: Apache-2.0 */
/* The operations, one by one, with the new mount calls and without them. */
#include "apply/apply.h"

#include <sys/mount.h>
#include <sys/statvfs.h>

#include "apply/record.h"
#include "applyplan.h"
#include "base/auto.h"

static void has_flags(const char *path, unsigned long flags)
{
	struct statvfs fs;

	must(statvfs(path, &fs));
	assert_int_equal(fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC), flags);
}

static void apply_bind_on_absent_file_makes_a_placeholder(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/opt/new/libb.so.1");
	apply_well(world, &stats);

	has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
	has_text(inside(world, "/opt/new/libb.so.1"), "host b");
	has_flags(inside(world, "/opt/new/libb.so.1"), ST_RDONLY | ST_NOSUID | ST_NODEV);
	assert_int_equal(stats.binds, 2);
	assert_int_equal(stats.placeholders, 2);
	assert_int_equal(stats.inodes, 3); /* two directories, one file */
	must(lstat(in(world, "rootfs/opt/new/liba.so.1.1"), &st));
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mtim.tv_sec, RECORD_MARK);
}

static void apply_bind_covers_what_the_image_has(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/old.so");
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/empty.so");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/away.so");
	apply_well(world, &stats);

	has_text(inside(world, "/usr/lib/old.so"), "host a");
	has_text(inside(world, "/usr/lib/empty.so"), "host a");
	has_text(inside(world, "/usr/lib/away.so"), "host b");
	assert_int_equal(stats.placeholders, 0);
	has_text(in(world, "rootfs/usr/lib/old.so"), "image old");
	has_link(in(world, "rootfs/usr/lib/away.so"), "/etc/passwd");
}

/* Two places of the board, one of the image. */
static void apply_bind_where_another_one_is_keeps_that(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/dir/x.so");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/linkdir/x.so");
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/linkdir/x.so");
	apply_well(world, &stats);

	has_text(inside(world, "/usr/dir/x.so"), "host a");
	assert_int_equal(stats.binds, 1);
	assert_int_equal(stats.kept, 2);
}

static void apply_bind_if_absent_keeps_what_the_image_has(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/old.so")->flags |= OP_IF_ABSENT;
	apply_well(world, &stats);

	has_text(inside(world, "/usr/lib/old.so"), "image old");
	assert_int_equal(stats.kept, 1);
}

static void apply_directory_is_bound_where_its_link_leads_inside(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/sub", "/opt/sub")->flags |= OP_DIR;
	add(world, OP_BIND, "/lib/sub", "/usr/lib/linkdir")->flags |= OP_DIR;
	apply_well(world, NULL);

	has_text(inside(world, "/opt/sub/data"), "host data");
	has_text(inside(world, "/usr/dir/data"), "host data");
	has_link(inside(world, "/usr/lib/linkdir"), "/usr/dir");
}

static void apply_targets_through_links_stay_inside(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/out/tmp/x/liba.so");
	apply_well(world, NULL);

	has_text(inside(world, "/tmp/x/liba.so"), "host a");
	assert_false(is_there("/tmp/x/liba.so"));
}

static void apply_device_is_bound_and_an_equal_node_is_kept(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	must(mknod(inside(world, "/dev/gpu1"), S_IFCHR | 0600, makedev(1, 5)));
	put(inside(world, "/dev/gpu2"), "a file");
	add(world, OP_DEVICE, "/dev/gpu0", "/dev/gpu0");
	add(world, OP_DEVICE, "/dev/gpu1", "/dev/gpu1")->rdev = makedev(1, 5);
	add(world, OP_DEVICE, "/dev/gpu0", "/dev/gpu2");
	add(world, OP_DEVICE, "/dev/gpu9", "/dev/gpu9")->flags = OP_LATER;
	apply_well(world, &stats);

	assert_false(is_there("/dev/gpu9"));
	must(stat(inside(world, "/dev/gpu0"), &st));
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	has_flags(inside(world, "/dev/gpu0"), ST_NOSUID | ST_NOEXEC);
	must(stat(inside(world, "/dev/gpu2"), &st));
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	assert_int_equal(stats.devices, 2);
	assert_int_equal(stats.kept, 1);
}

static void apply_link_is_made_kept_or_covered(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add_link(world, "/usr/lib/new.so", "old.so");
	add_link(world, "/usr/lib/link.so", "old.so");
	add_link(world, "/usr/lib/away.so", "old.so");
	add_link(world, "/usr/lib/empty.so", "old.so");
	apply_well(world, &stats);

	has_link(inside(world, "/usr/lib/new.so"), "old.so");
	has_link(inside(world, "/usr/lib/link.so"), "old.so");
	has_link(inside(world, "/usr/lib/away.so"), "old.so");
	has_link(inside(world, "/usr/lib/empty.so"), "old.so");
	has_link(in(world, "rootfs/usr/lib/away.so"), "/etc/passwd");
	assert_int_equal(stats.links, 3);
	assert_int_equal(stats.kept, 1);
}

static void apply_link_leaves_a_directory_of_the_image(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	add_link(world, "/usr/lib/have", "../dir");
	apply_well(world, &stats);

	assert_int_equal(stats.kept, 1);
	assert_true(is_there(inside(world, "/usr/lib/have/.")));
}

static void apply_file_has_our_content(void **state)
{
	struct world *world = need_root(state);
	struct op *op = add(world, OP_FILE, NULL, "/etc/note");
	struct apply_stats stats = {0};

	op->content = strdup("made by us\n");
	op->mode = 0444;
	apply_well(world, &stats);

	has_text(inside(world, "/etc/note"), "made by us\n");
	has_text(in(world, "rootfs/etc/note"), "");
	assert_int_equal(stats.files, 1);
}

/* A rootfs that is shared with the test's namespace, as with "-v DIR:DIR:rshared". */
static void apply_in_a_shared_rootfs_mounts_nothing_outside(void **state)
{
	struct world *world = need_root(state);
	auto_free char *before = NULL;
	auto_free char *after = NULL;

	stop_container(world);
	must(mount(world->rootfs, world->rootfs, NULL, MS_BIND, NULL));
	must(mount(NULL, world->rootfs, NULL, MS_SHARED, NULL));
	world->shared = true;
	start_container(world);
	before = own_mounts();
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/old.so");
	apply_well(world, NULL);
	after = own_mounts();

	has_text(inside(world, "/usr/lib/old.so"), "host a");
	has_text(in(world, "rootfs/usr/lib/old.so"), "image old");
	assert_string_equal(before, after);
}

static const struct CMUnitTest cases[] = {
	CASE(apply_bind_on_absent_file_makes_a_placeholder),
	CASE(apply_bind_covers_what_the_image_has),
	CASE(apply_bind_where_another_one_is_keeps_that),
	CASE(apply_bind_if_absent_keeps_what_the_image_has),
	CASE(apply_directory_is_bound_where_its_link_leads_inside),
	CASE(apply_targets_through_links_stay_inside),
	CASE(apply_device_is_bound_and_an_equal_node_is_kept),
	CASE(apply_link_is_made_kept_or_covered),
	CASE(apply_link_leaves_a_directory_of_the_image),
	CASE(apply_file_has_our_content),
	CASE(apply_in_a_shared_rootfs_mounts_nothing_outside),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
}
