/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan carried out, and taken back, with each allocation failing: after an error nothing is left
 * in the container, in the image or mounted; what is done can be taken back; and a taking back that
 * failed is whole the next time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocfail.h"
#include "apply/record.h"
#include "applyplan.h"
#include "sys/rootfs.h"
#include "where.h"

#define OTHER "c2"
#define MOST  1000 /* runs of one case */

static void copy_cache(const struct world *world)
{
	auto_file from = fopen(where_data("/tests/cases/ldcache/amd64-2.36-new.cache"), "re");
	auto_file to = fopen(in(world, "rootfs/etc/ld.so.cache"), "we");
	char data[65536];
	size_t len;

	assert_true(from != NULL && to != NULL);
	len = fread(data, 1, sizeof(data), from);
	assert_true(len > 0);
	assert_int_equal(fwrite(data, 1, len, to), len);
}

static void make_plan(struct world *world)
{
	add_some(world);
	add_loadable(world);
	must(mkdir(in(world, "rootfs/etc"), 0755));
	put(in(world, "rootfs/etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n");
	copy_cache(world);
	free(world->settings.ldconfig);
	world->settings.ldconfig = strdup(SETTINGS_LDCONFIG_NATIVE);
}

static char *image_of(const struct world *world)
{
	static const char *const parts[] = {"rootfs", "volume", "state"};
	struct strbuf buf = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		list_image(&buf, in(world, parts[i]));
	return strbuf_take(&buf);
}

/* What differs becomes the error. */
static int differs(const char *before, const char *after, const char *what, struct err *err)
{
	auto_free char *said = strdup(err->msg);

	if (strcmp(before, after) == 0)
		return 0;
	*err = (struct err){0};
	return err_set(err, EUCLEAN, "%s (%s): ...%.150s\n instead of ...%.150s\n", what, said,
		       allocfail_difference(before, after), allocfail_difference(after, before));
}

static int start(struct world *world, bool failing, struct strbuf *text, struct err *err)
{
	auto_free char *before = snapshot(world);
	auto_free char *after = NULL;
	struct apply_stats stats = {0};
	int r;

	if (failing)
		allocfail_start();
	r = apply(world, &stats, err);
	allocfail_stop();
	strbuf_addf(text, "%u %u %u %u %u %u %d", stats.binds, stats.devices, stats.links,
		    stats.files, stats.kept, stats.placeholders, stats.ldcache);
	if (r == 0)
		return 0;
	after = snapshot(world);
	return differs(before, after, "left after an error", err) < 0 ? -EUCLEAN : r;
}

static int take_back(struct world *world, bool failing, struct err *err)
{
	const struct apply_target target = {.id = ID};
	struct err first = {0};
	int r = 0;

	if (failing) {
		allocfail_start();
		r = apply_revert(&target, &world->settings, NULL, &first);
		allocfail_stop();
	}
	if (r < 0 && first.code != ENOMEM)
		return err_set(err, EUCLEAN, "another error: %s", first.msg);
	return apply_revert(&target, &world->settings, NULL, err);
}

struct round {
	struct world *world;
	bool reverting; /* allocations of the taking back fail, not those of the start */
};

static int run(void *arg, struct err *err, struct strbuf *text)
{
	const struct round *round = arg;
	auto_free char *before = image_of(round->world);
	auto_free char *after = NULL;
	int r;

	start_container(round->world);
	r = start(round->world, !round->reverting, text, err);
	stop_container(round->world); /* and with it its mounts */
	if (r == 0)
		r = take_back(round->world, round->reverting, err);
	after = image_of(round->world);
	return differs(before, after, "left in the image", err) < 0 ? -EUCLEAN : r;
}

/* What a container on the rootfs has. */
static char *seen_by(const struct world *world, pid_t pid)
{
	auto_free char *path = str_format("/proc/%d/mountinfo", (int)pid);
	auto_file file = fopen(path, "re");
	struct strbuf buf = {0};
	char line[4096];

	list_image(&buf, in(world, "rootfs"));
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (!is_of_another_test(world, line))
			strbuf_adds(&buf, line);
	}
	return strbuf_take(&buf);
}

/* The placeholders in the record: those of the other one too. */
static unsigned files_of(const char *path)
{
	auto_file file = fopen(path, "re");
	char line[4096];
	unsigned n = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		n += strncmp(line, "file ", 5) == 0;
	return n;
}

static int start_beside(struct world *world, struct strbuf *text, struct err *err)
{
	const struct apply_target end = {.id = OTHER};
	pid_t first = world->container;
	auto_free char *before = seen_by(world, first);
	auto_free char *after = NULL;
	int r;

	start_container(world);
	world->target.id = OTHER;
	allocfail_start();
	r = apply(world, NULL, err);
	allocfail_stop();
	strbuf_addf(text, "%d %u", r == 0, files_of(in(world, "state/" OTHER ".state")));
	if (r < 0)
		after = seen_by(world, first);
	stop_container(world);
	world->container = first;
	world->target.id = ID;
	if (r < 0)
		return differs(before, after, "taken from another", err) < 0 ? -EUCLEAN : r;
	r = apply_revert(&end, &world->settings, NULL, err);
	after = seen_by(world, first);
	return differs(before, after, "taken at the end", err) < 0 ? -EUCLEAN : r;
}

static int run_beside(void *arg, struct err *err, struct strbuf *text)
{
	struct world *world = arg;
	auto_free char *before = image_of(world);
	auto_free char *after = NULL;
	int r;

	start_container(world);
	apply_well(world, NULL);
	r = start_beside(world, text, err);
	stop_container(world);
	revert_well(world);
	after = image_of(world);
	return differs(before, after, "left in the image", err) < 0 ? -EUCLEAN : r;
}

static void sweep(void **state, const char *name, allocfail_fn run_one, void *arg)
{
	struct world *world = need_root(state);
	const struct allocfail_case test = {
		.name = name, .run = run_one, .arg = arg, .most = MOST, .succeeds = true};
	auto_fd state_dir = record_open_dir(world->state_dir, NULL, NULL);
	unsigned long bad = allocfail.bad;

	stop_container(world);
	make_plan(world);
	assert_true(state_dir >= 0);
	allocfail_sweep(&test);
	world->container = 0;
	assert_int_equal(allocfail.bad, bad);
}

static void alloc_failures_of_a_start_leave_nothing(void **state)
{
	struct round round = {*state, false};

	sweep(state, "a start", run, &round);
}

static void alloc_failures_of_a_start_on_an_old_kernel_leave_nothing(void **state)
{
	struct round round = {*state, false};

	use_old_calls();
	rootfs_force_walk(true);
	sweep(state, "a start on an old kernel", run, &round);
	rootfs_force_walk(false);
	kfeature_reset();
}

static void alloc_failures_of_a_start_take_nothing_from_another(void **state)
{
	sweep(state, "a start beside another", run_beside, *state);
}

static void alloc_failures_of_poststop_are_made_good(void **state)
{
	struct round round = {*state, true};

	sweep(state, "poststop", run, &round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(alloc_failures_of_a_start_leave_nothing),
		CASE(alloc_failures_of_a_start_on_an_old_kernel_leave_nothing),
		CASE(alloc_failures_of_a_start_take_nothing_from_another),
		CASE(alloc_failures_of_poststop_are_made_good),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_apply");
	return failed;
}
