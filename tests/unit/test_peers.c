/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/peers.h"

#include <sys/capability.h>
#include <sys/syscall.h>

#include "applyplan.h"
#include "sys/ns.h"
#include "sys/privs.h"

/* A record of another container on that rootfs, whose first process is pid. */
static int make_peer_in(const struct world *world, pid_t pid, char *rootfs,
			struct record_folder folder)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1};
	struct record record = {
		.id = (char *)(uintptr_t) "peer", .rootfs = rootfs, .folder = folder};
	int dir = record_open_dir(world->state_dir, NULL, NULL);

	must(dir);
	assert_int_equal(ns_process_open(pid, &process, NULL), 0);
	record.init = pid;
	record.started = process.start_time;
	assert_int_equal(record_write(dir, &record, NULL), 0);
	return dir;
}

static int make_peer_on(const struct world *world, pid_t pid, char *rootfs)
{
	return make_peer_in(world, pid, rootfs, (struct record_folder){0});
}

static int make_peer(const struct world *world, pid_t pid)
{
	return make_peer_on(world, pid, world->rootfs);
}

static void has_peers_at(const struct peers_place *place, size_t running, size_t gone)
{
	auto_done(peers) struct peers peers = {0};

	assert_int_equal(peers_find(place, "own", NULL, &peers, NULL), 0);
	assert_int_equal(peers.running.n, running);
	assert_int_equal(peers.gone.n, gone);
}

static void has_peers(int dir, const char *rootfs, size_t running, size_t gone)
{
	has_peers_at(&(struct peers_place){.state_dir = dir, .rootfs = rootfs}, running, gone);
}

static void peers_one_that_runs_is_told_from_one_that_ended(void **state)
{
	struct world *world = need_root(state);
	auto_fd dir = make_peer(world, world->container);

	has_peers(dir, world->rootfs, 1, 0);
	stop_container(world);
	world->container = 0;
	has_peers(dir, world->rootfs, 0, 1);
}

/* By another path the folder's numbers tell, as long as it runs. */
static void peers_by_another_path_are_known_while_they_run(void **state)
{
	struct world *world = need_root(state);
	struct stat st;
	auto_fd dir = -1;
	struct peers_place place = {.rootfs = world->rootfs};

	assert_int_equal(stat(world->rootfs, &st), 0);
	dir = make_peer_in(world, world->container, (char[]){"/by/another/path"},
			   (struct record_folder){st.st_dev, st.st_ino});
	place.state_dir = dir;
	has_peers(dir, world->rootfs, 0, 0); /* numbers not known */
	place.folder = (struct record_folder){st.st_dev, st.st_ino};
	has_peers_at(&place, 1, 0);
	place.folder.ino++;
	has_peers_at(&place, 0, 0);
	place.folder.ino--;
	stop_container(world);
	world->container = 0;
	has_peers_at(&place, 0, 0);
}

