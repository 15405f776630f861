/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of our own in the container, on its procfs and elsewhere, with what lies in them;
 * sockets and directories of services. With the new mount calls and without them. */
#include "apply/apply.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>

#include "apply/record.h"
#include "applyplan.h"
#include "base/auto.h"

#define NVIDIA "/proc/driver/nvidia"

/* The container again, with the machine's /proc/tty as /proc/driver/nvidia: like a driver's it is a
 * directory of procfs. */
static void have_proc(struct world *world, unsigned long spread)
{
	stop_container(world);
	must(mkdir(in(world, "rootfs/proc"), 0755));
	must(mkdir(in(world, "rootfs/proc/driver"), 0755));
	must(mkdir(in(world, "rootfs" NVIDIA), 0755));
	world->proc = "/proc/tty";
	world->spread = spread;
	start_container(world);
}

static struct op *add_file(struct world *world, const char *target, const char *content)
{
	struct op *op = add(world, OP_FILE, NULL, target);

	op->content = strdup(content);
	op->mode = 0444;
	return op;
}

static struct op *add_folder(struct world *world, const char *target, unsigned flags)
{
	struct op *op = add(world, OP_FILE, NULL, target);

	op->flags = OP_DIR | flags;
	op->mode = 0555;
	return op;
}

/* As for a driver with one GPU. */
static void add_nvidia(struct world *world)
{
	add_folder(world, NVIDIA, OP_IN_PROC | OP_RDONLY);
	add_file(world, NVIDIA "/params", "ModifyDeviceFiles: 0\n");
	add_link(world, NVIDIA "/link", "params");
	add(world, OP_BIND, "/lib/sub", NVIDIA "/gpus/0000:01:00.0")->flags |= OP_DIR;
	add(world, OP_BIND, "/lib/liba.so.1.1", NVIDIA "/version");
}

static void folder_in_proc_holds_what_is_put_there(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	struct statvfs fs;
	struct stat st;

	have_proc(world, 0);
	list_tree(&before, in(world, "rootfs"));
	add_nvidia(world);
	apply_well(world, &stats);
	list_tree(&after, in(world, "rootfs"));

	has_text(inside(world, NVIDIA "/params"), "ModifyDeviceFiles: 0\n");
	has_text(inside(world, NVIDIA "/link"), "ModifyDeviceFiles: 0\n");
	has_text(inside(world, NVIDIA "/gpus/0000:01:00.0/data"), "host data");
	has_text(inside(world, NVIDIA "/version"), "host a");
	assert_false(is_there(inside(world, NVIDIA "/drivers")));
	must(statvfs(inside(world, NVIDIA), &fs));
	assert_int_equal(fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV),
			 ST_RDONLY | ST_NOSUID | ST_NODEV);
	must(stat(inside(world, NVIDIA), &st));
	assert_int_equal(st.st_mode, S_IFDIR | 0555);
	assert_string_equal(before.data, after.data);
	assert_int_equal(stats.files, 2);
	assert_int_equal(stats.binds, 2);
	assert_int_equal(stats.links, 1);
	assert_int_equal(stats.placeholders, 0);
	assert_int_equal(stats.inodes, 0);
	/* nothing to be taken back */
	assert_false(is_there(in(world, "state/" ID ".state")));
}

static char *container_mounts(const struct world *world)
{
	auto_free char *path = str_format("/proc/%d/mountinfo", (int)world->container);
	auto_file file = fopen(path, "re");
	struct strbuf buf = {0};
	char line[4096];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		strbuf_adds(&buf, line);
	return strbuf_take(&buf);
}

static void folder_in_proc_that_is_read_only_works_as_well(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	have_proc(world, MS_REMOUNT | MS_BIND | MS_RDONLY);
	add_nvidia(world);
	apply_well(world, &stats);

	has_text(inside(world, NVIDIA "/params"), "ModifyDeviceFiles: 0\n");
	assert_int_equal(stats.files + stats.binds + stats.links, 5);
}

static void folder_in_proc_is_found_again_by_a_second_run(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	auto_free char *before = NULL;
	auto_free char *after = NULL;

	have_proc(world, 0);
	add_nvidia(world);
	apply_well(world, NULL);
	before = container_mounts(world);
	apply_well(world, &stats);
	after = container_mounts(world);

	assert_string_equal(before, after);
	assert_int_equal(stats.kept, world->plan->ops.n);
	assert_int_equal(stats.files + stats.binds + stats.links, 0);
}

