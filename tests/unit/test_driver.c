/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the driver's library: the real child, with stand-ins of NVIDIA's libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driverworld.h"
#include "host/driveruser.h"
#include "sys/sysfilter.h"

/* No child is left, and no descriptor. */
static void has_nothing_left(int next_fd)
{
	int fd = dup(STDERR_FILENO);

	(void)close(fd);
	assert_int_equal(fd, next_fd);
	driverworld_no_child();
}

static void ask_well(struct driverworld *world)
{
	int r = driverworld_ask(world);

	if (r < 0)
		fail_msg("%s", world->err.msg);
	assert_true(world->inv->driver.asked);
}

static void driver_gpus_of_proc_are_completed_and_others_added(void **state)
{
	struct driverworld world;
	const struct driver *driver;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	(void)driverworld_know(&world, "00000000:41:00.0", 1);

	ask_well(&world);

	driver = &world.inv->driver;
	assert_int_equal(driver->gpus.n, 2);
	assert_string_equal(driver->gpus.items[0].busid, "00000000:01:00.0");
	assert_string_equal(driver->gpus.items[0].source, "NVML");
	assert_int_equal(driver->gpus.items[0].minor, 0);
	assert_int_equal(driver->gpus.items[1].index, 1);
	assert_string_equal(driver->gpus.items[1].source, "/proc");
	assert_string_equal(driver->gpus.items[1].uuid, UUID_1);
	assert_string_equal(driver->gpus.items[1].model, "NVIDIA GeForce RTX 3090");
	assert_string_equal(driver->gpus.items[1].brand, "GeForce");
	assert_string_equal(driver->gpus.items[1].compute, "8.6");
	assert_false(driver->gpus.items[1].mig_capable);
	assert_string_equal(driver->cuda.value, "12.4");
	assert_string_equal(driver->version.source, "/proc");
	assert_non_null(driver->slow);
	driverworld_done(&world);
}

static void driver_eight_gpus_are_all_there(void **state)
{
	char rule[4096] = VERSIONS;
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	for (unsigned i = 0; i < 8; i++) {
		size_t len = strlen(rule);

		(void)snprintf(rule + len, sizeof(rule) - len,
			       "gpu minor=%u busid=00000000:%02x:00.0 "
			       "uuid=GPU-0000000%u-1111-2222-3333-444444444444 brand=14 "
			       "compute=9.0 mig=off name=NVIDIA H200\n",
			       7 - i, 0x10 + i, i);
	}
	driverworld_make(&world, rule);

	ask_well(&world);

	assert_int_equal(world.inv->driver.gpus.n, 8);
	for (unsigned i = 0; i < 8; i++) {
		const struct gpu *gpu = &world.inv->driver.gpus.items[i];

		assert_int_equal(gpu->index, i);
		assert_int_equal(gpu->minor, 7 - i);
		assert_int_equal(gpu->uuid[11], '0' + i);
		assert_true(gpu->mig_capable);
		assert_false(gpu->mig);
	}
	driverworld_done(&world);
}

static void driver_mig_devices_of_proc_get_uuids(void **state)
{
	struct driverworld world;
	const struct driver *driver;
	struct mig *known;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, VERSIONS GPU_0("on") GPU_1 MIGS);
	(void)driverworld_know(&world, "00000000:01:00.0", 0);
	known = vec_add(&world.inv->driver.migs);
	assert_non_null(known);
	*known = (struct mig){.gpu = 0, .index = -1, .gi = 2, .ci = 0};

	ask_well(&world);

	driver = &world.inv->driver;
	assert_true(driver->gpus.items[0].mig);
	assert_int_equal(driver->migs.n, 2);
	assert_int_equal(driver->migs.items[0].gi, 2);
	assert_int_equal(driver->migs.items[0].index, 1);
	assert_string_equal(driver->migs.items[0].uuid, MIG_1);
	assert_string_equal(driver->migs.items[1].uuid, MIG_0);
	driverworld_done(&world);
}

struct bad_case {
	const char *rule;
	int rc;
	const char *words;
};

