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

#include <ftw.h>

#include "allocfail.h"
#include "apply/record.h"
#include "applyplan.h"
#include "sys/rootfs.h"

#define MOST 1000 /* runs of one case */

static void copy_cache(const struct world *world)
{
	auto_file from = fopen(TEST_SOURCE_DIR "/tests/cases/ldcache/amd64-2.36-new.cache", "re");
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

static struct strbuf image;

/* Without inodes, unlike list_tree(): a file that was put back is another one. */
static int list_object(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	strbuf_addf(&image, "%s %o %u:%u", path, st->st_mode, st->st_uid, st->st_gid);
	if (type != FTW_D)
		strbuf_addf(&image, " %llu %lld", (unsigned long long)st->st_size,
			    (long long)st->st_mtim.tv_sec);
	strbuf_addc(&image, '\n');
	return 0;
}

static char *image_of(const struct world *world)
{
	static const char *const parts[] = {"rootfs", "volume", "state"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)nftw(in(world, parts[i]), list_object, 16, FTW_PHYS);
	return strbuf_take(&image);
}

/* What differs becomes the error. */
static int differs(const char *before, const char *after, const char *what, struct err *err)
{
	if (strcmp(before, after) == 0)
		return 0;
	*err = (struct err){0};
	return err_set(err, EUCLEAN, "%s: %s", what, allocfail_difference(before, after));
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
	struct err first = {0};
	int r = 0;

	if (failing) {
		allocfail_start();
		r = apply_revert(ID, NULL, &world->settings, NULL, &first);
		allocfail_stop();
	}
	if (r < 0 && first.code != ENOMEM)
		return err_set(err, EUCLEAN, "another error: %s", first.msg);
	return apply_revert(ID, NULL, &world->settings, NULL, err);
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

static void sweep(void **state, const char *name, bool reverting)
{
	struct world *world = need_root(state);
	struct round round = {world, reverting};
	const struct allocfail_case test = {
		.name = name, .run = run, .arg = &round, .most = MOST, .succeeds = true};
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
	sweep(state, "a start", false);
}

static void alloc_failures_of_a_start_on_an_old_kernel_leave_nothing(void **state)
{
	use_old_calls();
	rootfs_force_walk(true);
	sweep(state, "a start on an old kernel", false);
	rootfs_force_walk(false);
	kfeature_reset();
}

static void alloc_failures_of_poststop_are_made_good(void **state)
{
	sweep(state, "poststop", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(alloc_failures_of_a_start_leave_nothing),
		CASE(alloc_failures_of_a_start_on_an_old_kernel_leave_nothing),
		CASE(alloc_failures_of_poststop_are_made_good),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_apply");
	return failed;
}
