/* SPDX-License-Identifier: Apache-2.0 */
/* What was done is found again and taken back, with the new mount calls and without them. */
#include "apply/apply.h"

#include "apply/record.h"
#include "apply/turn.h"
#include "applyplan.h"
#include "base/auto.h"

static void apply_twice_changes_nothing_more(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	auto_free char *first = NULL;
	auto_free char *second = NULL;

	world->target.id = NULL;
	add_some(world);
	apply_well(world, NULL);
	first = snapshot(world);
	apply_well(world, &stats);
	second = snapshot(world);

	assert_string_equal(first, second);
	assert_int_equal(stats.kept, 8);
	assert_int_equal(stats.binds + stats.devices + stats.links + stats.files, 0);
}

static void apply_then_revert_leaves_the_image_as_it_was(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};

	list_tree(&before, in(world, "rootfs"));
	add_some(world);
	apply_well(world, NULL);
	assert_true(is_there(in(world, "state/" ID ".state")));
	stop_container(world);
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	assert_false(is_there(in(world, "state/" ID ".state")));
	start_container(world);
}

static void apply_revert_leaves_what_is_not_ours(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
	add_link(world, "/opt/new/link", "x");
	apply_well(world, NULL);
	stop_container(world);
	must(unlink(in(world, "rootfs/opt/new/liba.so.1.1")));
	put(in(world, "rootfs/opt/new/liba.so.1.1"), "the container's");
	must(unlink(in(world, "rootfs/opt/new/link")));
	must(symlink("y", in(world, "rootfs/opt/new/link")));
	revert_well(world);

	has_text(in(world, "rootfs/opt/new/liba.so.1.1"), "the container's");
	has_link(in(world, "rootfs/opt/new/link"), "y");
	start_container(world);
}

static void apply_revert_follows_no_link_out_of_the_rootfs(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/there");
	apply_well(world, NULL);
	stop_container(world);
	must(rename(in(world, "rootfs/opt/new"), in(world, "rootfs/opt/gone")));
	put(in(world, "volume/there"), "");
	must(symlink(in(world, "volume"), in(world, "rootfs/opt/new")));
	revert_well(world);

	assert_true(is_there(in(world, "volume/there")));
	start_container(world);
}

/* An engine that was killed with all its processes: only the directory below its mount is left. */
static void apply_revert_of_a_rootfs_that_is_not_mounted_keeps_the_record(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};

	list_tree(&before, in(world, "rootfs"));
	add_some(world);
	apply_well(world, NULL);
	stop_container(world);
	must(rename(in(world, "rootfs"), in(world, "layer")));
	must(mkdir(in(world, "rootfs"), 0755));
	revert_well(world);
	assert_true(is_there(in(world, "state/" ID ".state")));

	must(rmdir(in(world, "rootfs")));
	must(rename(in(world, "layer"), in(world, "rootfs")));
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	assert_false(is_there(in(world, "state/" ID ".state")));
	start_container(world);
}

/* A hook that was killed: the journal holds what it was about to make. */
static void apply_heals_what_a_killed_hook_left(void **state)
{
	struct world *world = need_root(state);
	struct record record = {.id = (char[]){ID}, .rootfs = world->rootfs};
	struct record_item items[] = {
		{.kind = RECORD_FILE, .path = (char[]){"/usr/half"}},
		{.kind = RECORD_LINK, .path = (char[]){"/usr/never"}, .text = (char[]){"x"}},
	};
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);
	auto_fd journal = -1;

	assert_int_equal(record_write(dir, &record, NULL), 0);
	journal = record_open_journal(dir, ID, NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(record_note_item(journal, &items[i], NULL), 0);
	put(in(world, "rootfs/usr/half"), "");
	add_link(world, "/usr/other", "x");
	apply_well(world, NULL);

	assert_false(is_there(in(world, "rootfs/usr/half")));
	assert_true(is_there(in(world, "rootfs/usr/other")));
}

static void apply_ldcache_is_written_and_taken_back(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct apply_stats stats = {0};

	must(mkdir(in(world, "rootfs/etc"), 0755));
	add_loadable(world);
	list_tree(&before, in(world, "rootfs"));
	apply_well(world, &stats);
	assert_true(stats.ldcache);
	assert_true(is_there(in(world, "rootfs/etc/ld.so.cache")));
	has_text(in(world, "rootfs/etc/ld.so.conf"), "/opt/lib\n");
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
}

static void apply_ldcache_of_the_image_comes_back_with_its_times(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000, .tv_nsec = 7}};
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs/etc/ld.so.cache"), "the image's");
	must(chmod(in(world, "rootfs/etc/ld.so.cache"), 0604));
	must(chown(in(world, "rootfs/etc/ld.so.cache"), 7, 8));
	must(utimensat(AT_FDCWD, in(world, "rootfs/etc/ld.so.cache"), times, 0));
	add_loadable(world);
	apply_well(world, &stats);
	assert_true(stats.ldcache);
	must(lstat(in(world, "rootfs/etc/ld.so.cache"), &st));
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_mtim.tv_sec, RECORD_MARK);
	/* more than an empty one of 48; by ldconfig, or without it on another machine than the
	 * image's */
	assert_true(st.st_size > 60);
	revert_well(world);

	has_text(in(world, "rootfs/etc/ld.so.cache"), "the image's");
	must(lstat(in(world, "rootfs/etc/ld.so.cache"), &st));
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 8);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

static bool has_turn(const struct world *world)
{
	auto_dir dir = opendir(in(world, "state"));
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (str_ends_with(entry->d_name, ".turn"))
			return true;
	}
	return false;
}

/* Killed before there was a record: the end has the turn of the same folder, and ends it. */
static void revert_without_a_record_ends_the_turn_of_a_killed_hook(void **state)
{
	struct world *world = need_root(state);
	const struct apply_target target = {.id = ID, .rootfs = world->rootfs};
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		struct turn turn = TURN_NONE;

		turn_take(&turn, dir, world->rootfs, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(has_turn(world));
	assert_int_equal(apply_revert(&target, &world->settings, NULL, NULL), 0);

	assert_false(has_turn(world));
}

static const struct CMUnitTest cases[] = {
	CASE(apply_twice_changes_nothing_more),
	CASE(apply_then_revert_leaves_the_image_as_it_was),
	CASE(apply_revert_leaves_what_is_not_ours),
	CASE(apply_revert_follows_no_link_out_of_the_rootfs),
	CASE(apply_revert_of_a_rootfs_that_is_not_mounted_keeps_the_record),
	CASE(apply_heals_what_a_killed_hook_left),
	CASE(apply_ldcache_is_written_and_taken_back),
	CASE(apply_ldcache_of_the_image_comes_back_with_its_times),
	CASE(revert_without_a_record_ends_the_turn_of_a_killed_hook),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
}