static void driver_that_misbehaves_is_an_error_in_one_line(void **state)
{
	static const struct bad_case cases[] = {
		{"hang nvmlInit_v2", -ETIMEDOUT, "nvmlInit_v2 took longer than 300 ms"},
		{"hang nvmlDeviceGetUUID", -ETIMEDOUT, "nvmlDeviceGetUUID took longer"},
		{"busy nvmlDeviceGetName", -ETIMEDOUT, "nvmlDeviceGetName took longer"},
		{"crash nvmlDeviceGetBrand", -EPROTO, "in nvmlDeviceGetBrand by signal 11"},
		{"exit nvmlDeviceGetCount_v2 3", -EPROTO, "in nvmlDeviceGetCount_v2 with code 3"},
		{"garbage nvmlInit_v2", -EPROTO,
		 "bytes, where 524288 are the most, in nvmlInit_v2"},
		{"huge nvmlInit_v2", -EPROTO, "1073741824 bytes, where 524288 are the most"},
		{"error nvmlInit_v2 18", -EIO, "nvmlInit_v2: Driver/library version mismatch (18)"},
		{"error nvmlDeviceGetCount_v2 999", -EIO,
		 "nvmlDeviceGetCount_v2: stand-in error (999)"},
	};
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	world.settings->driver_timeout = 300;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rule[1024];
		int next_fd = dup(STDERR_FILENO);
		int r;

		(void)close(next_fd);
		(void)snprintf(rule, sizeof(rule), "%s%s\n", TWO_GPUS, cases[i].rule);
		driverworld_rule(&world, rule);
		r = driverworld_ask(&world);

		if (r != cases[i].rc || strstr(world.err.msg, cases[i].words) == NULL)
			fail_msg("%s: %d '%s'", cases[i].rule, r, world.err.msg);
		assert_null(strchr(world.err.msg, '\n'));
		assert_false(world.inv->driver.asked);
		assert_int_equal(world.inv->driver.gpus.n, 0);
		has_nothing_left(next_fd);
	}
	driverworld_done(&world);
}

static const char *uuid_of(const struct driver *driver)
{
	return driver->gpus.items[0].uuid;
}

static const char *model_of(const struct driver *driver)
{
	return driver->gpus.items[0].model;
}

static const char *brand_of(const struct driver *driver)
{
	return driver->gpus.items[0].brand;
}

static const char *busid_of(const struct driver *driver)
{
	return driver->gpus.items[0].busid;
}

static const char *minor_of(const struct driver *driver)
{
	return driver->gpus.items[0].minor < 0 ? NULL : "known";
}

static const char *compute_of(const struct driver *driver)
{
	return driver->gpus.items[0].compute;
}

static const char *cuda_of(const struct driver *driver)
{
	return driver->cuda.value;
}

static const char *mig_of(const struct driver *driver)
{
	return driver->migs.n == 0 ? NULL : driver->migs.items[0].uuid;
}

struct missing_case {
	const char *rules;
	const char *(*lost)(const struct driver *driver);
};

static void driver_missing_symbol_is_a_missing_fact(void **state)
{
	static const struct missing_case cases[] = {
		{"missing nvmlDeviceGetUUID\n", uuid_of},
		{"missing nvmlDeviceGetName\n", model_of},
		{"missing nvmlDeviceGetBrand\n", brand_of},
		{"missing nvmlDeviceGetPciInfo_v3\nmissing nvmlDeviceGetPciInfo_v2\n", busid_of},
		{"missing nvmlDeviceGetMinorNumber\n", minor_of},
		{"missing nvmlDeviceGetCudaComputeCapability\nmissing cuDeviceGetAttribute\n",
		 compute_of},
		{"missing nvmlSystemGetCudaDriverVersion_v2\n"
		 "missing nvmlSystemGetCudaDriverVersion\nmissing cuDriverGetVersion\n",
		 cuda_of},
		{"missing nvmlDeviceGetMigMode\n", mig_of},
		{"missing nvmlDeviceGetGpuInstanceId\n", mig_of},
		{"missing nvmlErrorString\n", NULL},
		{"missing nvmlInit_v2\nmissing nvmlDeviceGetPciInfo_v3\n", NULL},
		{"missing nvmlDeviceGetCudaComputeCapability\n", NULL},
		{"missing nvmlSystemGetCudaDriverVersion_v2\n", NULL},
	};
	static const char *(*const facts[])(const struct driver *) = {
		uuid_of, model_of, brand_of, busid_of, minor_of, compute_of, cuda_of, mig_of};
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rule[1024];

		(void)snprintf(rule, sizeof(rule), "%s%s", VERSIONS GPU_0("on") MIGS,
			       cases[i].rules);
		driverworld_rule(&world, rule);
		driverworld_forget(&world);
		ask_well(&world);
		assert_int_equal(world.inv->driver.gpus.n, 1);
		for (size_t j = 0; j < sizeof(facts) / sizeof(facts[0]); j++)
			if ((facts[j](&world.inv->driver) == NULL) != (facts[j] == cases[i].lost) &&
			    !(cases[i].lost == uuid_of && facts[j] == mig_of))
				fail_msg("%s: fact %zu is %s", cases[i].rules, j,
					 facts[j](&world.inv->driver) == NULL ? "lost" : "there");
	}
	driverworld_done(&world);
}

