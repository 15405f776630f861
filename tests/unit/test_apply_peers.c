/* SPDX-License-Identifier: Apache-2.0 */
/* A start that does not come to its end beside another container on the same rootfs folder. */
#include "apply/apply.h"

#include "apply/record.h"
#include "applyplan.h"
#include "base/auto.h"
#include "host/libtable.h"

#define OTHER "c2"
#define CACHE "/etc/ld.so.cache"
#define MADE  "made the libraries findable" /* said when the cache is written */
#define IMAGE "the image's"

struct pair {
	struct world *world; /* the second one's */
	pid_t first;
	struct strbuf before; /* the rootfs as the image had it */
	struct strbuf with;   /* as the first one has it */
	char *mounts;         /* of the first one */
	char *cache;          /* the first one's */
	pid_t helper;
	int cue; /* for it */
};

static char *read_all(const char *path)
{
	auto_file file = fopen(path, "re");
	struct strbuf buf = {0};
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		strbuf_addf(&buf, "%02x", (unsigned)c);
	return strbuf_take(&buf);
}

static char *mounts_of(const struct world *world, pid_t pid)
{
	auto_free char *path = str_format("/proc/%d/mountinfo", (int)pid);
	auto_file file = fopen(path, "re");
	struct strbuf buf = {0};
	char line[4096];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (!is_of_another_test(world, line))
			strbuf_adds(&buf, line);
	}
	assert_non_null(buf.data);
	return strbuf_take(&buf);
}

static void add_library(struct world *world, const char *soname)
{
	struct op *op = NULL;
	struct op_library *library;

	vec_each(at, &world->plan->ops) op = at->kind == OP_LDCACHE ? at : op;
	assert_non_null(op);
	library = vec_add(&op->libraries);
	assert_non_null(library);
	*library = (struct op_library){.soname = strdup(soname),
				       .path = str_format("/opt/lib/%s", soname),
				       .file = str_format("/opt/lib/%s", soname),
				       .machine = EM_X86_64,
				       .flags = 0x0303};
}

