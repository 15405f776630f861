/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of mount lists: which files count, who may have written them, what they cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <link.h>

#include "base/path.h"
#include "hostsetup.h"
#include "where.h"

static char *dump_files(const struct inventory *inv)
{
	struct strbuf text = {0};

	vec_each(file, &inv->files)
	{
		strbuf_addf(&text, "%s%s%s", file->name, file->base ? " base" : "",
			    file->read ? "" : " not read");
		strbuf_addf(&text, " %zu\n", file->n_rows);
	}
	return strbuf_take(&text);
}

static void start(struct setup *setup, struct tree *tree, const struct tree_entry *entries)
{
	*setup = (struct setup){0};
	tree_make(tree, entries);
	setup_settings(setup, tree->root);
}

static void finish(struct setup *setup, struct tree *tree)
{
	setup_done(setup);
	tree_remove(tree);
}

static void lists_are_read_in_byte_order_of_their_names(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/l4t.csv", "lib, /usr/a\nlib, /usr/b", 0},
		{TREE_FILE, LISTS "/devices.csv", "", 0},
		{TREE_FILE, LISTS "/cudnn.CSV", "lib, /usr/a\n", 0},
		{TREE_FILE, LISTS "/L4T.csv", "", 0},
		{TREE_FILE, LISTS "/.csv", "lib, /usr/a\n", 0},
		{TREE_FILE, LISTS "/l4t.csv.old", "lib, /usr/a\n", 0},
		{TREE_DIR, LISTS "/drivers.csv", NULL, 0},
		{TREE_FILE, LISTS "/sub/x.csv", "lib, /usr/a\n", 0},
		{TREE_FILE, "/opt/linked", "lib, /usr/a\n", 0},
		{TREE_LINK, LISTS "/link.csv", "/opt/linked", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;
	char *text;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_true(setup.inv->list_dir_found);
	assert_string_equal(setup.inv->list_dir, LISTS);
	text = dump_files(setup.inv);
	assert_string_equal(text, "L4T.csv 0\ncudnn.CSV 1\ndevices.csv base 0\nl4t.csv base 2\n"
				  "link.csv 1\n");
	free(text);
	assert_string_equal(setup.inv->files.items[0].path, LISTS "/L4T.csv");
	assert_int_equal(setup.inv->rows.items[1].file, 3);
	finish(&setup, &tree);
}

static void lists_that_others_can_write_are_not_used(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/a.csv", "lib, /usr/a\n", 0666},
		{TREE_FIFO, LISTS "/b.csv", NULL, 0},
		{TREE_LINK, LISTS "/c.csv", "gone", 0},
		{TREE_FILE, LISTS "/good.csv", "lib, /usr/a\n", 0},
		{TREE_FILE, "/opt/open", "lib, /usr/a\n", 0646},
		{TREE_LINK, LISTS "/link.csv", "/opt/open", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;
	char *text;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	text = dump_files(setup.inv);
	assert_string_equal(text,
			    "a.csv not read 0\nb.csv not read 0\nc.csv not read 0\ngood.csv 1\n"
			    "link.csv not read 0\n");
	free(text);
	assert_non_null(strstr(setup.inv->files.items[0].error, "can be written by everybody"));
	assert_int_equal(setup.warnings, 4);
	finish(&setup, &tree);
}

static void lists_of_foreign_owners_are_not_used(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/foreign.csv", "lib, /usr/a\n", 0},
		{TREE_FILE, LISTS "/group.csv", "lib, /usr/a\n", 0664},
		{TREE_FILE, LISTS "/root.csv", "lib, /usr/a\nlib, /usr/b\n", 0664},
		{TREE_FILE, "/usr/a", "x", 0},
		{TREE_FILE, "/usr/b", "x", 0},
		{0},
	};
	char path[PATH_MAX];
	struct setup setup;
	struct tree tree;
	char *text;

	(void)state;
	start(&setup, &tree, entries);
	tree_path(&tree, LISTS "/foreign.csv", path);
	if (geteuid() != 0 || chown(path, 1234, 0) < 0) {
		print_message("skipped: chown(2) needs root\n");
		finish(&setup, &tree);
		skip();
	}
	tree_path(&tree, LISTS "/group.csv", path);
	assert_int_equal(chown(path, 0, 1234), 0);
	tree_path(&tree, "/usr/a", path);
	assert_int_equal(chown(path, 1234, 0), 0);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	text = dump_files(setup.inv);
	assert_string_equal(text, "foreign.csv not read 0\ngroup.csv not read 0\nroot.csv 2\n");
	free(text);
	text = dump(setup.inv);
	assert_string_equal(text, "1 refused: '/usr/a' can be written by its owner, who is "
				  "neither root nor the caller\n2 found\n  file 0:/usr/b\n");
	free(text);
	finish(&setup, &tree);
}

static void lists_in_a_folder_open_to_others_are_not_used(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_DIR, LISTS, NULL, 01777},
		{TREE_FILE, LISTS "/l4t.csv", "lib, /usr/a\n", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_false(setup.inv->files.items[0].read);
	assert_int_equal(setup.inv->rows.n, 0);
	finish(&setup, &tree);
}

static void lists_folder_that_is_missing_is_no_error(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, "/etc/nv_tegra_release", "# R32", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_false(setup.inv->list_dir_found);
	assert_int_equal(setup.inv->files.n, 0);
	assert_int_equal(setup.inv->extras.n, 1);
	assert_string_equal(setup.inv->extras.items[0].target, "/etc/nv_tegra_release");
	assert_int_equal(setup.inv->extras.items[0].root, ROOT_MACHINE);
	finish(&setup, &tree);
}

static void lists_folder_that_is_a_file_is_an_error(void **state)
{
	static const struct tree_entry entries[] = {{TREE_FILE, LISTS, "x", 0}, {0}};
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), -ENOTDIR);

	finish(&setup, &tree);
}

