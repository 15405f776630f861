/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of mount lists on small boards: what each becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostsetup.h"
#include "sys/rootfs.h"

#ifdef __GLIBC__
#define LOOP_TEXT "Too many levels of symbolic links"
#else
#define LOOP_TEXT "Symbolic link loop" /* musl */
#endif

struct board_case {
	const char *name;
	const char *list; /* content of l4t.csv */
	struct tree_entry entries[16];
	const char *expected;
	const char *map_from, *map_to;
	const char *alt_root; /* inside the tree */
	const char *prefix;   /* one more that is allowed */
};

#define ARCH "/usr/lib/aarch64-linux-gnu"

static const struct board_case board_cases[] = {
	{
		.name = "r32: a chain of links, spaces, a missing node, old device names",
		.list = "\nlib, " ARCH "/tegra/libcuda.so.1.1\r\n"
			"sym,  " ARCH "/tegra/libcuda.so \n"
			"lib," ARCH "/tegra/libcuda.so.1.1\n"
			"dev, /dev/nvidiactl\n"
			"dev, nvhost-gpu\n"
			"sym, /usr/loca/cuda",
		.entries = {{TREE_FILE, ARCH "/tegra/libcuda.so.1.1", "x", 0},
			    {TREE_LINK, ARCH "/tegra/libcuda.so", "libcuda.so.1.1", 0}},
		.expected = "2 found\n  file 0:" ARCH "/tegra/libcuda.so.1.1\n"
			    "3 found\n  link 0:" ARCH "/tegra/libcuda.so -> libcuda.so.1.1\n"
			    "  file 0:" ARCH "/tegra/libcuda.so.1.1\n"
			    "4 found\n  file 0:" ARCH "/tegra/libcuda.so.1.1\n"
			    "5 missing: not there\n6 missing: not there\n7 missing: not there\n",
	},
	{
		.name = "r32: an absolute chain over /etc/alternatives",
		.list = "lib, " ARCH "/libcudnn.so\n",
		.entries = {{TREE_LINK, ARCH "/libcudnn.so", "/etc/alternatives/libcudnn_so", 0},
			    {TREE_LINK, "/etc/alternatives/libcudnn_so", ARCH "/libcudnn.so.8", 0},
			    {TREE_LINK, ARCH "/libcudnn.so.8", "libcudnn.so.8.2.1", 0},
			    {TREE_FILE, ARCH "/libcudnn.so.8.2.1", "x", 0}},
		.expected = "1 found\n"
			    "  link 0:" ARCH "/libcudnn.so -> /etc/alternatives/libcudnn_so\n"
			    "  link 0:/etc/alternatives/libcudnn_so -> " ARCH "/libcudnn.so.8\n"
			    "  link 0:" ARCH "/libcudnn.so.8 -> libcudnn.so.8.2.1\n"
			    "  file 0:" ARCH "/libcudnn.so.8.2.1\n",
	},
	{
		.name = "r36: a link with dots, a link to a directory, a directory of links",
		.list = "sym, /usr/share/glvnd/egl_vendor.d/10_nvidia.json\n"
			"sym, " ARCH "/tegra\n"
			"dir, /dev/dri/by-path\n",
		.entries = {{TREE_LINK, "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
			     "../../../lib/aarch64-linux-gnu/tegra-egl/nvidia.json", 0},
			    {TREE_FILE, ARCH "/tegra-egl/nvidia.json", "{}", 0},
			    {TREE_LINK, ARCH "/tegra", "nvidia", 0},
			    {TREE_DIR, ARCH "/nvidia", NULL, 0},
			    {TREE_LINK, "/dev/dri/by-path/platform-x", "../card0", 0}},
		.expected = "1 found\n  link 0:/usr/share/glvnd/egl_vendor.d/10_nvidia.json -> "
			    "../../../lib/aarch64-linux-gnu/tegra-egl/nvidia.json\n"
			    "  file 0:" ARCH "/tegra-egl/nvidia.json\n"
			    "2 found\n  link 0:" ARCH "/tegra -> nvidia\n"
			    "  dir 0:" ARCH "/nvidia\n"
			    "3 found\n  dir 0:/dev/dri/by-path\n",
	},
	{
		.name = "a directory that is a link: relative texts become absolute",
		.list = "lib, " ARCH "/tegra/libx.so\nlib, " ARCH "/tegra/libx.so.1\n",
		.entries = {{TREE_FILE, ARCH "/nvidia/libx.so.1", "x", 0},
			    {TREE_LINK, ARCH "/nvidia/libx.so", "libx.so.1", 0},
			    {TREE_LINK, ARCH "/tegra", "nvidia", 0}},
		.expected = "1 found\n"
			    "  link 0:" ARCH "/tegra/libx.so -> " ARCH "/nvidia/libx.so.1\n"
			    "  file 0:" ARCH "/nvidia/libx.so.1\n"
			    "2 found\n  file 0:" ARCH "/tegra/libx.so.1\n",
	},
	{
		.name = "links that lead nowhere or in a circle",
		.list = "lib, /usr/a\nsym, /usr/b\nsym, /usr/l/x\n",
		.entries = {{TREE_LINK, "/usr/a", "gone", 0},
			    {TREE_LINK, "/usr/b", "c", 0},
			    {TREE_LINK, "/usr/c", "b", 0},
			    {TREE_LINK, "/usr/l", "l", 0}},
		.expected = "1 missing: '/usr/a' leads to '/usr/gone': not there\n"
			    "2 missing: more than 40 symbolic links in a row\n"
			    "3 missing: look at '/usr/l/x': " LOOP_TEXT "\n",
	},
	{
		.name = "places outside the prefixes, by name, by link and by directory",
		.list = "lib, /etc/shadow\nlib, /usr/../etc/shadow\nlib, usr/lib/x\n"
			"lib, /usr/out\nlib, /usr/dirout/shadow\nlib, /usrx/y\n"
			"lib, /etc/nv_tegra_release\nlib, //usr/./lib//../lib/ok\n"
			"lib, /etc/*\nlib, /root/*\nlib, /usr/up\ndev, ../../etc/shadow\n",
		.entries = {{TREE_FILE, "/etc/shadow", "secret", 0},
			    {TREE_LINK, "/usr/out", "/etc/shadow", 0},
			    {TREE_LINK, "/usr/up", "../../../../../../etc/shadow", 0},
			    {TREE_LINK, "/usr/dirout", "../etc", 0},
			    {TREE_FILE, "/usrx/y", "x", 0},
			    {TREE_FILE, "/etc/nv_tegra_release", "#", 0},
			    {TREE_FILE, "/usr/lib/ok", "x", 0}},
		.expected = "1 refused: '/etc/shadow' is outside the allowed prefixes\n"
			    "2 refused: '/etc/shadow' is outside the allowed prefixes\n"
			    "3 refused: a relative path\n"
			    "4 refused: '/usr/out' leads to '/etc/shadow', outside the allowed "
			    "prefixes\n"
			    "5 refused: '/usr/dirout/shadow' leads to '/etc/shadow', outside the "
			    "allowed prefixes\n"
			    "6 refused: '/usrx/y' is outside the allowed prefixes\n"
			    "7 found\n  file 0:/etc/nv_tegra_release\n"
			    "8 found\n  file 0:/usr/lib/ok\n"
			    "9 found\n  file 0:/etc/nv_tegra_release\n"
			    "10 refused: '/root' is outside the allowed prefixes\n"
			    "11 refused: '/usr/up' leads to '/etc/shadow', outside the allowed "
			    "prefixes\n"
			    "12 refused: '/etc/shadow' is outside the allowed prefixes\n",
	},
	{
		.name = "types that are not handed out, and writers",
		.list = "lib, /usr/fifo\ndev, /usr/file\ndev, /usr/lib\ndir, /usr\n"
			"lib, /usr/lib/all\nlib, /usr/lib/ok\ndir, /usr/open\nlib, /usr/lib\n",
		.entries = {{TREE_FIFO, "/usr/fifo", NULL, 0},
			    {TREE_FILE, "/usr/file", "x", 0},
			    {TREE_FILE, "/usr/lib/all", "x", 0666},
			    {TREE_FILE, "/usr/lib/ok", "x", 0755},
			    {TREE_DIR, "/usr/open", NULL, 01777}},
		.expected = "1 refused: '/usr/fifo' is a FIFO, not a file or directory\n"
			    "2 refused: '/usr/file' is a regular file, not a character device\n"
			    "3 refused: '/usr/lib' is a directory, not a character device\n"
			    "4 refused: '/usr' as a whole would hide the container's own\n"
			    "5 refused: '/usr/lib/all' can be written by everybody\n"
			    "6 found\n  file 0:/usr/lib/ok\n"
			    "7 refused: '/usr/open' can be written by everybody\n"
			    "8 found\n  dir 0:/usr/lib\n",
	},
	{
		.name = "patterns in every type, in byte order, a literal name first",
		.list = "lib, /usr/l*/lib?.so\nlib, /usr/lib/[x]\nsym, /usr/lib/none*\n"
			"dir, /usr/s[h]are\nlib, /usr/lib/bad*\nlib, /usr/lib/o*/x\n",
		.entries = {{TREE_FILE, "/usr/lib/libb.so", "x", 0},
			    {TREE_FILE, "/usr/lib/liba.so", "x", 0},
			    {TREE_FILE, "/usr/lib64/libc.so", "x", 0},
			    {TREE_FILE, "/usr/lib/.libd.so", "x", 0},
			    {TREE_FILE, "/usr/lib/[x]", "x", 0},
			    {TREE_FILE, "/usr/lib/x", "x", 0},
			    {TREE_FILE, "/usr/lib/bad1", "x", 0666},
			    {TREE_FILE, "/usr/lib/one/x", "x", 0},
			    {TREE_DIR, "/usr/lib/other", NULL, 0},
			    {TREE_DIR, "/usr/share", NULL, 0}},
		.expected = "1 found\n  file 0:/usr/lib/liba.so\n  file 0:/usr/lib/libb.so\n"
			    "  file 0:/usr/lib64/libc.so\n"
			    "2 found\n  file 0:/usr/lib/[x]\n"
			    "3 missing: nothing fits\n"
			    "4 found\n  dir 0:/usr/share\n"
			    "5 refused: nothing that fits may be handed out\n"
			    "6 found\n  file 0:/usr/lib/one/x\n",
	},
	{
		.name = "an alternate root wins, chains go on in both, patterns join both",
		.list = "lib, " ARCH "/liba.so\nlib, " ARCH "/libb.so.1\nlib, " ARCH "/lib*.so\n",
		.alt_root = "/usr/share/passthrough",
		.entries = {{TREE_FILE, ARCH "/liba.so", "old", 0},
			    {TREE_LINK, "/usr/share/passthrough" ARCH "/liba.so", "libb.so.1", 0},
			    {TREE_FILE, ARCH "/libb.so.1", "x", 0},
			    {TREE_FILE, ARCH "/libz.so", "x", 0}},
		.expected = "1 found\n  link 2:" ARCH "/liba.so -> libb.so.1\n"
			    "  file 0:" ARCH "/libb.so.1\n"
			    "2 found\n  file 0:" ARCH "/libb.so.1\n"
			    "3 found\n  link 2:" ARCH "/liba.so -> libb.so.1\n"
			    "  file 0:" ARCH "/libb.so.1\n  file 0:" ARCH "/libz.so\n",
	},
	{
		.name = "path-map: files, link texts, and what lies there already",
		.list = "lib, /usr/lib/libcuda.so\nlib, " ARCH "/libq.so\n"
			"sym, /etc/vulkan/icd.d/nvidia_icd.json\nlib, /usr/lib/libesc.so\n",
		.map_from = "/usr/lib",
		.map_to = ARCH,
		.entries = {{TREE_LINK, "/usr/lib/libcuda.so", "libcuda.so.1", 0},
			    {TREE_LINK, "/usr/lib/libcuda.so.1", "/usr/lib/tegra/libcuda.so.1.1",
			     0},
			    {TREE_FILE, "/usr/lib/tegra/libcuda.so.1.1", "x", 0},
			    {TREE_FILE, ARCH "/libq.so", "x", 0},
			    {TREE_LINK, "/usr/lib/libesc.so", "../share/libesc", 0},
			    {TREE_FILE, "/usr/share/libesc", "x", 0},
			    {TREE_LINK, "/etc/vulkan/icd.d/nvidia_icd.json",
			     "../../../usr/lib/nvidia_icd.json", 0},
			    {TREE_FILE, "/usr/lib/nvidia_icd.json", "{}", 0}},
		.expected =
			"1 found\n"
			"  link 0:/usr/lib/libcuda.so at " ARCH "/libcuda.so -> libcuda.so.1\n"
			"  link 0:/usr/lib/libcuda.so.1 at " ARCH "/libcuda.so.1 -> " ARCH
			"/tegra/libcuda.so.1.1\n"
			"  file 0:/usr/lib/tegra/libcuda.so.1.1 at " ARCH "/tegra/libcuda.so.1.1\n"
			"2 found\n  file 0:" ARCH "/libq.so\n"
			"3 found\n  link 0:/etc/vulkan/icd.d/nvidia_icd.json -> " ARCH
			"/nvidia_icd.json\n"
			"  file 0:/usr/lib/nvidia_icd.json at " ARCH "/nvidia_icd.json\n"
			"4 found\n  link 0:/usr/lib/libesc.so at " ARCH
			"/libesc.so -> /usr/share/libesc\n  file 0:/usr/share/libesc\n",
	},
	{
		.name = "links out of /lib: an image may have that as /usr/lib, or the board",
		.list = "sym, /lib/firmware/up\nsym, /lib/firmware/beside\nsym, /lib/firmware/abs\n"
			"sym, /usr/lib/up\nsym, /sbin/tool\n",
		.entries = {{TREE_LINK, "/lib/firmware/up", "../../usr/share/x", 0},
			    {TREE_LINK, "/lib/firmware/beside", "../modules/x", 0},
			    {TREE_LINK, "/lib/firmware/abs", "/usr/share/x", 0},
			    {TREE_LINK, "/usr/lib/up", "../../lib/modules/x", 0},
			    {TREE_LINK, "/usr/sbin/tool", "../share/x", 0},
			    {TREE_LINK, "/sbin", "usr/sbin", 0},
			    {TREE_FILE, "/lib/modules/x", "x", 0},
			    {TREE_FILE, "/usr/share/x", "x", 0}},
		.prefix = "/sbin",
		.expected = "1 found\n  link 0:/lib/firmware/up -> /usr/share/x\n"
			    "  file 0:/usr/share/x\n"
			    "2 found\n  link 0:/lib/firmware/beside -> ../modules/x\n"
			    "  file 0:/lib/modules/x\n"
			    "3 found\n  link 0:/lib/firmware/abs -> /usr/share/x\n"
			    "  file 0:/usr/share/x\n"
			    "4 found\n  link 0:/usr/lib/up -> ../../lib/modules/x\n"
			    "  file 0:/lib/modules/x\n"
			    "5 found\n  link 0:/sbin/tool -> /usr/share/x\n"
			    "  file 0:/usr/share/x\n",
	},
	{
		.name = "rows that are none",
		.list = "# comment\nlib\nfile, /usr/x\nlib,\nlib, /usr/a, b\n",
		.entries = {{TREE_FILE, "/usr/a, b", "x", 0}},
		.expected = NULL,
	},
};

