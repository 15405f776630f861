/* SPDX-License-Identifier: Apache-2.0 */
/* Which GPUs a machine has, by what its kernel tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/procdriver.h"
#include "host/proctext.h"
#include "hostsetup.h"

#define GPUS "/proc/driver/nvidia/gpus/"
#define PCI  "/sys/bus/pci/devices/"
#define CAPS "/proc/driver/nvidia/capabilities"
#define VERSION                                                                                    \
	{                                                                                          \
		TREE_FILE, "/proc/driver/nvidia/version", NVRM, 0                                  \
	}
#define NVRM                                                                                       \
	"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC "      \
	"2024\nGCC version:  gcc version 12.2.0\n"
#define UUID(c)                                                                                    \
	"GPU-" c c c c c c c c "-" c c c c "-" c c c c "-" c c c c "-" c c c c c c c c c c c c
#define INFORMATION(model, uuid, minor, excluded)                                                  \
	"Model: \t\t " model "\nIRQ:   \t\t 41\nGPU UUID: \t " uuid                                \
	"\nBus Type: \t PCIe\nDevice Minor: \t " minor "\nGPU Excluded:\t " excluded "\n"
#define GPU(address, model, c, minor)                                                              \
	{                                                                                          \
		TREE_FILE, GPUS address "/information", INFORMATION(model, UUID(c), minor, "No"),  \
			0                                                                          \
	}
#define CARD(address)                                                                              \
	{TREE_FILE, PCI address "/vendor", "0x10de\n", 0},                                         \
	{                                                                                          \
		TREE_FILE, PCI address "/class", "0x030200\n", 0                                   \
	}
#define LIST                                                                                       \
	{                                                                                          \
		TREE_FILE, LISTS "/l4t.csv", "dev, /dev/nvhost-gpu\n", 0                           \
	}

/* Before everything else: platform of the case. */
enum board { SERVER, ORIN, THOR, XAVIER };

static void read_machine(struct setup *setup, const struct tree *tree, enum board board)
{
	static const char *const socs[] = {NULL, "tegra234", "tegra264", "tegra194"};
	static const char *const names[] = {NULL, "Orin", "NVIDIA Thor", "Xavier"};
	struct platform *platform;
	struct err err = {0};

	setup_settings(setup, tree->root);
	assert_int_equal(setup_read(setup, HOST_LISTS_ALL), 0);
	platform = &setup->inv->platform;
	if (board != SERVER) {
		platform->kind = PLATFORM_TEGRA;
		assert_int_equal(fact_set(&platform->soc, socs[board], "device tree"), 0);
		assert_int_equal(fact_set(&platform->cuda_name, names[board], "device tree"), 0);
		assert_int_equal(fact_set(&platform->compute, "8.7", "device tree"), 0);
	}
	setup->warnings = 0;
	if (host_read_driver(&setup->host, setup->inv, &err) < 0)
		fail_msg("%s", err.msg);
}

static const char *shown(const char *text)
{
	return text == NULL ? "-" : text;
}

static char *dump_gpus(const struct driver *driver)
{
	struct strbuf text = {0};

	vec_each(gpu, &driver->gpus) strbuf_addf(
		&text, "%u %s %d %s %s %s %s%s%s%s\n", gpu->index, gpu_kind_name(gpu->kind),
		gpu->minor, shown(gpu->busid), shown(gpu->uuid), shown(gpu->model),
		shown(gpu->source), gpu->compute == NULL ? "" : " 8.7",
		gpu->mig_capable ? " can" : "", gpu->mig ? " mig" : "");
	vec_each(mig, &driver->migs) strbuf_addf(&text, "mig %zu %d %u:%u %s\n", mig->gpu,
						 mig->index, mig->gi, mig->ci, shown(mig->uuid));
	return strbuf_take(&text);
}

struct machine {
	const char *name;
	enum board board;
	struct tree_entry entries[16];
	bool loaded;
	unsigned warnings;
	const char *gpus;
};