static void driver_error_of_one_call_is_a_missing_fact(void **state)
{
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS "error nvmlDeviceGetUUID 15\nerror "
					  "nvmlDeviceGetBrand 3\n");

	ask_well(&world);

	assert_int_equal(world.inv->driver.gpus.n, 2);
	assert_null(world.inv->driver.gpus.items[0].uuid);
	assert_null(world.inv->driver.gpus.items[0].brand);
	assert_string_equal(world.inv->driver.gpus.items[1].compute, "8.6");
	driverworld_done(&world);
}

static void remove_library(const struct driverworld *world, const char *name)
{
	char path[PATH_MAX];

	tree_path(&world->tree, name, path);
	assert_int_equal(unlink(path), 0);
}

static void driver_cuda_alone_tells_what_it_can(void **state)
{
	struct driverworld world;
	const struct driver *driver;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	remove_library(&world, "/usr/lib64/libnvidia-ml.so.1");
	(void)driverworld_know(&world, "00000000:01:00.0", 0);
	(void)driverworld_know(&world, "00000000:41:00.0", 1);

	ask_well(&world);

	driver = &world.inv->driver;
	assert_int_equal(driver->gpus.n, 2);
	assert_string_equal(driver->cuda.value, "12.4");
	assert_string_equal(driver->gpus.items[0].uuid, UUID_0);
	assert_string_equal(driver->gpus.items[0].compute, "9.0");
	assert_int_equal(driver->gpus.items[1].index, 1);
	assert_string_equal(driver->gpus.items[1].uuid, UUID_1);
	driverworld_done(&world);
}

static void driver_without_libraries_is_not_asked_and_says_so_once(void **state)
{
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	remove_library(&world, "/usr/lib64/libnvidia-ml.so.1");
	remove_library(&world, "/usr/lib64/libcuda.so.1");

	assert_int_equal(driverworld_ask(&world), 0);

	assert_false(world.inv->driver.asked);
	assert_non_null(strstr(world.said, "libnvidia-ml.so.1"));
	if (sysfilter_built()) /* else that is said as well */
		assert_ptr_equal(strchr(world.said, '\n'), world.said + strlen(world.said) - 1);
	driverworld_done(&world);
}

static void driver_library_dir_is_looked_at_first(void **state)
{
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	remove_library(&world, "/usr/lib64/libnvidia-ml.so.1");
	driverworld_copy(&world, DRIVERWORLD_NVML, "/opt/x/libnvidia-ml.so.1");
	assert_int_equal(strv_add(&world.settings->library_dirs, "/opt/x"), 0);

	ask_well(&world);

	assert_string_equal(world.inv->driver.gpus.items[0].source, "NVML");
	driverworld_done(&world);
}

static void driver_child_can_do_nothing_but_ask(void **state)
{
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS "attack nvmlInit_v2\n");
	/* even if the folder let it */
	assert_int_equal(chmod(world.tree.root, 0777), 0);

	ask_well(&world);

	/* what a build without filters leaves to it is in SECURITY.md */
	assert_string_equal(world.inv->driver.gpus.items[0].model,
			    sysfilter_built() ? "attack:" : "attack: socket fork exec ptrace");
	driverworld_done(&world);
}

static void driver_program_that_others_can_write_is_refused(void **state)
{
	struct driverworld world;
	char path[PATH_MAX];

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	tree_write(&world.tree, "/program", "x", 1, 0777);
	tree_path(&world.tree, "/program", path);
	driverworld_set(&world.settings->driver_program, path);

	assert_int_equal(driverworld_ask(&world), -EPERM);

	assert_non_null(strstr(world.err.msg, "can be written by everybody"));
	driverworld_done(&world);
}