static void peers_one_that_may_not_be_looked_at_counts_as_running(void **state)
{
	struct world *world = need_root(state);
	auto_fd dir = make_peer(world, world->container);
	int status = 0;
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		struct peers peers = {0};
		int code = 1;

		/* the container has more capabilities, which is reason enough for the kernel */
		if (privs_limit(UINT64_C(1) << CAP_DAC_OVERRIDE, NULL) == 0 &&
		    peers_find(&(struct peers_place){.state_dir = dir, .rootfs = world->rootfs},
			       "own", NULL, &peers, NULL) == 0 &&
		    peers.running.n == 1 && peers.gone.n == 0)
			code = 0;
		(void)syscall(SYS_exit_group, code);
	}

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void peers_record_that_cannot_be_read_is_a_doubt(void **state)
{
	struct world *world = need_root(state);
	auto_fd dir = make_peer(world, world->container);
	int status = 0;
	pid_t pid;

	must(fchmodat(dir, "peer.state", 0, 0));
	pid = fork();
	must(pid);
	if (pid == 0) {
		struct peers peers = {0};
		int code = 1;

		if (privs_limit(0, NULL) == 0 &&
		    peers_find(&(struct peers_place){.state_dir = dir, .rootfs = world->rootfs},
			       "own", NULL, &peers, NULL) == 0 &&
		    peers.doubt && peers_may_run(&peers))
			code = 0;
		(void)syscall(SYS_exit_group, code);
	}

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void fill(int dir, bool full)
{
	for (unsigned i = 0; i < PEERS_MAX_RECORDS; i++) {
		auto_free char *name = str_format("%u.state", i);

		if (full)
			(void)close(openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		else
			(void)unlinkat(dir, name, 0);
	}
}

static void count_doubts(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)module;
	*(unsigned *)arg += level == LOG_LEVEL_WARNING && strstr(text, "records") != NULL;
}

/* tmpfs has the newest names first: the other one's record is not come to. */
static void peers_too_many_records_are_a_doubt(void **state)
{
	struct world *world = need_root(state);
	const struct apply_target ends = {.id = ID};
	unsigned doubts = 0;
	const struct log log = {.level = LOG_LEVEL_INFO, .emit = count_doubts, .arg = &doubts};
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	pid_t first = world->container;
	auto_fd dir = -1;

	list_tree(&before, world->rootfs);
	add_some(world);
	apply_well(world, NULL);
	start_container(world);
	world->target.id = "c2";
	apply_well(world, NULL);
	dir = record_open_dir(world->state_dir, NULL, NULL);
	must(dir);
	fill(dir, true);
	(void)kill(first, SIGKILL);
	(void)waitpid(first, NULL, 0);
	assert_int_equal(apply_revert(&ends, &world->settings, &log, NULL), 0);
	assert_int_equal(doubts, 1);
	has_text(inside(world, "/opt/new/liba.so.1.1"), "host a");
	assert_true(is_there(in(world, "state/" ID ".state")));

	fill(dir, false);
	stop_container(world);
	world->container = 0;
	assert_int_equal(
		apply_revert(&(struct apply_target){.id = "c2"}, &world->settings, &log, NULL), 0);
	list_tree(&after, world->rootfs);
	assert_string_equal(before.data, after.data);
	assert_false(is_there(in(world, "state/" ID ".state")));
	assert_int_equal(doubts, 1);
}

static bool has_record(int dir)
{
	return faccessat(dir, "peer.state", F_OK, 0) == 0;
}

/* Not seen from here, perhaps, where another engine runs in a mount namespace of its own. */
static void peers_record_of_one_that_runs_is_not_forgotten(void **state)
{
	struct world *world = need_root(state);
	char storage[] = "/of/another/engine/merged";
	auto_fd dir = make_peer_on(world, world->container, storage);

	has_peers(dir, world->rootfs, 0, 0);
	assert_true(has_record(dir));
	stop_container(world);
	world->container = 0;
	has_peers(dir, world->rootfs, 0, 0);
	assert_false(has_record(dir));
}

static void chooses(const struct world *world, pid_t pid, const char *bundle, const char *want)
{
	auto_free char *id = NULL;

	assert_int_equal(peers_choose_id(world->state_dir, "peer", bundle, pid, &id, NULL), 0);
	assert_int_equal(strncmp(id, want, strlen(want)), 0);
	assert_int_equal(strchr(id, '~') != NULL, strchr(want, '~') != NULL);
}

/* Of another engine, which does not know of the first one's. */
static void peers_second_container_of_an_id_gets_a_record_of_its_own(void **state)
{
	struct world *world = need_root(state);
	auto_fd dir = make_peer(world, world->container);
	struct record second = {.rootfs = world->rootfs};
	auto_free char *id = NULL;

	chooses(world, world->container, "/b", "peer"); /* its hook runs again */
	chooses(world, getpid(), NULL, "peer");
	chooses(world, 0, "/b", "peer"); /* it ends */
	assert_int_equal(peers_choose_id(world->state_dir, "peer", "/b", getpid(), &id, NULL), 0);
	assert_string_not_equal(id, "peer");
	second.id = id;
	assert_int_equal(record_write(dir, &second, NULL), 0);

	chooses(world, 0, "/a", "peer");
	chooses(world, 0, "/b", "peer~");
	stop_container(world);
	world->container = 0;
	chooses(world, getpid(), "/b", "peer~"); /* as long as that record is there */
	chooses(world, getpid(), "/c", "peer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(peers_one_that_runs_is_told_from_one_that_ended),
		CASE(peers_by_another_path_are_known_while_they_run),
		CASE(peers_one_that_may_not_be_looked_at_counts_as_running),
		CASE(peers_record_that_cannot_be_read_is_a_doubt),
		CASE(peers_too_many_records_are_a_doubt),
		CASE(peers_record_of_one_that_runs_is_not_forgotten),
		CASE(peers_second_container_of_an_id_gets_a_record_of_its_own),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