static const struct machine machines[] = {
	{.name = "nothing of NVIDIA's", .entries = {{TREE_DIR, "/proc", NULL, 0}}, .gpus = ""},
	{.name = "a card without its driver", .entries = {CARD("0000:01:00.0")}, .gpus = ""},
	{.name = "two GPUs, found by address and not by number",
	 .entries = {VERSION, GPU("0000:b1:00.0", "NVIDIA A", "1", "0"),
		     GPU("0000:0a:00.0", "NVIDIA B", "2", "1")},
	 .loaded = true,
	 .gpus = "0 discrete 1 00000000:0a:00.0 " UUID(
		 "2") " NVIDIA B /proc/driver/nvidia/gpus\n"
		      "1 discrete 0 00000000:b1:00.0 " UUID(
			      "1") " NVIDIA A /proc/driver/nvidia/gpus\n"},
	{.name = "domains of both widths, and one that does not count",
	 .entries = {VERSION,
		     GPU("00010000:01:00.0", "NVIDIA W", "3", "2"),
		     GPU("0008:06:00.0", "NVIDIA N", "4", "1"),
		     {TREE_FILE, GPUS "0000:01:00.0/information",
		      INFORMATION("Excluded", UUID("5"), "0", "Yes"), 0}},
	 .loaded = true,
	 .gpus = "0 discrete 1 00000008:06:00.0 " UUID(
		 "4") " NVIDIA N /proc/driver/nvidia/gpus\n"
		      "1 discrete 2 00010000:01:00.0 " UUID(
			      "3") " NVIDIA W /proc/driver/nvidia/gpus\n"},
	{.name = "names and files that are none",
	 .entries = {VERSION,
		     {TREE_FIFO, GPUS "0000:01:00.0/information", NULL, 0},
		     {TREE_DIR, GPUS "0000:02:00.0\n0000:03:00.0", NULL, 0},
		     {TREE_DIR, GPUS "..x", NULL, 0},
		     {TREE_FILE, GPUS "readme", "0000:04:00.0", 0}},
	 .loaded = true,
	 .warnings = 2,
	 .gpus = "0 discrete -1 00000000:01:00.0 - - /proc/driver/nvidia/gpus\n"},
	{.name = "none in /proc: the bus, without what others have",
	 .entries = {VERSION,
		     CARD("0000:3b:00.0"),
		     CARD("0000:01:00.0"),
		     {TREE_LINK, PCI "0000:01:00.0/driver", "../../drivers/nvidia", 0},
		     CARD("0000:02:00.0"),
		     {TREE_LINK, PCI "0000:02:00.0/driver", "../../drivers/vfio-pci", 0},
		     {TREE_FILE, PCI "0000:04:00.0/vendor", "0x10de\n", 0},
		     {TREE_FILE, PCI "0000:04:00.0/class", "0x040300\n", 0},
		     {TREE_FILE, PCI "0000:05:00.0/vendor", "0x8086\n", 0},
		     {TREE_FILE, PCI "0000:05:00.0/class", "0x030000\n", 0}},
	 .loaded = true,
	 .gpus = "0 discrete -1 00000000:01:00.0 - - /sys/bus/pci/devices\n"
		 "1 discrete -1 00000000:3b:00.0 - - /sys/bus/pci/devices\n"},
	{.name = "a version that is none",
	 .entries = {{TREE_FILE, "/proc/driver/nvidia/version", "NVRM version: x86_64\n", 0},
		     GPU("0000:01:00.0", "A", "1", "0")},
	 .loaded = true,
	 .warnings = 1,
	 .gpus = "0 discrete 0 00000000:01:00.0 " UUID("1") " A /proc/driver/nvidia/gpus\n"},
	{.name = "a Tegra",
	 .board = XAVIER,
	 .entries = {LIST},
	 .gpus = "0 integrated -1 - - Xavier device tree 8.7\n"},
	{.name = "a list folder on what is no Tegra",
	 .entries = {LIST},
	 .gpus = "0 integrated -1 - - - " LISTS "\n"},
	{.name = "an empty list folder on a machine without a GPU",
	 .entries = {{TREE_DIR, LISTS, NULL, 0}},
	 .gpus = ""},
	{.name = "an empty list folder on a server",
	 .entries = {{TREE_DIR, LISTS, NULL, 0}, VERSION, GPU("0000:01:00.0", "A", "1", "0")},
	 .loaded = true,
	 .gpus = "0 discrete 0 00000000:01:00.0 " UUID("1") " A /proc/driver/nvidia/gpus\n"},
	{.name = "Orin, whose display has the driver",
	 .board = ORIN,
	 .entries = {LIST,
		     VERSION,
		     GPU("0000:00:00.0", "Tegra display", "1", "0"),
		     {TREE_FILE, PCI "0001:00:00.0/vendor", "0x10de\n", 0},
		     {TREE_FILE, PCI "0001:00:00.0/class", "0x060400\n", 0}},
	 .loaded = true,
	 .gpus = "0 integrated -1 - - Orin device tree 8.7\n"},
	{.name = "Orin, whose own GPU the driver names",
	 .board = ORIN,
	 .entries = {LIST, VERSION, GPU("0000:00:00.0", "Orin (nvgpu)", "1", "0")},
	 .loaded = true,
	 .gpus = "0 integrated 0 00000000:00:00.0 " UUID(
		 "1") " Orin (nvgpu) /proc/driver/nvidia/gpus 8.7\n"},
	{.name = "Orin with a card",
	 .board = ORIN,
	 .entries = {LIST, VERSION, GPU("0005:03:00.0", "RTX A6000", "2", "1"),
		     CARD("0005:03:00.0")},
	 .loaded = true,
	 .gpus = "0 integrated -1 - - Orin device tree 8.7\n"
		 "1 discrete 1 00000005:03:00.0 " UUID(
			 "2") " RTX A6000 /proc/driver/nvidia/gpus\n"},
	{.name = "Thor, by its address",
	 .board = THOR,
	 .entries = {LIST, VERSION, GPU("0000:01:00.0", "Unknown", "1", "0"), CARD("0000:01:00.0")},
	 .loaded = true,
	 .gpus = "0 integrated 0 00000000:01:00.0 " UUID(
		 "1") " NVIDIA Thor /proc/driver/nvidia/gpus 8.7\n"},
	{.name = "Thor with a card whose address comes first",
	 .board = THOR,
	 .entries = {LIST, VERSION, GPU("0000:01:00.0", "NVIDIA Thor", "1", "1"),
		     CARD("0000:01:00.0"), GPU("0000:00:01.0", "RTX", "2", "0"),
		     CARD("0000:00:01.0")},
	 .loaded = true,
	 .gpus = "0 integrated 1 00000000:01:00.0 " UUID(
		 "1") " NVIDIA Thor /proc/driver/nvidia/gpus 8.7\n"
		      "1 discrete 0 00000000:00:01.0 " UUID("2") " RTX /proc/driver/nvidia/gpus\n"},
	{.name = "Thor without lists and without a sign of a Tegra",
	 .entries = {VERSION, GPU("0000:00:01.0", "RTX", "2", "0"),
		     GPU("0000:01:00.0", "NVIDIA Thor", "1", "1")},
	 .loaded = true,
	 .gpus = "0 integrated 1 00000000:01:00.0 " UUID(
		 "1") " NVIDIA Thor /proc/driver/nvidia/gpus\n"
		      "1 discrete 0 00000000:00:01.0 " UUID("2") " RTX /proc/driver/nvidia/gpus\n"},
	{.name = "a card of a Tegra whose /sys is not told",
	 .board = XAVIER,
	 .entries = {LIST, VERSION, GPU("0000:09:00.0", "Quadro RTX 6000", "2", "0")},
	 .loaded = true,
	 .gpus = "0 integrated -1 - - Xavier device tree 8.7\n"
		 "1 discrete 0 00000000:09:00.0 " UUID(
			 "2") " Quadro RTX 6000 /proc/driver/nvidia/gpus\n"},
	{.name = "MIG, by number and not by name",
	 .entries = {VERSION,
		     GPU("0000:01:00.0", "A100", "1", "1"),
		     GPU("0000:02:00.0", "A100", "2", "0"),
		     {TREE_FILE, CAPS "/gpu1/mig/gi10/ci0/access", "", 0},
		     {TREE_FILE, CAPS "/gpu1/mig/gi2/ci1/access", "", 0},
		     {TREE_FILE, CAPS "/gpu1/mig/gi2/ci0/access", "", 0},
		     {TREE_DIR, CAPS "/gpu1/mig/gi3", NULL, 0},
		     {TREE_DIR, CAPS "/gpu1/mig/gi02/ci0", NULL, 0},
		     {TREE_DIR, CAPS "/gpu1/mig/gi4/ci", NULL, 0},
		     {TREE_DIR, CAPS "/gpu1/mig/gi99999/ci0", NULL, 0},
		     {TREE_DIR, CAPS "/gpu1/mig/gi\n1/ci0", NULL, 0},
		     {TREE_DIR, CAPS "/gpu0/mig", NULL, 0},
		     {TREE_FILE, CAPS "/gpu7/mig/gi0/ci0/access", "", 0}},
	 .loaded = true,
	 .gpus = "0 discrete 1 00000000:01:00.0 " UUID(
		 "1") " A100 /proc/driver/nvidia/gpus can mig\n"
		      "1 discrete 0 00000000:02:00.0 " UUID(
			      "2") " A100 /proc/driver/nvidia/gpus can\n"
				   "mig 0 -1 2:0 -\nmig 0 -1 2:1 -\nmig 0 -1 10:0 -\n"},
};