static void driver_program_that_is_missing_or_none_is_an_error(void **state)
{
	struct driverworld world;
	char path[PATH_MAX];

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	tree_write(&world.tree, "/program", "x", 1, 0755);
	tree_path(&world.tree, "/program", path);
	driverworld_set(&world.settings->driver_program, path);
	assert_int_equal(driverworld_ask(&world), -ENOEXEC);
	assert_non_null(strstr(world.err.msg, "execute nvc-driver"));
	tree_path(&world.tree, "/no/such", path);
	driverworld_set(&world.settings->driver_program, path);
	assert_int_equal(driverworld_ask(&world), -ENOENT);
	assert_non_null(strstr(world.err.msg, path));
	driverworld_done(&world);
}

struct user_case {
	const char *user;
	int rc;
	uid_t uid;
	gid_t gid;
};

static void driver_user_is_a_number_or_a_name_of_the_machine(void **state)
{
	static const struct user_case cases[] = {
		{NULL, 0, 65534, 65534},
		{"1000:44", 0, 1000, 44},
		{"root:video", 0, 0, 44},
		{"builder", 0, 1500, 1501},
		{"1500", 0, 1500, 1501},
		{"77", 0, 77, 65534},
		{"4294967295", -EINVAL, 0, 0},
		{"nobody-here", -EINVAL, 0, 0},
		{"root:nogroup-x", -EINVAL, 0, 0},
		{"", -EINVAL, 0, 0},
		{":1", -EINVAL, 0, 0},
		{"root:", -EINVAL, 0, 0},
		{"builde", -EINVAL, 0, 0},
	};
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	tree_write(&world.tree, "/etc/passwd", "root:x:0:0::/:\nbuilder:x:1500:1501::/:\n", 39,
		   0644);
	tree_write(&world.tree, "/etc/group", "root:x:0:\nvideo:x:44:a,b\n", 25, 0644);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct driveruser user = {.uid = 1};
		int r;

		free(world.settings->user);
		world.settings->user = cases[i].user == NULL ? NULL : strdup(cases[i].user);
		r = driveruser_find(&world.host, &user, &world.err);
		if (r != cases[i].rc ||
		    (r == 0 && (user.uid != cases[i].uid || user.gid != cases[i].gid)))
			fail_msg("%s: %d, %u:%u", cases[i].user, r, user.uid, user.gid);
		assert_true(r < 0 || user.must == (cases[i].user != NULL));
	}
	driverworld_done(&world);
}

static void driver_user_is_of_the_group_that_the_nodes_are_for(void **state)
{
	static const struct {
		mode_t mode;
		gid_t gid, expected;
	} cases[] = {
		{0660, 44, 44},    {0666, 44, 65534}, {0664, 44, 65534},
		{0600, 44, 65534}, {0660, 0, 65534},
	};
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct driveruser user = {.uid = 1};
		char path[PATH_MAX];

		tree_path(&world.tree, "/dev/nvidiactl", path);
		(void)unlink(path);
		tree_add(&world.tree, &(struct tree_entry){TREE_CHAR, "/dev/nvidiactl", "195:255",
							   cases[i].mode});
		assert_int_equal(chown(path, 0, cases[i].gid), 0);
		assert_int_equal(driveruser_find(&world.host, &user, &world.err), 0);
		assert_int_equal(user.uid, 65534);
		assert_int_equal(user.gid, cases[i].expected);
		assert_false(user.must);
	}
	driverworld_done(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_gpus_of_proc_are_completed_and_others_added),
		cmocka_unit_test(driver_eight_gpus_are_all_there),
		cmocka_unit_test(driver_mig_devices_of_proc_get_uuids),
		cmocka_unit_test(driver_that_misbehaves_is_an_error_in_one_line),
		cmocka_unit_test(driver_missing_symbol_is_a_missing_fact),
		cmocka_unit_test(driver_error_of_one_call_is_a_missing_fact),
		cmocka_unit_test(driver_cuda_alone_tells_what_it_can),
		cmocka_unit_test(driver_without_libraries_is_not_asked_and_says_so_once),
		cmocka_unit_test(driver_library_dir_is_looked_at_first),
		cmocka_unit_test(driver_child_can_do_nothing_but_ask),
		cmocka_unit_test(driver_program_that_others_can_write_is_refused),
		cmocka_unit_test(driver_program_that_is_missing_or_none_is_an_error),
		cmocka_unit_test(driver_user_is_a_number_or_a_name_of_the_machine),
		cmocka_unit_test(driver_user_is_of_the_group_that_the_nodes_are_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