/* Its place is taken back first, and its mount with it. */
static size_t count_mounts(const char *mounts, const char *below)
{
	size_t n = 0;

	for (const char *at = strstr(mounts, below); at != NULL; at = strstr(at + 1, below))
		n++;
	return n;
}

static void folder_on_a_placeholder_is_made_again_by_a_second_run(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	auto_free char *before = NULL;
	auto_free char *after = NULL;

	add_folder(world, "/opt/folder", OP_RDONLY);
	add_file(world, "/opt/folder/file", "ours");
	apply_well(world, NULL);
	before = container_mounts(world);
	apply_well(world, &stats);
	after = container_mounts(world);

	has_text(inside(world, "/opt/folder/file"), "ours");
	assert_int_equal(stats.files, 2);
	assert_true(count_mounts(before, "/opt/folder") > 0);
	assert_int_equal(count_mounts(before, "/opt/folder"), count_mounts(after, "/opt/folder"));
}

struct told {
	struct log log;
	struct strbuf text;
	unsigned lines;
};

static void hear(void *arg, enum log_level level, const char *module, const char *text)
{
	struct told *told = arg;

	(void)module;
	if (level > LOG_LEVEL_WARNING)
		return;
	told->lines++;
	strbuf_addf(&told->text, "%s\n", text);
}

/* Whatever the image has there stays, one line says why, and the rest of the plan is done. */
static void is_left_out(struct world *world, const char *why)
{
	struct told told = {.log = {LOG_LEVEL_DEBUG, hear, &told}};
	struct apply_stats stats = {0};
	auto_done(strbuf) struct strbuf before = {0};
	auto_done(strbuf) struct strbuf after = {0};
	auto_free char *mounts = NULL;
	auto_free char *mounts_after = NULL;
	struct err err = {0};

	add_nvidia(world);
	list_tree(&before, inside(world, ""));
	mounts = container_mounts(world);
	if (apply_plan(world->plan, &world->host, &world->settings, &world->target, &told.log,
		       &stats, &err) < 0)
		fail_msg("%s", err.msg);
	mounts_after = container_mounts(world);
	list_tree(&after, inside(world, ""));

	assert_string_equal(before.data, after.data);
	assert_string_equal(mounts, mounts_after);
	assert_int_equal(told.lines, 1);
	if (strstr(told.text.data, NVIDIA) == NULL || strstr(told.text.data, why) == NULL)
		fail_msg("'%s' is not '%s'", told.text.data, why);
	assert_int_equal(stats.files + stats.binds + stats.links + stats.kept, 0);
	strbuf_done(&told.text);
}

static void folder_in_proc_needs_a_directory_there(void **state)
{
	struct world *world = need_root(state);

	is_left_out(world, "there is no such directory");
}

/* Attack 21: facts of the image's own, and pipes that keep whoever opens them. */
static void folder_in_proc_is_not_made_in_the_images(void **state)
{
	struct world *world = need_root(state);

	must(mkdir(in(world, "rootfs/proc"), 0755));
	must(mkdir(in(world, "rootfs/proc/driver"), 0755));
	must(mkdir(in(world, "rootfs" NVIDIA), 0555));
	must(mkfifo(in(world, "rootfs" NVIDIA "/params"), 0644));
	is_left_out(world, "it is not of a procfs");
}

static void folder_in_proc_does_not_follow_a_link(void **state)
{
	struct world *world = need_root(state);

	have_proc(world, 0);
	must(mkdir(in(world, "rootfs/other"), 0755));
	must(rename(in(world, "rootfs/proc/driver"), in(world, "rootfs/other/driver")));
	must(mkdir(in(world, "rootfs/proc/driver"), 0755));
	must(symlink("/other/driver/nvidia", in(world, "rootfs" NVIDIA)));
	is_left_out(world, "there is no such directory");
}

static void folder_in_proc_is_not_made_on_a_tmpfs(void **state)
{
	struct world *world = need_root(state);

	stop_container(world);
	must(mkdir(in(world, "rootfs/proc"), 0755));
	must(mkdir(in(world, "rootfs/proc/driver"), 0755));
	must(mkdir(in(world, "rootfs" NVIDIA), 0755));
	must(mkdir(in(world, "empty"), 0755));
	must(mount("x", in(world, "empty"), "tmpfs", 0, "mode=755"));
	world->proc = in(world, "empty");
	start_container(world);
	is_left_out(world, "it is not of a procfs");
}