static void host_procdriver_finds_the_gpus_of_each_machine(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *machine = &machines[i];
		struct setup setup = {0};
		struct tree tree;
		char *gpus;

		print_message("%s\n", machine->name);
		tree_make(&tree, machine->entries);
		read_machine(&setup, &tree, machine->board);
		gpus = dump_gpus(&setup.inv->driver);

		assert_string_equal(gpus, machine->gpus);
		assert_int_equal(setup.inv->driver.loaded, machine->loaded);
		assert_int_equal(setup.warnings, machine->warnings);
		assert_false(setup.inv->driver.wsl);

		free(gpus);
		setup_done(&setup);
		tree_remove(&tree);
	}
}

static void host_procdriver_texts_are_kept_for_containers(void **state)
{
	static const struct tree_entry entries[] = {
		VERSION,
		{TREE_FILE, "/proc/driver/nvidia/params", "ModifyDeviceFiles: 1\n", 0},
		{TREE_FIFO, "/proc/driver/nvidia/registry", NULL, 0},
		{TREE_END, NULL, NULL, 0},
	};
	struct setup setup = {0};
	struct tree tree;

	(void)state;
	tree_make(&tree, entries);
	read_machine(&setup, &tree, SERVER);

	assert_string_equal(setup.inv->driver.version.value, "550.54.15");
	assert_string_equal(setup.inv->driver.version.source, "/proc/driver/nvidia/version");
	assert_string_equal(setup.inv->driver.version_text, NVRM);
	assert_string_equal(setup.inv->driver.params, "ModifyDeviceFiles: 1\n");
	assert_null(setup.inv->driver.registry);
	assert_null(setup.inv->driver.cuda.value);
	setup_done(&setup);
	tree_remove(&tree);
}