static void host_board_cases_become_as_listed(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(board_cases) / sizeof(board_cases[0]); i++) {
		const struct board_case *board = &board_cases[i];
		struct setup setup = {0};
		struct tree tree;
		char *text;

		tree_make(&tree, board->entries);
		tree_write(&tree, LISTS "/l4t.csv", board->list, strlen(board->list), 0644);
		setup_settings(&setup, tree.root);
		if (board->map_from != NULL)
			setup_map(&setup, board->map_from, board->map_to);
		if (board->alt_root != NULL)
			strv_add(&setup.settings.alt_roots, board->alt_root);
		if (board->prefix != NULL)
			strv_add(&setup.settings.allowed_prefixes, board->prefix);

		assert_int_equal(setup_read(&setup, HOST_LISTS_BASE), 0);

		text = dump(setup.inv);
		assert_non_null(text);
		if (board->expected != NULL && strcmp(text, board->expected) != 0)
			print_error("board '%s'\n", board->name);
		if (board->expected != NULL)
			assert_string_equal(text, board->expected);
		free(text);
		setup_done(&setup);
		tree_remove(&tree);
	}
}

static void host_malformed_rows_keep_raw_text_and_reason(void **state)
{
	static const char list[] = "lib\nfile, /usr/x\nlib, /usr/a, b\nlib, /usr/\0z\n";
	static const struct tree_entry entries[] = {{TREE_FILE, "/usr/a, b", "x", 0}, {0}};
	struct setup setup = {0};
	struct tree tree;

	(void)state;
	tree_make(&tree, entries);
	tree_write(&tree, LISTS "/l4t.csv", list, sizeof(list) - 1, 0644);
	setup_settings(&setup, tree.root);

	assert_int_equal(setup_read(&setup, HOST_LISTS_BASE), 0);

	assert_int_equal(setup.inv->rows.n, 4);
	assert_int_equal(setup.inv->rows.items[0].state, ROW_MALFORMED);
	assert_string_equal(setup.inv->rows.items[0].path, "lib");
	assert_non_null(setup.inv->rows.items[0].reason);
	assert_int_equal(setup.inv->rows.items[0].type, ROW_UNKNOWN);
	assert_int_equal(setup.inv->rows.items[1].state, ROW_MALFORMED);
	assert_int_equal(setup.inv->rows.items[2].state, ROW_FOUND);
	assert_int_equal(setup.inv->rows.items[3].state, ROW_MALFORMED);
	assert_string_equal(setup.inv->rows.items[3].path, "lib, /usr/?z");
	assert_int_equal(setup.warnings, 3);
	setup_done(&setup);
	tree_remove(&tree);
}

