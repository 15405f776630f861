/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are kept: when they count, and what is believed of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "driverworld.h"
#include "where.h"

/* A machine whose answer has been kept. */
static void make_kept(struct driverworld *world, const char *rule)
{
	driverworld_need_root();
	driverworld_make(world, rule);
	world->settings->driver_cache = true;
	(void)driverworld_know(world, "00000000:01:00.0", 0);
	if (driverworld_ask(world) < 0)
		fail_msg("%s", world->err.msg);
	driverworld_forget(world);
	(void)driverworld_know(world, "00000000:01:00.0", 0);
}

/* Asking anew finds no program: whether it was tried shows. */
static bool is_kept(struct driverworld *world)
{
	int r;

	driverworld_set(&world->settings->driver_program, "/no/such/program");
	r = driverworld_ask(world);
	assert_true(r == 0 || r == -ENOENT);
	assert_int_equal(world->inv->driver.asked, r == 0);
	return r == 0;
}

#define STORE "/usr/lib/wsl/drivers"

/* Windows' driver, whose version nobody knows, and what happens to it. */
static void drivercache_windows_answer_lasts_as_long_as_its_driver(void **state)
{
	static const struct {
		const char *name;
		const char *before;
		const char
			*after; /* another folder of the store; NULL = a link to the library anew */
		bool keeps;
	} cases[] = {
		{"the same", STORE "/nv_dispi.inf_amd64_01/x", STORE "/nv_dispi.inf_amd64_01/y",
		 true},
		{"another card's driver", STORE "/nv_dispi.inf_amd64_01/x", STORE "/iigd.inf_01/x",
		 true},
		{"an upgrade", STORE "/nv_dispi.inf_amd64_01/x", STORE "/nv_dispi.inf_amd64_02/x",
		 false},
		{"another library", STORE "/nv_dispi.inf_amd64_01/x", NULL, false},
		{"no store", "/usr/lib/wsl/x", "/usr/lib/wsl/y", false},
	};

	(void)state;
	driverworld_need_root();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char library[] = "/usr/lib/wsl/lib/libnvidia-ml.so.1";
		struct driverworld world;

		driverworld_make(&world, TWO_GPUS);
		world.settings->driver_cache = true;
		driverworld_copy(&world, DRIVERWORLD_NVML, library);
		tree_write(&world.tree, cases[i].before, "", 0, 0644);
		for (unsigned again = 0; again < 2; again++) {
			driverworld_forget(&world);
			fact_done(&world.inv->driver.version);
			world.inv->driver.loaded = false;
			world.inv->driver.wsl = true;
			if (again == 0)
				assert_int_equal(driverworld_ask(&world), 0);
			if (again == 0 && cases[i].after == NULL)
				tree_write(&world.tree, library, "another", 7, 0755);
			else if (again == 0)
				tree_write(&world.tree, cases[i].after, "", 0, 0644);
		}
		if (is_kept(&world) != cases[i].keeps)
			fail_msg("%s", cases[i].name);
		driverworld_done(&world);
	}
}

/* The one file in the folder; its name stays until the next call. */
static const char *kept_file(const struct driverworld *world)
{
	static char path[PATH_MAX];
	auto_dir dir = opendir(world->settings->cache_dir);
	const struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", world->settings->cache_dir,
			       entry->d_name);
		n++;
	}
	assert_true(n <= 1);
	return n == 0 ? NULL : path;
}

