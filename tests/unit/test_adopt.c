/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier start, another container or another tool left in a rootfs. */
#include "apply/apply.h"

#include "apply/record.h"
#include "applyplan.h"
#include "base/auto.h"

#define OTHER     "c2"
#define OWN_STALE " 1 leftovers" /* away.so of the rootfs, which leads to nothing in it */

struct heard {
	unsigned leftovers;
	char text[LOG_TEXT_MAX];
};

static void hear(void *arg, enum log_level level, const char *module, const char *text)
{
	struct heard *heard = arg;

	(void)level;
	(void)module;
	if (strstr(text, "leftovers") == NULL)
		return;
	heard->leftovers++;
	(void)snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static void apply_and_hear(struct world *world, struct heard *heard)
{
	const struct log log = {.level = LOG_LEVEL_INFO, .emit = hear, .arg = heard};
	struct err err = {0};

	if (apply_plan(world->plan, &world->host, &world->settings, &world->target, &log, NULL,
		       &err) < 0)
		fail_msg("%s", err.msg);
}

static void revert_of(struct world *world, const char *id)
{
	struct err err = {0};

	if (apply_revert(&(struct apply_target){.id = id}, &world->settings, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void lose_records(struct world *world)
{
	must(unlink(in(world, "state/" ID ".state")));
	(void)unlink(in(world, "state/" ID ".kept0"));
}

/* A reboot with the state directory on a tmpfs. */
static void adopt_takes_over_what_the_same_container_left(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct heard heard = {0};

	list_tree(&before, in(world, "rootfs"));
	add_some(world);
	apply_well(world, NULL);
	stop_container(world);
	lose_records(world);
	start_container(world);
	add(world, OP_BIND, "/lib/libb.so.1", "/opt/new/more/libb.so.1");
	apply_and_hear(world, &heard);
	has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
	stop_container(world);
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	assert_non_null(strstr(heard.text, OWN_STALE));
	start_container(world);
}

/* An error in a start that adopted cleans up as well. */
static void adopt_then_an_error_leaves_nothing(void **state)
{
	struct world *world = need_root(state);
	struct err err = {0};

	add_some(world);
	apply_well(world, NULL);
	stop_container(world);
	lose_records(world);
	start_container(world);
	must(mkdir(in(world, "rootfs/etc/wall"), 0755));
	add(world, OP_BIND, "/lib/liba.so.1.1", "/etc/wall");
	assert_int_equal(apply(world, NULL, &err), -EISDIR);

	assert_false(is_there(in(world, "rootfs/opt/new/liba.so.1.1")));
	assert_false(is_there(in(world, "rootfs/etc/note")));
}

static void leave_marked(const struct world *world, const char *path)
{
	const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};

	put(in(world, path), "");
	must(utimensat(AT_FDCWD, in(world, path), mark, 0));
}

static void adopt_leaves_the_leftovers_of_others(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct heard heard = {0};

	leave_marked(world, "rootfs/usr/lib/liba.so.1.1");     /* of a commit: no id */
	put(in(world, "rootfs/usr/lib/libb.so.1"), "");        /* of NVIDIA's hook */
	must(symlink("gone", in(world, "rootfs/usr/lib/l1"))); /* stale */
	must(symlink("libb.so.1", in(world, "rootfs/usr/lib/l2")));
	must(symlink("gone", in(world, "rootfs/usr/lib/libc.so")));
	list_tree(&before, in(world, "rootfs"));
	add_link(world, "/usr/lib/l1", "libb.so.1.0");
	add_link(world, "/usr/lib/l2", "libb.so.1.0");
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/liba.so.1.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/libb.so.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/libc.so");
	apply_and_hear(world, &heard);
	has_text(inside(world, "/usr/lib/liba.so.1.1"), "host a");
	has_text(inside(world, "/usr/lib/libb.so.1"), "host b");
	has_text(inside(world, "/usr/lib/libc.so"), "host b");
	has_link(inside(world, "/usr/lib/l1"), "libb.so.1.0");
	stop_container(world);
	revert_well(world);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	assert_int_equal(heard.leftovers, 1); /* one line */
	assert_non_null(strstr(heard.text, " 5 leftovers"));
	assert_non_null(strstr(heard.text, "'/usr/lib/l1'"));
	start_container(world);
}

static void adopt_counts_no_file_of_the_images(void **state)
{
	struct world *world = need_root(state);
	struct heard heard = {0};

	add_some(world); /* over the image's own files and links, that lead somewhere or not at all
			  */
	add_link(world, "/usr/lib/link.so", "else");
	apply_and_hear(world, &heard);

	assert_non_null(strstr(heard.text, OWN_STALE));
}

/* SONAME links give way to what works. */
static void adopt_if_absent_link_covers_only_what_does_not_work(void **state)
{
	static const struct {
		const char *name;
		const char *text; /* NULL = a file */
		const char *content;
		bool kept;
	} cases[] = {
		{"works.so", "old.so", NULL, true},
		{"dangles.so", "gone.so", NULL, false},
		{"empties.so", "empty.so", NULL, false},
		{"file.so", NULL, "the image's", true},
		{"zero.so", NULL, "", false},
		{"equal.so", "ours.so", NULL, true},
	};
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *target = str_format("/usr/lib/%s", cases[i].name);
		auto_free char *path = str_format("rootfs%s", target);

		if (cases[i].text != NULL)
			must(symlink(cases[i].text, in(world, path)));
		else
			put(in(world, path), cases[i].content);
		add_link(world, target, "ours.so");
		world->plan->ops.items[i].flags |= OP_IF_ABSENT;
	}
	apply_well(world, &stats);

	assert_int_equal(stats.kept, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *target = str_format("/usr/lib/%s", cases[i].name);

		if (!cases[i].kept)
			has_link(inside(world, target), "ours.so");
		else if (cases[i].text != NULL)
			has_link(inside(world, target), cases[i].text);
		else
			has_text(inside(world, target), cases[i].content);
	}
}

/* A record whose hook was killed, and now another image with the same names below the same id. */
static void adopt_unfinished_notes_remove_nothing_older(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct world *world = need_root(state);
	struct record record = {.id = (char[]){ID}, .rootfs = world->rootfs};
	struct record_item items[] = {
		{.kind = RECORD_FILE, .path = (char[]){"/usr/lib/empty.so"}},
		{.kind = RECORD_LINK,
		 .path = (char[]){"/usr/lib/link.so"},
		 .text = (char[]){"old.so"}},
		{.kind = RECORD_DIR, .path = (char[]){"/usr/lib/have"}},
		{.kind = RECORD_CONF, .path = (char[]){"/usr/lib/old.so"}},
		{.kind = RECORD_FILE, .path = (char[]){"/usr/new"}},
		{.kind = RECORD_CONF, .path = (char[]){"/usr/.nvc-1"}},
	};
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);
	auto_fd journal = -1;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &record.since);
	/* dated by whoever packed the image */
	must(utimensat(AT_FDCWD, in(world, "rootfs/usr/lib/empty.so"), old, 0));
	must(utimensat(AT_FDCWD, in(world, "rootfs/usr/lib/have"), old, 0));
	must(utimensat(AT_FDCWD, in(world, "rootfs/usr/lib/old.so"), old, 0));
	must(utimensat(AT_FDCWD, in(world, "rootfs/usr/lib/link.so"), old, AT_SYMLINK_NOFOLLOW));
	must(record_write(dir, &record, NULL));
	journal = record_open_journal(dir, ID, NULL);
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		must(record_note_item(journal, &items[i], NULL));
	put(in(world, "rootfs/usr/new"), "");
	put(in(world, "rootfs/usr/.nvc-1"), "with the time of what it was to replace");
	must(utimensat(AT_FDCWD, in(world, "rootfs/usr/.nvc-1"), old, 0));
	stop_container(world);
	revert_well(world);

	assert_true(is_there(in(world, "rootfs/usr/lib/empty.so")));
	assert_true(is_there(in(world, "rootfs/usr/lib/link.so")));
	assert_true(is_there(in(world, "rootfs/usr/lib/have")));
	assert_true(is_there(in(world, "rootfs/usr/lib/old.so")));
	assert_false(is_there(in(world, "rootfs/usr/new")));
	assert_false(is_there(in(world, "rootfs/usr/.nvc-1")));
	start_container(world);
}