static void lists_base_mode_leaves_other_rows_alone(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/cudnn.csv", "lib, /usr/a\nlib, /etc/shadow\nbad\n", 0},
		{TREE_FILE, LISTS "/l4t.csv", "lib, /usr/a\n", 0},
		{TREE_FILE, "/usr/a", "x", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;
	char *text;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_BASE), 0);

	text = dump(setup.inv);
	assert_non_null(strstr(text, "1 found\n2 found\n3 malformed: "));
	assert_non_null(strstr(text, "\n1 found\n  file 0:/usr/a\n"));
	free(text);
	assert_int_equal(setup.warnings, 0);
	finish(&setup, &tree);
}

static void lists_warnings_are_counted_after_ten_rows(void **state)
{
	struct strbuf list = {0};
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, NULL);
	for (int i = 0; i < 200; i++)
		strbuf_addf(&list, "lib, /etc/%d\n", i);
	tree_write(&tree, LISTS "/a.csv", list.data, list.len, 0644);
	tree_write(&tree, LISTS "/b.csv", list.data, list.len, 0644);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_int_equal(setup.warnings, 2 * (10 + 1));
	strbuf_done(&list);
	finish(&setup, &tree);
}

static void lists_same_path_twice_shares_its_items(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/l4t.csv",
		 "lib, /usr/a\nsym, /usr/a\nlib, /usr/a\ndev, /usr/a\n", 0},
		{TREE_FILE, "/usr/a", "x", 0},
		{0},
	};
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, entries);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_int_equal(setup.inv->items.n, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(setup.inv->rows.items[i].state, ROW_FOUND);
		assert_int_equal(setup.inv->rows.items[i].first_item, 0);
		assert_int_equal(setup.inv->rows.items[i].n_items, 1);
	}
	assert_int_equal(setup.inv->rows.items[3].state, ROW_REFUSED);
	finish(&setup, &tree);
}

static void lists_pattern_that_fits_too_much_is_refused(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/l4t.csv", "lib, /usr/m/*\n", 0},
		{0},
	};
	char name[64];
	struct setup setup;
	struct tree tree;

	(void)state;
	start(&setup, &tree, entries);
	for (int i = 0; i < 4097; i++) {
		(void)snprintf(name, sizeof(name), "/usr/m/%d", i);
		tree_write(&tree, name, "", 0, 0644);
	}

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_int_equal(setup.inv->rows.items[0].state, ROW_REFUSED);
	assert_int_equal(setup.inv->items.n, 0);
	finish(&setup, &tree);
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libc.so.") == NULL)
		return 0;
	(void)snprintf(arg, PATH_MAX, "%s", info->dlpi_name);
	return 1;
}

static void lists_libraries_carry_elf_facts(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, LISTS "/l4t.csv",
		 "lib, /usr/lib/liba.so\nlib, /usr/lib/libtext.so\nlib, /usr/lib/libempty.so\n", 0},
		{TREE_LINK, "/usr/lib/liba.so", "libreal.so.6", 0},
		{TREE_FILE, "/usr/lib/libtext.so", "/* GNU ld script */", 0},
		{TREE_FILE, "/usr/lib/libempty.so", "", 0},
		{0},
	};
	char source[PATH_MAX] = "";
	static char data[8 << 20];
	struct setup setup;
	struct tree tree;
	size_t len;
	FILE *file;

	(void)state;
	if (dl_iterate_phdr(find_libc, source) == 0) {
		print_message("skipped: no libc.so is loaded to copy\n");
		skip();
	}
	file = fopen(source, "re");
	assert_non_null(file);
	len = fread(data, 1, sizeof(data), file);
	(void)fclose(file);
	start(&setup, &tree, entries);
	tree_write(&tree, "/usr/lib/libreal.so.6", data, len, 0644);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_int_equal(setup.inv->items.n, 4);
	assert_int_equal(setup.inv->items.items[1].kind, ITEM_FILE);
	assert_int_equal(setup.inv->items.items[1].elf.class,
			 sizeof(void *) == 8 ? ELF_CLASS_64 : ELF_CLASS_32);
	assert_string_equal(setup.inv->items.items[1].elf.soname, path_basename(source));
	assert_int_equal(setup.inv->items.items[2].elf.class, ELF_CLASS_NONE);
	assert_int_equal(setup.inv->items.items[3].elf.class, ELF_CLASS_NONE);
	finish(&setup, &tree);
}