static void host_procdriver_version_of_a_mebibyte_is_no_driver(void **state)
{
	struct setup setup = {0};
	char *text = calloc(1, 1 << 20);
	struct tree tree;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 1 << 20);
	tree_make(&tree, NULL);
	tree_write(&tree, "/proc/driver/nvidia/version", text, 1 << 20, 0644);
	free(text);
	read_machine(&setup, &tree, SERVER);

	assert_false(setup.inv->driver.loaded);
	assert_int_equal(setup.inv->driver.gpus.n, 0);
	setup_done(&setup);
	tree_remove(&tree);
}

/* More names than are looked at, and more GPUs than count. */
static void host_procdriver_folder_of_many_gpus_is_bounded(void **state)
{
	static const struct tree_entry entries[] = {VERSION, {TREE_END, NULL, NULL, 0}};
	struct setup setup = {0};
	struct tree tree;

	(void)state;
	tree_make(&tree, entries);
	for (unsigned i = 0; i < 2 * PROCTEXT_MAX_NAMES; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), GPUS "%04x:%02x:00.0", i >> 8, i & 255);
		tree_add(&tree, &(struct tree_entry){TREE_DIR, path, NULL, 0});
	}
	read_machine(&setup, &tree, SERVER);

	assert_int_equal(setup.inv->driver.gpus.n, DRIVER_MAX_GPUS);
	for (unsigned i = 1; i < DRIVER_MAX_GPUS; i++)
		assert_true(strcmp(setup.inv->driver.gpus.items[i - 1].busid,
				   setup.inv->driver.gpus.items[i].busid) < 0);
	/* of the folder, of the number, and for each that nothing is known of it */
	assert_int_equal(setup.warnings, 2 + DRIVER_MAX_GPUS);
	setup_done(&setup);
	tree_remove(&tree);
}

static void host_procdriver_dxg_is_windows(void **state)
{
	static const struct {
		struct tree_entry entries[3];
		enum board board;
		bool wsl;
	} cases[] = {
		{{{TREE_CHAR, "/dev/dxg", "10:126", 0}}, SERVER, true},
		{{{TREE_FILE, "/dev/dxg", "", 0}}, SERVER, false},
		{{{TREE_LINK, "/dev/dxg", "null", 0}, {TREE_CHAR, "/dev/null", NULL, 0}},
		 SERVER,
		 false},
		{{{TREE_CHAR, "/dev/dxg", "10:126", 0}}, XAVIER, false},
		{{{TREE_CHAR, "/dev/dxg", "10:126", 0}, VERSION}, SERVER, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct setup setup = {0};
		struct tree tree;

		tree_make(&tree, cases[i].entries);
		if (tree.no_devices) {
			tree_remove(&tree);
			print_message("skipped: nodes cannot be made here\n");
			skip();
		}
		read_machine(&setup, &tree, cases[i].board);

		assert_int_equal(setup.inv->driver.wsl, cases[i].wsl);
		if (cases[i].wsl)
			assert_int_equal(setup.inv->driver.gpus.n, 1);
		setup_done(&setup);
		tree_remove(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_procdriver_finds_the_gpus_of_each_machine),
		cmocka_unit_test(host_procdriver_texts_are_kept_for_containers),
		cmocka_unit_test(host_procdriver_version_of_a_mebibyte_is_no_driver),
		cmocka_unit_test(host_procdriver_folder_of_many_gpus_is_bounded),
		cmocka_unit_test(host_procdriver_dxg_is_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
