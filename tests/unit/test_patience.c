/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/patience.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apply/hollow.h"
#include "apply/ldconf.h"
#include "apply/withdraw.h"
#include "base/auto.h"
#include "format/ldcache.h"
#include "tree.h"

#define LINKS   38    /* the kernel follows 40 */
#define ENTRIES 20000 /* each takes some 2 ms to be looked at, all of them 40 seconds */

/* /h/l0 leads to the directory /h/z in tens of thousands of steps. */
static void make_chain(struct tree *tree, int *ret_root)
{
	tree_make(tree, NULL);
	tree_add(tree, &(struct tree_entry){.kind = TREE_DIR, .path = "/h/z"});
	for (unsigned i = 0; i < LINKS; i++) {
		char path[32], last[32];
		char text[PATH_MAX] = "";
		size_t len = 0;

		(void)snprintf(path, sizeof(path), "/h/l%u", i);
		(void)snprintf(last, sizeof(last), "l%u", i + 1);
		while (len + 5 + sizeof(last) < sizeof(text) - 1) {
			memcpy(text + len, "../h/", 5);
			len += 5;
		}
		(void)snprintf(text + len, sizeof(text) - len, "%s", i + 1 == LINKS ? "z" : last);
		tree_add(tree, &(struct tree_entry){.kind = TREE_LINK, .path = path, .text = text});
	}
	*ret_root = open(tree->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(*ret_root >= 0);
}

static void patience_ends_and_does_not_come_back(void **state)
{
	struct patience patience = {0};

	(void)state;
	assert_true(patience_lasts(&patience, 1000));
	for (int i = 0; i < 100; i++)
		assert_true(patience_lasts(&patience, 1000));
	patience.end = 1;
	for (int i = 0; i < 100; i++)
		(void)patience_lasts(&patience, 1000);
	assert_false(patience_lasts(&patience, 1000));
	patience.end = UINT64_MAX;
	for (int i = 0; i < 100; i++)
		assert_false(patience_lasts(&patience, 1000));
}

static void hollow_files_behind_many_links_are_not_waited_for(void **state)
{
	auto_done(hollow) struct hollow hollow = {0};
	struct tree tree;
	auto_fd root = -1;

	(void)state;
	make_chain(&tree, &root);
	hollow.rootfd = root;
	for (unsigned i = 0; i < ENTRIES; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/h/l0/%u/libx.so.1", i);
		assert_false(hollow_is(&hollow, path));
	}
	assert_true(hollow.patience.over); /* at the end all of them, without a limit */
	tree_remove(&tree);
}

static void withdraw_entries_behind_many_links_are_not_waited_for(void **state)
{
	static char path[] = "/h/l0/libx.so.1", gone[] = "/gone/libx.so.1";
	char *items[] = {path, NULL};
	const struct strv added = {.items = items, .n = 1};
	auto_done(withdrawal) struct withdrawal left = {0};
	auto_done(ldcache) struct ldcache cache = {0};
	auto_free char *data = NULL;
	struct tree tree;
	auto_fd root = -1;
	size_t len;

	(void)state;
	make_chain(&tree, &root);
	for (unsigned i = 0; i < ENTRIES; i++) {
		const struct ldcache_entry entry = {.key = "libx.so.1",
						    .value = i == 0 ? gone : path};

		assert_int_equal(ldcache_add(&cache, &entry, NULL), 0);
	}
	assert_int_equal(ldcache_format(&cache, &data, &len, NULL), 0);
	assert_int_equal(withdraw_entries(root, data, len, &added, &left, NULL), 0);
	assert_in_range(left.taken, 1, ENTRIES - 1); /* those that were reached */
	tree_remove(&tree);
}

static void ldconf_patterns_behind_many_links_are_not_waited_for(void **state)
{
	auto_done(ldconf) struct ldconf conf = {0};
	char text[900 * 22 + 1] = "";
	struct tree tree;
	auto_fd root = -1;

	(void)state;
	make_chain(&tree, &root);
	for (unsigned i = 0; i < 18; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "/h/z/%u", i);
		tree_add(&tree, &(struct tree_entry){.kind = TREE_DIR, .path = path});
	}
	for (size_t at = 0; at + 22 < sizeof(text); at += 22)
		memcpy(text + at, "include /h/l0/*/no/*\n\n", 22);
	tree_write(&tree, LDCONF_PATH, text, strlen(text), 0644);
	assert_int_equal(ldconf_read(root, 0, &conf, NULL), 0);
	assert_true(conf.cut);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patience_ends_and_does_not_come_back),
		cmocka_unit_test(hollow_files_behind_many_links_are_not_waited_for),
		cmocka_unit_test(withdraw_entries_behind_many_links_are_not_waited_for),
		cmocka_unit_test(ldconf_patterns_behind_many_links_are_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