static void host_open_needs_its_roots_but_not_alternate_ones(void **state)
{
	struct setup setup;
	struct tree tree;
	struct err err = {0};

	(void)state;
	start(&setup, &tree, NULL);
	assert_int_equal(strv_add(&setup.settings.alt_roots, "/nonexistent/alt"), 0);
	setup.log = (struct log){LOG_LEVEL_WARNING, setup_count_warning, &setup};

	/* of the build, and of config.toml */
	assert_int_equal(host_open(&setup.host, &setup.settings, &setup.log, &err), 0);
	assert_int_equal(setup.warnings, 0);
	host_close(&setup.host);
	setup.settings.alt_roots_named = true;
	assert_int_equal(host_open(&setup.host, &setup.settings, &setup.log, &err), 0);
	assert_int_equal(setup.warnings, 1);
	assert_int_equal(setup.host.fds[ROOT_ALT], -1);
	host_close(&setup.host);
	host_close(&setup.host);
	free(setup.settings.root);
	setup.settings.root = strdup("/nonexistent/root");
	assert_int_equal(host_open(&setup.host, &setup.settings, &setup.log, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'/nonexistent/root'"));
	finish(&setup, &tree);
}

/* Each file in it may be root's, but who can write the folder chooses among them. */
static void host_open_leaves_out_an_alternate_root_that_others_write(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_DIR, "/usr/alt", NULL, 0755}, {TREE_DIR, "/usr/open", NULL, 01777}, {0}};
	struct setup setup;
	struct tree tree;
	struct err err = {0};

	(void)state;
	start(&setup, &tree, entries);
	assert_int_equal(strv_add(&setup.settings.alt_roots, "/usr/open"), 0);
	assert_int_equal(strv_add(&setup.settings.alt_roots, "/usr/alt"), 0);
	setup.log = (struct log){LOG_LEVEL_WARNING, setup_count_warning, &setup};

	assert_int_equal(host_open(&setup.host, &setup.settings, &setup.log, &err), 0);

	assert_int_equal(setup.warnings, 1);
	assert_int_equal(setup.host.fds[ROOT_ALT], -1);
	assert_true(setup.host.fds[ROOT_ALT + 1] >= 0);
	host_close(&setup.host);
	finish(&setup, &tree);
}

static size_t shared_lists;

static int read_shared_list(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path);
	struct setup setup;
	struct tree tree;
	char *data;
	FILE *file;

	(void)ftw;
	if (type != FTW_F || len < 4 || strcmp(path + len - 4, ".csv") != 0)
		return 0;
	start(&setup, &tree, NULL);
	data = malloc((size_t)st->st_size + 1);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fread(data, 1, (size_t)st->st_size, file), st->st_size);
	(void)fclose(file);
	tree_write(&tree, LISTS "/l4t.csv", data, (size_t)st->st_size, 0644);
	free(data);

	assert_int_equal(setup_read(&setup, HOST_LISTS_ALL), 0);

	assert_true(setup.inv->files.items[0].read);
	vec_each(row, &setup.inv->rows)
	{
		assert_int_not_equal(row->state, ROW_FOUND);
		assert_non_null(row->reason);
	}
	finish(&setup, &tree);
	shared_lists++;
	return 0;
}

static void lists_all_collected_ones_are_read_on_an_empty_board(void **state)
{
	(void)state;
	if (access(where_shared("/data/csv"), R_OK) < 0) {
		print_message("skipped: no %s\n", where_shared("/data/csv"));
		skip();
	}

	assert_int_equal(nftw(where_shared("/data/csv"), read_shared_list, 16, FTW_PHYS), 0);

	assert_true(shared_lists > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_in_byte_order_of_their_names),
		cmocka_unit_test(lists_that_others_can_write_are_not_used),
		cmocka_unit_test(lists_of_foreign_owners_are_not_used),
		cmocka_unit_test(lists_in_a_folder_open_to_others_are_not_used),
		cmocka_unit_test(lists_folder_that_is_missing_is_no_error),
		cmocka_unit_test(lists_folder_that_is_a_file_is_an_error),
		cmocka_unit_test(lists_base_mode_leaves_other_rows_alone),
		cmocka_unit_test(lists_warnings_are_counted_after_ten_rows),
		cmocka_unit_test(lists_same_path_twice_shares_its_items),
		cmocka_unit_test(lists_pattern_that_fits_too_much_is_refused),
		cmocka_unit_test(lists_libraries_carry_elf_facts),
		cmocka_unit_test(host_open_needs_its_roots_but_not_alternate_ones),
		cmocka_unit_test(host_open_leaves_out_an_alternate_root_that_others_write),
		cmocka_unit_test(lists_all_collected_ones_are_read_on_an_empty_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
