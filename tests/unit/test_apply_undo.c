/* SPDX-License-Identifier: Apache-2.0 */
/* Errors leave no trace, with the new mount calls and without them. */
#include "apply/apply.h"

#include "apply/record.h"
#include "applyplan.h"
#include "base/auto.h"

static void leaves_no_trace(struct world *world, int code, const char *word)
{
	auto_free char *before = NULL;
	auto_free char *after = NULL;
	struct err err = {0};
	auto_fd state_dir = record_open_dir(world->state_dir, NULL, NULL);

	/* the state directory itself may appear */
	assert_true(state_dir >= 0);
	before = snapshot(world);
	assert_int_equal(apply(world, NULL, &err), -code);
	after = snapshot(world);

	if (strstr(err.msg, word) == NULL)
		fail_msg("'%s' does not name '%s'", err.msg, word);
	assert_string_equal(before, after);
}

static void apply_source_that_vanished_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/vanished.so", "/usr/lib/vanished.so");
	leaves_no_trace(world, ENOENT, "vanished");
}

static void apply_source_that_changed_undoes_all(void **state)
{
	struct world *world = need_root(state);
	struct op *op;

	add_some(world);
	op = add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/x");
	op->dev = 1;
	op->ino = 1;
	leaves_no_trace(world, ESTALE, "liba.so.1.1");
}

static void apply_node_that_is_another_device_is_refused(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_DEVICE, "/dev/gpu1", "/dev/gpu1");
	leaves_no_trace(world, ESTALE, "gpu1");
}

static void apply_directory_in_place_of_a_file_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/have");
	leaves_no_trace(world, EISDIR, "/usr/lib/have");
}

static void apply_file_in_place_of_a_directory_undoes_all(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/sub", "/usr/lib/empty.so")->flags |= OP_DIR;
	leaves_no_trace(world, ENOTDIR, "/usr/lib/empty.so");
}

static void apply_writes_nothing_into_a_volume(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	add(world, OP_BIND, "/lib/liba.so.1.1", "/volume/deep/down/liba.so");
	leaves_no_trace(world, EROFS, "/volume/deep/down/liba.so");
}

static void apply_binds_on_a_file_of_a_volume(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/liba.so.1.1", "/volume/there");
	apply_well(world, NULL);

	has_text(inside(world, "/volume/there"), "host a");
	has_text(in(world, "volume/there"), "volume there");
}

static void apply_refuses_a_rootfs_that_is_no_containers(void **state)
{
	struct world *world = need_root(state);
	static const struct {
		const char *rootfs;
		int code;
	} cases[] = {{"/", EINVAL}, {"//./", EINVAL}, {"rootfs", EINVAL}, {"/nowhere", ENOENT}};

	add_some(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world->target.rootfs = cases[i].rootfs;
		world->target.id = NULL;
		leaves_no_trace(world, cases[i].code, "rootfs");
	}
}

static void apply_refuses_a_process_of_the_same_namespace(void **state)
{
	struct world *world = need_root(state);

	add_some(world);
	world->target.pid = getpid();
	leaves_no_trace(world, EINVAL, "mount namespace");
}

static void apply_refuses_a_process_that_is_gone(void **state)
{
	struct world *world = need_root(state);
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	(void)waitpid(child, NULL, 0);
	add_some(world);
	world->target.pid = child;
	leaves_no_trace(world, ESRCH, "process");
}

static const struct CMUnitTest cases[] = {
	CASE(apply_source_that_vanished_undoes_all),
	CASE(apply_source_that_changed_undoes_all),
	CASE(apply_node_that_is_another_device_is_refused),
	CASE(apply_directory_in_place_of_a_file_undoes_all),
	CASE(apply_file_in_place_of_a_directory_undoes_all),
	CASE(apply_writes_nothing_into_a_volume),
	CASE(apply_binds_on_a_file_of_a_volume),
	CASE(apply_refuses_a_rootfs_that_is_no_containers),
	CASE(apply_refuses_a_process_of_the_same_namespace),
	CASE(apply_refuses_a_process_that_is_gone),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
}