/* What is mounted there would be seen elsewhere. */
static void folder_in_proc_is_not_mounted_where_mounts_are_shared(void **state)
{
	struct world *world = need_root(state);

	have_proc(world, MS_SHARED);
	is_left_out(world, "shares its mounts");
}

static void folder_in_a_user_namespace_belongs_to_its_root(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};
	struct stat st;

	world->user = 100000;
	have_proc(world, 0);
	add_nvidia(world);
	add_file(world, NVIDIA "/sub/file", "ours");
	apply_well(world, &stats);

	has_text(inside(world, NVIDIA "/params"), "ModifyDeviceFiles: 0\n");
	has_text(inside(world, NVIDIA "/gpus/0000:01:00.0/data"), "host data");
	has_text(inside(world, NVIDIA "/sub/file"), "ours");
	must(stat(inside(world, NVIDIA), &st));
	assert_int_equal(st.st_mode, S_IFDIR | 0555);
	assert_int_equal(st.st_uid, 100000);
	must(lstat(inside(world, NVIDIA "/sub"), &st));
	assert_int_equal(st.st_uid, 100000);
	apply_well(world, &stats);
	assert_int_equal(stats.kept, world->plan->ops.n);
}

static void folder_is_undone_with_what_is_in_it(void **state)
{
	struct world *world = need_root(state);
	auto_fd state_dir = record_open_dir(world->state_dir, NULL, NULL);
	auto_free char *before = NULL;
	auto_free char *after = NULL;
	struct err err = {0};

	assert_true(state_dir >= 0);
	have_proc(world, 0);
	add_nvidia(world);
	add_folder(world, "/opt/deep/folder", OP_RDONLY);
	add_file(world, "/opt/deep/folder/a/b", "ours");
	add(world, OP_BIND, "/lib/liba.so.1.1", "/usr/lib/have"); /* a directory */
	before = snapshot(world);
	assert_int_equal(apply(world, NULL, &err), -EISDIR);
	after = snapshot(world);
	assert_string_equal(before, after);
}

static void file_in_proc_covers_one_that_is_there(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	have_proc(world, 0);
	add_file(world, NVIDIA "/drivers", "ours")->flags |= OP_IN_PROC;
	add_file(world, NVIDIA "/absent", "ours")->flags |= OP_IN_PROC;
	add_file(world, NVIDIA "/absent/absent", "ours")->flags |= OP_IN_PROC;
	add_file(world, "/usr/lib/old.so", "ours")->flags |= OP_IN_PROC;
	add(world, OP_BIND, "/lib/liba.so.1.1", NVIDIA "/ldiscs")->flags |= OP_IN_PROC;
	apply_well(world, &stats);

	has_text(inside(world, NVIDIA "/drivers"), "ours");
	has_text(inside(world, NVIDIA "/ldiscs"), "host a");
	has_text(inside(world, "/usr/lib/old.so"), "image old");
	assert_int_equal(stats.files, 1);
	assert_int_equal(stats.binds, 1);
	assert_int_equal(stats.placeholders, 0);
}

static void folder_covers_what_the_image_has(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	put(in(world, "rootfs/usr/dir/own"), "image");
	add_folder(world, "/usr/lib/linkdir", 0); /* a link to /usr/dir */
	add_file(world, "/usr/dir/file", "ours");
	add_folder(world, "/opt/new", 0);
	add_folder(world, "/opt/new/sub", 0)->mode = 0700;
	add_file(world, "/opt/new/sub/file", "ours, too");
	apply_well(world, &stats);

	has_text(inside(world, "/usr/dir/file"), "ours");
	assert_false(is_there(inside(world, "/usr/dir/own")));
	has_text(inside(world, "/opt/new/sub/file"), "ours, too");
	has_text(in(world, "rootfs/usr/dir/own"), "image");
	assert_false(is_there(in(world, "rootfs/opt/new/sub")));
	assert_int_equal(stats.files, 5);
	stop_container(world);
	revert_well(world);
	assert_false(is_there(in(world, "rootfs/opt")));
	start_container(world);
}

static void folder_if_absent_leaves_the_images(void **state)
{
	struct world *world = need_root(state);
	struct apply_stats stats = {0};

	put(in(world, "rootfs/usr/dir/own"), "image");
	add_folder(world, "/usr/dir", OP_IF_ABSENT);
	add_file(world, "/usr/dir/file", "ours");
	apply_well(world, &stats);

	has_text(inside(world, "/usr/dir/own"), "image");
	has_text(inside(world, "/usr/dir/file"), "ours");
	has_text(in(world, "rootfs/usr/dir/file"), "");
	assert_int_equal(stats.placeholders, 1);
}

