/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine a tree is, and on what evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/tegra.h"
#include "hostsetup.h"

#define RELEASE(major, revision)                                                                   \
	"# R" major " (release), REVISION: " revision                                              \
	", GCID: 1, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022\n"

struct machine_case {
	const char *name;
	const char *compatible; /* strings separated by "|", which become NUL */
	struct tree_entry entries[8];
	enum platform_kind kind;
	const char *soc, *chip_id, *module, *board, *model;
	const char *l4t, *jetpack, *cuda, *driver;
	const char *gpu, *compute;
	const char *soc_source;
};

#define DT "/proc/device-tree/compatible"

static const struct machine_case machines[] = {
	{
		.name = "Nano, R32.7.1",
		.compatible = "nvidia,p3449-0000-b00+p3448-0000-b00|nvidia,jetson-nano|"
			      "nvidia,tegra210|",
		.entries = {{TREE_FILE, "/proc/device-tree/model",
			     "NVIDIA Jetson Nano Developer Kit", 0},
			    {TREE_FILE, "/etc/nv_tegra_release", RELEASE("32", "7.1"), 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra210",
		.chip_id = "0x21",
		.module = "p3448-0000",
		.board = "Jetson Nano",
		.model = "NVIDIA Jetson Nano Developer Kit",
		.l4t = "32.7.1",
		.jetpack = "4.6.1",
		.cuda = "10.2",
		.driver = "32.7.1",
		.gpu = "GM20B",
		.compute = "5.3",
		.soc_source = DT,
	},
	{
		.name = "TX2, whose model says quill",
		.compatible = "nvidia,p2597-0000+p3310-1000|nvidia,quill|nvidia,tegra186|",
		.entries = {{TREE_FILE, "/proc/device-tree/model", "quill\n", 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra186",
		.chip_id = "0x18",
		.module = "p3310-1000",
		.board = "Jetson TX2",
		.model = "quill",
		.gpu = "GP10B",
		.compute = "6.2",
		.soc_source = DT,
	},
	{
		.name = "Xavier NX on a Nano carrier, R35.3.1",
		.compatible = "nvidia,p3449-0000+p3668-0001|nvidia,tegra194|",
		.entries = {{TREE_FILE, "/etc/nv_tegra_release", RELEASE("35", "3.1"), 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra194",
		.chip_id = "0x19",
		.module = "p3668-0001",
		.board = "Jetson Xavier NX",
		.l4t = "35.3.1",
		.jetpack = "5.1.1",
		.cuda = "11.4",
		.driver = "35.3.1",
		.gpu = "GV11B",
		.compute = "7.2",
		.soc_source = DT,
	},
	{
		.name = "Orin Nano on somebody's carrier, a release newer than the table",
		.compatible = "acme,carrier|nvidia,p3768-0000+p3767-0005-super|nvidia,p3767-0005|"
			      "nvidia,tegra234",
		.entries = {{TREE_FILE, "/etc/nv_tegra_release", RELEASE("36", "4.99"), 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra234",
		.chip_id = "0x23",
		.module = "p3767-0005",
		.board = "Jetson Orin Nano 8GB (developer kit)",
		.l4t = "36.4.99",
		.cuda = "12.6",
		.driver = "540.4.0",
		.gpu = "GA10B",
		.compute = "8.7",
		.soc_source = DT,
	},
	{
		.name = "Thor, R38.2.2",
		.compatible = "nvidia,p4071-0000+p3834-0008|nvidia,p3834-0008|nvidia,tegra264|",
		.entries = {{TREE_FILE, "/etc/nv_tegra_release", RELEASE("38", "2.2"), 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra264",
		.chip_id = "0x26",
		.module = "p3834-0008",
		.board = "Jetson AGX Thor",
		.l4t = "38.2.2",
		.jetpack = "7.0",
		.cuda = "13.0",
		.driver = "580.00",
		.compute = "11.0",
		.soc_source = DT,
	},
	{
		.name = "no device tree: soc0",
		.entries = {{TREE_FILE, "/sys/devices/soc0/family", "Tegra\n", 0},
			    {TREE_FILE, "/sys/devices/soc0/soc_id", "35\n", 0},
			    {TREE_FILE, "/sys/devices/soc0/machine", "A board\n", 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra234",
		.chip_id = "0x23",
		.board = "A board",
		.model = "A board",
		.gpu = "GA10B",
		.compute = "8.7",
		.soc_source = "/sys/devices/soc0/soc_id",
	},
	{
		.name = "nothing but a chip id",
		.entries = {{TREE_FILE, "/sys/module/tegra_fuse/parameters/tegra_chip_id", "33",
			     0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra210",
		.chip_id = "0x21",
		.gpu = "GM20B",
		.compute = "5.3",
		.soc_source = "/sys/module/tegra_fuse/parameters/tegra_chip_id",
	},
	{
		.name = "a release file alone is a claim of the OS, whatever board it names",
		.entries = {{TREE_FILE, "/etc/nv_tegra_release", RELEASE("36", "4.3"), 0}},
		.kind = PLATFORM_TEGRA,
		.l4t = "36.4.3",
		.jetpack = "6.2",
		.cuda = "12.6",
		.driver = "540.4.0",
	},
	{
		.name = "a Tegra that the tables do not know",
		.compatible = "nvidia,p9999-0000|nvidia,tegra999|",
		.entries = {{TREE_FILE, "/etc/nv_tegra_release", "garbage", 0}},
		.kind = PLATFORM_TEGRA,
		.soc = "tegra999",
		.soc_source = DT,
	},
	{
		.name = "another machine",
		.compatible = "raspberrypi,4-model-b|brcm,bcm2711|",
		.entries = {{TREE_FILE, "/sys/devices/soc0/family", "i.MX", 0},
			    {TREE_FILE, "/sys/devices/soc0/soc_id", "35", 0}},
		.kind = PLATFORM_NONE,
	},
	{.name = "nothing at all", .kind = PLATFORM_NONE},
};

static void expect(const char *name, const char *what, const struct fact *fact, const char *value)
{
	if (!str_equal(fact->value, value))
		print_error("machine '%s', %s: '%s', expected '%s'\n", name, what,
			    fact->value ? fact->value : "-", value ? value : "-");
	assert_true(str_equal(fact->value, value));
	assert_true((fact->value == NULL) == (fact->source == NULL));
}

static void machine_read(const struct machine_case *machine, struct setup *setup, struct tree *tree)
{
	char data[512];
	size_t len;

	*setup = (struct setup){0};
	tree_make(tree, machine->entries);
	if (machine->compatible != NULL) {
		static const struct tree_entry base = {TREE_LINK, "/proc/device-tree",
						       "/sys/firmware/devicetree/base", 0};
		char path[PATH_MAX];

		len = strlen(machine->compatible);
		for (size_t i = 0; i < len; i++)
			data[i] = machine->compatible[i] == '|' ? '\0' : machine->compatible[i];
		tree_path(tree, "/proc/device-tree", path);
		if (access(path, F_OK) == 0) {
			tree_write(tree, "/proc/device-tree/compatible", data, len, 0644);
		} else {
			tree_add(tree, &base);
			tree_write(tree, "/sys/firmware/devicetree/base/compatible", data, len,
				   0644);
		}
	}
	setup_settings(setup, tree->root);
	assert_int_equal(host_open(&setup->host, &setup->settings, NULL, NULL), 0);
	setup->inv = inventory_new();
	assert_int_equal(host_read_platform(&setup->host, setup->inv, NULL), 0);
}

static void platform_machines_are_known_as_listed(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine_case *machine = &machines[i];
		const struct platform *platform;
		struct setup setup;
		struct tree tree;

		machine_read(machine, &setup, &tree);

		platform = &setup.inv->platform;
		if (platform->kind != machine->kind)
			print_error("machine '%s'\n", machine->name);
		assert_int_equal(platform->kind, machine->kind);
		expect(machine->name, "soc", &platform->soc, machine->soc);
		expect(machine->name, "chip", &platform->chip_id, machine->chip_id);
		expect(machine->name, "module", &platform->module, machine->module);
		expect(machine->name, "board", &platform->board, machine->board);
		expect(machine->name, "model", &platform->model, machine->model);
		expect(machine->name, "l4t", &platform->l4t, machine->l4t);
		expect(machine->name, "jetpack", &platform->jetpack, machine->jetpack);
		expect(machine->name, "cuda", &platform->cuda, machine->cuda);
		expect(machine->name, "driver", &platform->driver, machine->driver);
		expect(machine->name, "gpu", &platform->gpu, machine->gpu);
		expect(machine->name, "compute", &platform->compute, machine->compute);
		assert_true(str_equal(platform->soc.source, machine->soc_source));
		assert_string_equal(setup.inv->roots[ROOT_MACHINE], tree.root);
		assert_true(platform->looked.n >= 7);
		setup_done(&setup);
		tree_remove(&tree);
	}
}

static bool looked(const struct inventory *inv, const char *line)
{
	return strv_contains(&inv->platform.looked, line);
}

static void platform_every_place_is_told(void **state)
{
	struct setup setup;
	struct tree tree;

	(void)state;
	machine_read(&machines[0], &setup, &tree);

	assert_true(looked(setup.inv, DT ": nvidia,p3449-0000-b00+p3448-0000-b00, "
					 "nvidia,jetson-nano, nvidia,tegra210"));
	assert_true(looked(setup.inv, "/sys/devices/soc0/family: not there"));
	assert_true(
		looked(setup.inv, "/sys/module/tegra_fuse/parameters/tegra_chip_id: not there"));
	setup_done(&setup);
	tree_remove(&tree);
}

static void platform_cuda_of_an_unknown_release_says_so(void **state)
{
	struct setup setup;
	struct tree tree;

	(void)state;
	machine_read(&machines[3], &setup, &tree);

	assert_string_equal(setup.inv->platform.cuda.source,
			    "/etc/nv_tegra_release, by series R36.4");
	setup_done(&setup);
	tree_remove(&tree);
}

static const struct {
	unsigned major, minor, patch;
	const char *jetpack, *cuda; /* NULL = none */
	bool exact;
} releases[] = {
	{32, 1, 0, "4.2", "10.0", true},    {32, 7, 6, "4.6.6", "10.2", true},
	{32, 7, 9, "4.6.6", "10.2", false}, {32, 0, 9, NULL, NULL, false},
	{31, 1, 0, NULL, NULL, false},      {34, 1, 1, "5.0 DP", "11.4", true},
	{35, 6, 2, "5.1.5", "11.4", false}, {36, 1, 0, NULL, NULL, false},
	{36, 4, 7, "6.2.1", "12.6", true},  {36, 9, 0, "6.2.2", "12.6", false},
	{38, 2, 1, "7.0", "13.0", true},    {38, 3, 0, "7.0", "13.0", false},
	{39, 2, 1, "7.2.1", "13.2", true},  {40, 1, 0, NULL, NULL, false},
};

static void tegra_releases_are_exact_or_the_nearest_below(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		bool exact = false;
		const struct tegra_release *found = tegra_release_find(
			releases[i].major, releases[i].minor, releases[i].patch, &exact);

		assert_true(str_equal(found == NULL ? NULL : found->jetpack, releases[i].jetpack));
		assert_true(str_equal(found == NULL ? NULL : found->cuda, releases[i].cuda));
		assert_int_equal(exact, releases[i].exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(platform_machines_are_known_as_listed),
		cmocka_unit_test(platform_every_place_is_told),
		cmocka_unit_test(platform_cuda_of_an_unknown_release_says_so),
		cmocka_unit_test(tegra_releases_are_exact_or_the_nearest_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