/* Starts a second container on the same rootfs; gives the first one's process. */
static pid_t start_other(struct world *world)
{
	pid_t first = world->container;

	start_container(world);
	world->target.id = OTHER;
	return first;
}

static void stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void adopt_two_containers_share_a_rootfs(void **state)
{
	for (int first_goes_first = 0; first_goes_first < 2; first_goes_first++) {
		struct world *world;
		void *own = NULL;
		auto_done(strbuf) struct strbuf before = {0};
		auto_done(strbuf) struct strbuf after = {0};
		struct heard heard = {0};
		pid_t first;

		(void)need_root(state);
		must(setup(&own));
		world = own;
		list_tree(&before, in(world, "rootfs"));
		add_some(world);
		apply_well(world, NULL);
		first = start_other(world);
		apply_and_hear(world, &heard);
		assert_non_null(strstr(heard.text, OWN_STALE));
		if (first_goes_first) {
			stop(first);
			revert_of(world, ID);
			has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
			has_link(inside(world, "/opt/new/liba.so.1"), "liba.so.1.1");
			stop_container(world);
			revert_of(world, OTHER);
		} else {
			pid_t second = world->container;

			stop(second);
			revert_of(world, OTHER);
			world->container = first;
			has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
			stop(first);
			revert_of(world, ID);
		}
		list_tree(&after, in(world, "rootfs"));
		assert_string_equal(before.data, after.data);
		world->container = 0;
		(void)teardown(&own);
	}
}