static void folder_in_place_of_a_file_is_refused(void **state)
{
	struct world *world = need_root(state);
	struct err err = {0};

	add_folder(world, "/usr/lib/old.so", 0);
	assert_int_equal(apply(world, NULL, &err), -ENOTDIR);
	assert_non_null(strstr(err.msg, "/usr/lib/old.so"));
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	must(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
	must(listen(fd, 1));
	return fd;
}

static void socket_is_bound_and_answers(void **state)
{
	struct world *world = need_root(state);
	auto_fd fd = listen_at(in(world, "host/lib/socket"));
	struct apply_stats stats = {0};
	struct stat st;

	assert_true(fd >= 0);
	add(world, OP_BIND, "/lib/socket", "/run/service/socket")->flags =
		OP_SOCKET | OP_NOSUID | OP_NODEV | OP_NOEXEC;
	apply_well(world, &stats);

	must(connect_to(inside(world, "/run/service/socket")));
	must(lstat(in(world, "rootfs/run/service/socket"), &st));
	assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
	assert_int_equal(stats.binds, 1);
	apply_well(world, &stats);
	must(connect_to(inside(world, "/run/service/socket")));
}

static void socket_that_is_something_else_is_refused(void **state)
{
	struct world *world = need_root(state);
	auto_fd fd = listen_at(in(world, "host/lib/socket"));
	struct err err = {0};

	assert_true(fd >= 0);
	add(world, OP_BIND, "/lib/liba.so.1.1", "/run/socket")->flags |= OP_SOCKET;
	assert_int_equal(apply(world, NULL, &err), -ESTALE);
	world->plan->ops.items[0].flags &= ~(unsigned)OP_SOCKET;
	free(world->plan->ops.items[0].source);
	world->plan->ops.items[0].source = strdup("/lib/socket");
	assert_int_equal(apply(world, NULL, &err), -ESTALE);
	assert_false(is_there(inside(world, "/run/socket")));
}

static void directory_of_a_service_can_be_written(void **state)
{
	struct world *world = need_root(state);

	add(world, OP_BIND, "/lib/sub", "/tmp/nvidia-mps")->flags = OP_DIR | OP_NOSUID | OP_NODEV;
	add(world, OP_BIND, "/lib/sub", "/opt/sub")->flags |= OP_DIR;
	apply_well(world, NULL);

	put(inside(world, "/tmp/nvidia-mps/pipe"), "from the container");
	has_text(in(world, "host/lib/sub/pipe"), "from the container");
	assert_int_equal(open(inside(world, "/opt/sub/pipe"), O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
}

static const struct CMUnitTest cases[] = {
	CASE(folder_in_proc_holds_what_is_put_there),
	CASE(folder_in_proc_that_is_read_only_works_as_well),
	CASE(folder_in_proc_is_found_again_by_a_second_run),
	CASE(folder_on_a_placeholder_is_made_again_by_a_second_run),
	CASE(folder_in_proc_needs_a_directory_there),
	CASE(folder_in_proc_is_not_made_in_the_images),
	CASE(folder_in_proc_does_not_follow_a_link),
	CASE(folder_in_proc_is_not_made_on_a_tmpfs),
	CASE(folder_in_proc_is_not_mounted_where_mounts_are_shared),
	CASE(folder_in_a_user_namespace_belongs_to_its_root),
	CASE(folder_is_undone_with_what_is_in_it),
	CASE(file_in_proc_covers_one_that_is_there),
	CASE(folder_covers_what_the_image_has),
	CASE(folder_if_absent_leaves_the_images),
	CASE(folder_in_place_of_a_file_is_refused),
	CASE(socket_is_bound_and_answers),
	CASE(socket_that_is_something_else_is_refused),
	CASE(directory_of_a_service_can_be_written),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("new calls", cases, NULL, NULL);

	/* before 6.15 nothing can be cloned out of a tmpfs that is attached nowhere */
	kfeature_missing(KFEATURE_FSOPEN);
	failed += cmocka_run_group_tests_name("5.12 to 6.14", cases, NULL, NULL);
	kfeature_missing(KFEATURE_MOUNT_SETATTR);
	failed += cmocka_run_group_tests_name("5.10", cases, NULL, NULL);
	use_old_calls();
	return failed + cmocka_run_group_tests_name("old calls", cases, NULL, NULL);
}