static void host_devices_carry_number_and_owner(void **state)
{
	static const char list[] = "dev, nvmap\ndev, /dev/nvlink\nlib, /dev/nvmap\n"
				   "lib, /usr/null\ndev, /dev/sda\ndev, /dev/nv*\n";
	static const struct tree_entry entries[] = {{TREE_CHAR, "/dev/nvmap", NULL, 0660},
						    {TREE_LINK, "/dev/nvlink", "nvmap", 0},
						    {TREE_CHAR, "/usr/null", NULL, 0},
						    {TREE_BLOCK, "/dev/sda", NULL, 0},
						    {0}};
	struct setup setup = {0};
	struct tree tree;
	char *text;

	(void)state;
	tree_make(&tree, entries);
	if (tree.no_devices) {
		print_message("skipped: mknod(2) is refused here\n");
		tree_remove(&tree);
		skip();
	}
	tree_write(&tree, LISTS "/l4t.csv", list, sizeof(list) - 1, 0644);
	setup_settings(&setup, tree.root);

	assert_int_equal(setup_read(&setup, HOST_LISTS_BASE), 0);

	text = dump(setup.inv);
	assert_string_equal(text,
			    "1 found\n  device 0:/dev/nvmap\n"
			    "2 found\n  link 0:/dev/nvlink -> nvmap\n  device 0:/dev/nvmap\n"
			    "3 found\n  device 0:/dev/nvmap\n"
			    "4 refused: '/usr/null' is a device outside /dev\n"
			    "5 refused: '/dev/sda' is a block device, not a character device\n"
			    "6 found\n  link 0:/dev/nvlink -> nvmap\n  device 0:/dev/nvmap\n"
			    "  device 0:/dev/nvmap\n");
	free(text);
	assert_int_equal(setup.inv->items.items[0].rdev, makedev(1, 3));
	assert_int_equal(setup.inv->items.items[0].mode & 07777, 0660);
	assert_int_equal(setup.inv->items.items[0].uid, geteuid());
	setup_done(&setup);
	tree_remove(&tree);
}

static void host_board_cases_become_the_same_without_openat2(void **state)
{
	rootfs_force_walk(true);

	host_board_cases_become_as_listed(state);

	rootfs_force_walk(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_board_cases_become_as_listed),
		cmocka_unit_test(host_board_cases_become_the_same_without_openat2),
		cmocka_unit_test(host_malformed_rows_keep_raw_text_and_reason),
		cmocka_unit_test(host_devices_carry_number_and_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