/* The first one runs; the second one has a library more, and two files. */
static void pair_setup(struct pair *pair, struct world *world)
{
	*pair = (struct pair){.world = world};
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup(SETTINGS_LDCONFIG_NATIVE);
	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs" CACHE), IMAGE);
	put(in(world, "rootfs/etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n");
	add_some(world);
	add_loadable(world);
	list_image(&pair->before, world->rootfs);
	apply_well(world, NULL);
	pair->first = world->container;
	list_image(&pair->with, world->rootfs);
	pair->mounts = mounts_of(pair->world, pair->first);
	pair->cache = read_all(in(world, "rootfs" CACHE));
	start_container(world);
	world->target.id = OTHER;
	add(world, OP_BIND, "/lib/libb.so.1", "/opt/more/libb.so.1");
	add(world, OP_BIND, "/lib/libb.so.1", "/usr/lib/more.so");
	add_library(world, "liby.so.1");
}

static void pair_done(struct pair *pair)
{
	strbuf_done(&pair->before);
	strbuf_done(&pair->with);
	free(pair->mounts);
	free(pair->cache);
}

static void stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void revert_of(struct world *world, const char *id)
{
	struct err err = {0};

	if (apply_revert(&(struct apply_target){.id = id}, &world->settings, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void end_first(struct pair *pair)
{
	stop(pair->first);
	revert_of(pair->world, ID);
}

static void end_second(struct pair *pair)
{
	stop_container(pair->world);
	pair->world->container = 0;
	revert_of(pair->world, OTHER);
}

static void first_keeps_its_mounts(const struct pair *pair)
{
	auto_free char *mounts = mounts_of(pair->world, pair->first);

	assert_string_equal(mounts, pair->mounts);
}

static void first_has_all(const struct pair *pair)
{
	auto_done(strbuf) struct strbuf now = {0};
	auto_free char *cache = read_all(in(pair->world, "rootfs" CACHE));

	first_keeps_its_mounts(pair);
	list_image(&now, pair->world->rootfs);
	assert_string_equal(now.data, pair->with.data);
	assert_string_equal(cache, pair->cache);
}

static void is_the_image(const struct pair *pair)
{
	auto_done(strbuf) struct strbuf now = {0};

	list_image(&now, pair->world->rootfs);
	assert_string_equal(now.data, pair->before.data);
	has_text(in(pair->world, "rootfs" CACHE), IMAGE);
	assert_false(is_there(in(pair->world, "state/" ID ".state")));
	assert_false(is_there(in(pair->world, "state/" OTHER ".state")));
}

/* The second one's start, whose last operation is refused. */
static void fail_second(struct pair *pair, const struct log *log)
{
	struct world *world = pair->world;
	struct err err = {0};

	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/have");
	assert_int_equal(apply_plan(world->plan, &world->host, &world->settings, &world->target,
				    log, NULL, &err),
			 -EISDIR);
}

static void peers_failed_start_takes_nothing_from_one_that_runs(void **state)
{
	auto_done(pair) struct pair pair;

	pair_setup(&pair, need_root(state));
	fail_second(&pair, NULL);
	first_has_all(&pair);
	end_first(&pair);
	is_the_image(&pair);
}

/* The cache is the second one's by then, and the records of both know it. */
static void peers_third_start_fails_beside_two(void **state)
{
	auto_done(pair) struct pair pair;
	struct world *world = need_root(state);
	pid_t second;

	pair_setup(&pair, world);
	apply_well(world, NULL);
	second = world->container;
	strbuf_done(&pair.with);
	list_image(&pair.with, world->rootfs);
	free(pair.cache);
	pair.cache = read_all(in(world, "rootfs" CACHE));
	start_container(world);
	world->target.id = "c3";
	add_library(world, "libz.so.1");
	fail_second(&pair, NULL);
	first_has_all(&pair);
	end_first(&pair);
	stop(second);
	revert_of(world, OTHER);
	is_the_image(&pair);
}

struct deed {
	struct pair *pair;
	const char *cue;
	void (*act)(struct pair *pair);
};

static void hear(void *arg, enum log_level level, const char *module, const char *text)
{
	struct deed *deed = arg;

	(void)level;
	(void)module;
	if (deed->act == NULL || strstr(text, deed->cue) == NULL)
		return;
	deed->act(deed->pair);
	deed->act = NULL;
}

static void kill_first(struct pair *pair)
{
	stop(pair->first);
}

/* Who waited too long for the turn. */
static void forget_turns(const struct world *world)
{
	auto_dir dir = opendir(in(world, "state"));
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (str_ends_with(entry->d_name, ".turn"))
			must(unlinkat(dirfd(dir), entry->d_name, 0));
	}
}

/* Another process, since this one is in the second one's mount namespace by then. */
static void helper_main(struct pair *pair, int cue)
{
	char byte;

	if (read(cue, &byte, 1) == 1) {
		forget_turns(pair->world);
		revert_of(pair->world, ID);
	}
	_exit(0);
}

static void start_helper(struct pair *pair)
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	pair->helper = fork();
	must(pair->helper);
	if (pair->helper == 0) {
		(void)close(ends[1]);
		helper_main(pair, ends[0]);
	}
	(void)close(ends[0]);
	pair->cue = ends[1];
}

static void end_helper(struct pair *pair)
{
	int status = 0;

	(void)close(pair->cue);
	assert_int_equal(waitpid(pair->helper, &status, 0), pair->helper);
	assert_int_equal(status, 0);
	pair->helper = 0;
}

static void end_first_out_of_turn(struct pair *pair)
{
	stop(pair->first);
	assert_int_equal(write(pair->cue, "x", 1), 1);
	end_helper(pair);
}

static void peers_first_ends_during_a_start_that_fails(void **state)
{
	void (*const acts[])(struct pair * pair) = {kill_first, end_first_out_of_turn};

	(void)need_root(state);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		struct pair pair;
		struct deed deed = {&pair, MADE, acts[i]};
		const struct log log = {.level = LOG_LEVEL_DEBUG, .emit = hear, .arg = &deed};
		void *own = NULL;

		must(setup(&own));
		pair_setup(&pair, own);
		start_helper(&pair);
		fail_second(&pair, &log);
		assert_null(deed.act);
		if (pair.helper != 0)
			end_helper(&pair);
		revert_of(pair.world, ID);
		end_second(&pair);
		is_the_image(&pair);
		pair_done(&pair);
		(void)teardown(&own);
	}
}

static void die(struct pair *pair)
{
	(void)pair;
	_exit(0);
}

/* A hook that is killed right after it wrote the cache. */
static void kill_second_start(struct pair *pair)
{
	struct world *world = pair->world;
	struct deed deed = {pair, MADE, die};
	const struct log log = {.level = LOG_LEVEL_DEBUG, .emit = hear, .arg = &deed};
	int status = 0;
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		(void)apply_plan(world->plan, &world->host, &world->settings, &world->target, &log,
				 NULL, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(is_there(in(world, "state/" OTHER ".state")));
}

static void peers_killed_start_leaves_nothing_in_the_end(void **state)
{
	enum { SECOND_GONE, SECOND_ENDS_FIRST, FIRST_ENDS_FIRST, ORDERS };

	(void)need_root(state);
	for (int order = 0; order < ORDERS; order++) {
		struct pair pair;
		void *own = NULL;

		must(setup(&own));
		pair_setup(&pair, own);
		kill_second_start(&pair);
		if (order == SECOND_GONE) { /* and nobody tells */
			stop_container(pair.world);
			pair.world->container = 0;
		}
		if (order == SECOND_ENDS_FIRST) {
			end_second(&pair);
			first_keeps_its_mounts(&pair);
		}
		end_first(&pair);
		if (order == FIRST_ENDS_FIRST)
			end_second(&pair);
		is_the_image(&pair);
		pair_done(&pair);
		(void)teardown(&own);
	}
}

/* busybox knows no ldconfig: the cache is not made, and the container starts all the same. */
static void peers_start_without_a_cache_leaves_the_others(void **state)
{
	auto_done(pair) struct pair pair;
	struct world *world = need_root(state);
	auto_free char *cache = NULL;

	if (access("/bin/busybox", X_OK) < 0) {
		print_message("skipped: there is no /bin/busybox\n");
		skip();
	}
	if (libtable_machine(NULL)->machine != EM_X86_64) {
		print_message("skipped: the image is for x86-64, so that no program is run here\n");
		skip();
	}
	pair_setup(&pair, world);
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup("@/bin/busybox");
	apply_well(world, NULL);
	cache = read_all(in(world, "rootfs" CACHE));
	assert_string_equal(cache, pair.cache);
	end_second(&pair);
	first_has_all(&pair);
	end_first(&pair);
	is_the_image(&pair);
}

/* Other directories than the first one's: its file stays, and is the second one's too. */
static void peers_lines_for_ldconfig_stay_the_first_ones(void **state)
{
	auto_done(pair) struct pair pair;
	struct world *world = need_root(state);
	const char *conf = "rootfs/etc/ld.so.conf.d/000-nvc.conf";

	pair_setup(&pair, world);
	vec_each(op, &world->plan->ops)
	{
		if (op->kind == OP_LDCACHE)
			assert_int_equal(strv_add(&op->dirs, "/opt/further"), 0);
	}
	has_text(in(world, conf), "/opt/lib\n");
	apply_well(world, NULL);
	has_text(in(world, conf), "/opt/lib\n");
	end_first(&pair);
	has_text(in(world, conf), "/opt/lib\n");
	end_second(&pair);
	is_the_image(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(peers_failed_start_takes_nothing_from_one_that_runs),
		CASE(peers_third_start_fails_beside_two),
		CASE(peers_first_ends_during_a_start_that_fails),
		CASE(peers_killed_start_leaves_nothing_in_the_end),
		CASE(peers_start_without_a_cache_leaves_the_others),
		CASE(peers_lines_for_ldconfig_stay_the_first_ones),
	};
	int failed = cmocka_run_group_tests_name("new calls", tests, NULL, NULL);

	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", tests, NULL, NULL);
}
