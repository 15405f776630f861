/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "apply/hollow.h"
#include "base/auto.h"
#include "base/str.h"
#include "tree.h"

static const struct tree_entry image[] = {
	{.kind = TREE_FILE, .path = "/usr/lib/full.so.1", .text = "x"},
	{.kind = TREE_FILE, .path = "/usr/lib/empty.so.1.0"},
	{.kind = TREE_LINK, .path = "/usr/lib/empty.so.1", .text = "empty.so.1.0"},
	{.kind = TREE_LINK, .path = "/usr/lib/empty.so", .text = "empty.so.1"},
	{.kind = TREE_LINK, .path = "/usr/lib/away.so", .text = "/opt/empty.so"},
	{.kind = TREE_LINK, .path = "/usr/lib/up.so", .text = "../../opt/empty.so"},
	{.kind = TREE_LINK, .path = "/usr/lib/host.so", .text = "/etc/hostname"},
	{.kind = TREE_LINK, .path = "/usr/lib/gone.so", .text = "nothing.so"},
	{.kind = TREE_LINK, .path = "/usr/lib/round.so", .text = "round.so"},
	{.kind = TREE_LINK, .path = "/usr/lib/parent.so", .text = ".."},
	{.kind = TREE_FILE, .path = "/opt/empty.so"},
	{.kind = TREE_FILE, .path = "/etc/hostname"},
	{.kind = TREE_DIR, .path = "/usr/lib/dir.so"},
	{.kind = TREE_FIFO, .path = "/usr/lib/fifo.so"},
	{.kind = TREE_LINK, .path = "/lib", .text = "usr/lib"},
	{.kind = TREE_END},
};

static void hollow_names_of_every_kind(void **state)
{
	static const struct {
		const char *path;
		bool empty;
	} cases[] = {
		{"/usr/lib/full.so.1", false},
		{"/usr/lib/empty.so.1.0", true},
		{"/usr/lib/empty.so.1", true},
		{"/usr/lib/empty.so", true},
		{"/lib/empty.so", true},
		{"/usr/lib/away.so", true},
		{"/usr/lib/up.so", true},
		{"/usr/lib/host.so", true},
		{"/usr/lib/gone.so", false},
		{"/usr/lib/round.so", false},
		{"/usr/lib/parent.so", false},
		{"/usr/lib/dir.so", false},
		{"/usr/lib/fifo.so", false},
		{"/nowhere/empty.so", false},
		{"/empty.so", false},
		{"empty.so", false},
		{"/usr/lib/", false},
		{"/usr/lib/..", false},
		{"/usr/lib/full.so.1/x", false},
		{"", false},
	};
	struct tree tree;
	auto_done(hollow) struct hollow hollow = {.rootfd = -1};
	auto_fd root = -1;

	(void)state;
	tree_make(&tree, image);
	root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	hollow.rootfd = root;
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			if (hollow_is(&hollow, cases[i].path) != cases[i].empty)
				fail_msg("'%s'", cases[i].path);
		}
	}
	tree_remove(&tree);
}

static void hollow_more_directories_than_are_kept_open(void **state)
{
	struct tree tree;
	auto_done(hollow) struct hollow hollow = {.rootfd = -1};
	auto_fd root = -1;

	(void)state;
	tree_make(&tree, image);
	for (unsigned i = 0; i < HOLLOW_MAX_DIRS + 10; i++) {
		auto_free char *path = str_format("/d%u/lib.so", i);

		tree_write(&tree, path, "", 0, 0644);
	}
	root = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	hollow.rootfd = root;
	for (unsigned i = 0; i < HOLLOW_MAX_DIRS + 10; i++) {
		auto_free char *path = str_format("/d%u/lib.so", i);

		assert_true(hollow_is(&hollow, path));
	}
	assert_int_equal(hollow.dirs.n, HOLLOW_MAX_DIRS);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hollow_names_of_every_kind),
		cmocka_unit_test(hollow_more_directories_than_are_kept_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