static void adopt_shared_rootfs_gets_its_cache_back(void **state)
{
	for (int first_goes_first = 0; first_goes_first < 2; first_goes_first++) {
		struct world *world;
		void *own = NULL;
		struct stat before;
		struct stat after;
		struct heard heard = {0};
		pid_t pids[2];

		(void)need_root(state);
		must(setup(&own));
		world = own;
		must(mkdir(in(world, "rootfs/etc"), 0755));
		put(in(world, "rootfs/etc/ld.so.cache"), "the image's");
		must(lstat(in(world, "rootfs/etc/ld.so.cache"), &before));
		add(world, OP_BIND, "/lib/liba.so.1.1", "/opt/new/liba.so.1.1");
		add_loadable(world);
		apply_well(world, NULL);
		pids[0] = start_other(world);
		pids[1] = world->container;
		apply_and_hear(world, &heard);
		stop(pids[first_goes_first ? 0 : 1]);
		revert_of(world, first_goes_first ? ID : OTHER);
		must(lstat(in(world, "rootfs/etc/ld.so.cache"), &after));
		assert_int_equal(after.st_mtim.tv_sec, RECORD_MARK);
		stop(pids[first_goes_first ? 1 : 0]);
		revert_of(world, first_goes_first ? OTHER : ID);

		has_text(in(world, "rootfs/etc/ld.so.cache"), "the image's");
		must(lstat(in(world, "rootfs/etc/ld.so.cache"), &after));
		assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
		assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
		assert_false(is_there(in(world, "rootfs/etc/ld.so.conf")));
		world->container = 0;
		(void)teardown(&own);
	}
}

/* Nobody was told of the end of the first one: the second one's start takes its things back. */
static void adopt_what_a_container_left_that_ended_unseen(void **state)
{
	struct world *world = need_root(state);
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct heard heard = {0};

	list_tree(&before, in(world, "rootfs"));
	add_some(world);
	apply_well(world, NULL);
	stop(start_other(world));
	apply_and_hear(world, &heard);
	assert_non_null(strstr(heard.text, OWN_STALE));
	assert_false(is_there(in(world, "state/" ID ".state")));
	stop_container(world);
	revert_of(world, OTHER);
	list_tree(&after, in(world, "rootfs"));

	assert_string_equal(before.data, after.data);
	start_container(world);
}

/* The first one's pid belongs to somebody else by now. */
static void adopt_knows_a_process_by_its_start_too(void **state)
{
	struct world *world = need_root(state);
	auto_done(record) struct record record = {0};
	auto_fd dir = -1;
	pid_t first;

	add_some(world);
	apply_well(world, NULL);
	dir = record_open_dir(world->state_dir, NULL, NULL);
	assert_int_equal(record_read(dir, ID, &record, NULL), 1);
	assert_int_equal(record.init, world->container);
	record.init = getpid();
	must(record_write(dir, &record, NULL));
	first = start_other(world);
	stop(first);
	apply_well(world, NULL);

	assert_false(is_there(in(world, "state/" ID ".state")));
}

static void adopt_records_of_containers_that_are_gone_are_deleted(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	static const struct {
		const char *id, *rootfs;
		bool old, stays;
	} cases[] = {
		{"a", "/nowhere/x/merged", true, false},
		{"b", "/nowhere/x/merged", false, false},
		{"d", "/nowhere/x/rootfs", true, false},
		{"e", "/nowhere/x/rootfs", false, true}, /* a bundle: it may come back */
		{"c", "/usr/merged", true, true},        /* its folder is there */
	};
	struct world *world = need_root(state);
	auto_fd dir = record_open_dir(world->state_dir, NULL, NULL);
	auto_fd turn = openat(dir, "0.turn", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(turn < 0 ? -1 : futimens(turn, old)); /* of a hook that was killed */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *id = strdup(cases[i].id);
		auto_free char *rootfs = strdup(cases[i].rootfs);
		auto_free char *name = str_format("%s.state", id);
		struct record record = {.id = id, .rootfs = rootfs};

		must(record_write(dir, &record, NULL));
		if (cases[i].old)
			must(utimensat(dir, name, old, 0));
	}
	add_some(world);
	apply_well(world, NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *path = str_format("state/%s.state", cases[i].id);

		assert_int_equal(is_there(in(world, path)), cases[i].stays);
	}
	assert_false(is_there(in(world, "state/0.turn")));
}

static const struct CMUnitTest cases[] = {
	CASE(adopt_takes_over_what_the_same_container_left),
	CASE(adopt_then_an_error_leaves_nothing),
	CASE(adopt_leaves_the_leftovers_of_others),
	CASE(adopt_counts_no_file_of_the_images),
	CASE(adopt_if_absent_link_covers_only_what_does_not_work),
	CASE(adopt_unfinished_notes_remove_nothing_older),
	CASE(adopt_two_containers_share_a_rootfs),
	CASE(adopt_shared_rootfs_gets_its_cache_back),
	CASE(adopt_what_a_container_left_that_ended_unseen),
	CASE(adopt_knows_a_process_by_its_start_too),
	CASE(adopt_records_of_containers_that_are_gone_are_deleted),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
}