static void drivercache_answer_is_taken_again(void **state)
{
	struct driverworld world;
	struct stat st;

	(void)state;
	make_kept(&world, TWO_GPUS);

	assert_true(is_kept(&world));

	assert_int_equal(world.inv->driver.gpus.n, 2);
	assert_string_equal(world.inv->driver.gpus.items[1].uuid, UUID_1);
	assert_string_equal(world.inv->driver.cuda.value, "12.4");
	assert_int_equal(stat(world.settings->cache_dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(kept_file(&world), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	driverworld_done(&world);
}

static void drivercache_one_root_by_another_name_has_the_same_answer(void **state)
{
	struct driverworld world;

	(void)state;
	make_kept(&world, TWO_GPUS);
	driverworld_set(&world.host.paths[ROOT_DRIVER], "../relative");

	assert_true(is_kept(&world));
	driverworld_done(&world);
}

static void another_boot(struct driverworld *world)
{
	tree_write(&world->tree, "/proc/sys/kernel/random/boot_id", "3333\n", 5, 0644);
}

static void another_version(struct driverworld *world)
{
	assert_int_equal(fact_set(&world->inv->driver.version, "550.54.16", "/proc"), 0);
}

static void no_version(struct driverworld *world)
{
	fact_done(&world->inv->driver.version);
}

static void another_gpu(struct driverworld *world)
{
	(void)driverworld_know(world, "00000000:41:00.0", 1);
}

static void another_minor(struct driverworld *world)
{
	world->inv->driver.gpus.items[0].minor = 3;
}

static void another_mig(struct driverworld *world)
{
	struct mig *mig = vec_add(&world->inv->driver.migs);

	assert_non_null(mig);
	mig->gi = 1;
}

static void another_root(struct driverworld *world)
{
	char path[PATH_MAX];

	tree_make_parents(&world->tree, "/other/etc/x");
	tree_path(&world->tree, "/other", path);
	(void)close(world->host.fds[ROOT_DRIVER]);
	world->host.fds[ROOT_DRIVER] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(world->host.fds[ROOT_DRIVER] >= 0);
}

static void switched_off(struct driverworld *world)
{
	world->settings->driver_cache = false;
}

static void writable_folder(struct driverworld *world)
{
	assert_int_equal(chmod(world->settings->cache_dir, 0770), 0);
}

static void strange_folder(struct driverworld *world)
{
	assert_int_equal(chown(world->settings->cache_dir, 1000, 0), 0);
}

static void shared_file(struct driverworld *world)
{
	assert_int_equal(chmod(kept_file(world), 0620), 0);
}

static void strange_file(struct driverworld *world)
{
	assert_int_equal(chown(kept_file(world), 1000, 0), 0);
}

static void gone(struct driverworld *world)
{
	assert_int_equal(unlink(kept_file(world)), 0);
}

static void fifo(struct driverworld *world)
{
	const char *path = kept_file(world);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void directory(struct driverworld *world)
{
	const char *path = kept_file(world);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void cut(struct driverworld *world)
{
	struct stat st;

	assert_int_equal(stat(kept_file(world), &st), 0);
	assert_int_equal(truncate(kept_file(world), st.st_size - 4), 0);
}

static void longer(struct driverworld *world)
{
	struct stat st;

	assert_int_equal(stat(kept_file(world), &st), 0);
	assert_int_equal(truncate(kept_file(world), st.st_size + 4), 0);
}

static void huge(struct driverworld *world)
{
	assert_int_equal(truncate(kept_file(world), (off_t)1 << 30), 0);
}

/* A control character in the name of a GPU, where its bytes are all the same length. */
static void changed(struct driverworld *world)
{
	FILE *file = fopen(kept_file(world), "r+e");
	char bytes[4096] = "";
	size_t n;
	char *at;

	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes) - 1, file);
	at = memmem(bytes, n, "NVIDIA H200", 11);
	assert_non_null(at);
	assert_int_equal(fseek(file, at - bytes, SEEK_SET), 0);
	assert_int_equal(fputc('\n', file), '\n');
	assert_int_equal(fclose(file), 0);
}

struct change_case {
	const char *name;
	void (*change)(struct driverworld *world);
};

static void drivercache_answer_for_other_things_does_not_count(void **state)
{
	static const struct change_case cases[] = {
		{"boot", another_boot}, {"version", another_version}, {"no version", no_version},
		{"GPU", another_gpu},   {"minor", another_minor},     {"MIG device", another_mig},
		{"root", another_root}, {"--no-cache", switched_off},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct driverworld world;

		make_kept(&world, TWO_GPUS);
		cases[i].change(&world);
		if (is_kept(&world))
			fail_msg("another %s", cases[i].name);
		driverworld_done(&world);
	}
}

static void drivercache_file_that_is_not_ours_or_none_is_not_believed(void **state)
{
	static const struct change_case cases[] = {
		{"folder others write", writable_folder},
		{"folder of others", strange_folder},
		{"file others write", shared_file},
		{"file of others", strange_file},
		{"gone", gone},
		{"FIFO", fifo},
		{"directory", directory},
		{"cut", cut},
		{"longer", longer},
		{"of a gigabyte", huge},
		{"changed", changed},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct driverworld world;

		make_kept(&world, TWO_GPUS);
		cases[i].change(&world);
		if (is_kept(&world))
			fail_msg("%s", cases[i].name);
		driverworld_done(&world);
	}
}

static void drivercache_link_is_not_followed(void **state)
{
	struct driverworld world;
	char other[PATH_MAX], name[PATH_MAX];

	(void)state;
	make_kept(&world, TWO_GPUS);
	(void)snprintf(name, sizeof(name), "%s", kept_file(&world));
	tree_path(&world.tree, "/elsewhere", other);
	assert_int_equal(rename(name, other), 0);
	assert_int_equal(symlink(other, name), 0);

	assert_false(is_kept(&world));

	driverworld_done(&world);
}

static void drivercache_writing_goes_through_no_link(void **state)
{
	struct driverworld world;
	char other[PATH_MAX], name[PATH_MAX];
	struct stat st;

	(void)state;
	make_kept(&world, TWO_GPUS);
	(void)snprintf(name, sizeof(name), "%s", kept_file(&world));
	tree_write(&world.tree, "/elsewhere", "x", 1, 0600);
	tree_path(&world.tree, "/elsewhere", other);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink(other, name), 0);

	assert_int_equal(driverworld_ask(&world), 0);

	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(lstat(name, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	driverworld_done(&world);
}

static void drivercache_passing_answer_is_not_kept(void **state)
{
	static const char *const rules[] = {
		/* from /proc that looks like no MIG mode */
		VERSIONS GPU_0("on"),
		VERSIONS GPU_0("none") "error nvmlDeviceGetUUID 15\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct driverworld world;

		make_kept(&world, rules[i]);
		assert_false(is_kept(&world));
		driverworld_done(&world);
	}
}

static void drivercache_what_a_gpu_never_has_is_kept(void **state)
{
	static const char *const rules[] = {
		VERSIONS GPU_0("none") "error nvmlDeviceGetBrand 3\n",
		VERSIONS GPU_0("none") "error nvmlDeviceGetCudaComputeCapability 13\n",
		VERSIONS GPU_0("none") "missing nvmlDeviceGetBrand\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct driverworld world;

		make_kept(&world, rules[i]);
		if (!is_kept(&world))
			fail_msg("%s", rules[i]);
		driverworld_done(&world);
	}
}

static void drivercache_place_that_cannot_be_made_is_no_error(void **state)
{
	struct driverworld world;

	(void)state;
	driverworld_need_root();
	driverworld_make(&world, TWO_GPUS);
	world.settings->driver_cache = true;
	driverworld_set(&world.settings->cache_dir, "/proc/no/such");
	assert_int_equal(driverworld_ask(&world), 0);
	assert_true(world.inv->driver.asked);
	driverworld_forget(&world);
	driverworld_set(&world.settings->cache_dir, "/proc/nothing");
	assert_int_equal(driverworld_ask(&world), 0);
	assert_true(world.inv->driver.asked);
	driverworld_done(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivercache_answer_is_taken_again),
		cmocka_unit_test(drivercache_one_root_by_another_name_has_the_same_answer),
		cmocka_unit_test(drivercache_answer_for_other_things_does_not_count),
		cmocka_unit_test(drivercache_file_that_is_not_ours_or_none_is_not_believed),
		cmocka_unit_test(drivercache_link_is_not_followed),
		cmocka_unit_test(drivercache_writing_goes_through_no_link),
		cmocka_unit_test(drivercache_passing_answer_is_not_kept),
		cmocka_unit_test(drivercache_windows_answer_lasts_as_long_as_its_driver),
		cmocka_unit_test(drivercache_what_a_gpu_never_has_is_kept),
		cmocka_unit_test(drivercache_place_that_cannot_be_made_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
