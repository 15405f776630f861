/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Needs root. The program makes two namespaces of its own: a stand-in for the host, whose mounts
 * are all shared, and a child's, the container. Each test runs with every combination of missing
 * system calls, and the host's mount table must be the same afterwards.
 */
#include "sys/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/io.h"
#include "sys/kfeature.h"
#include "sys/ns.h"
#include "sys/rootfs.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SKIPPED      77

static char work[64];
static pid_t container;

static const struct {
	const char *name;
	enum kfeature missing[KFEATURE_COUNT];
	size_t n;
} kernels[] = {
	{"now", {0}, 0},
	{"5.10", {KFEATURE_MOUNT_SETATTR}, 1},
	{"no fsopen", {KFEATURE_FSOPEN}, 1},
	{"no fsopen, no mount_setattr", {KFEATURE_FSOPEN, KFEATURE_MOUNT_SETATTR}, 2},
	{"no open_tree", {KFEATURE_OPEN_TREE}, 1},
	{"no move_mount", {KFEATURE_MOVE_MOUNT}, 1},
	{"4.9",
	 {KFEATURE_OPENAT2, KFEATURE_OPEN_TREE, KFEATURE_MOVE_MOUNT, KFEATURE_MOUNT_SETATTR,
	  KFEATURE_FSOPEN},
	 5},
};

static void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", strerror(errno));
}

static void must_err(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->msg);
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	struct err err = {0};

	must_err(io_read_at(AT_FDCWD, path, 1 << 24, &text, &len, &err), &err);
	return text;
}

static char *mountinfo_of(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return read_file(path);
}

/* The options of the mount at path (below work) as the container sees it; caller frees. NULL: none.
 */
static char *container_mount(const char *path)
{
	auto_free char *info = mountinfo_of(container);
	auto_free char *point = str_format(" %s/%s ", work, path);
	char *line = strstr(info, point);
	char *end;

	if (line == NULL)
		return NULL;
	line += strlen(point);
	end = strchr(line, '-');
	*end = '\0';
	return strdup(line);
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void put(const char *path, const char *text)
{
	auto_free char *full = str_format("%s/%s", work, path);
	auto_fd fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static char *container_reads(const char *path)
{
	auto_free char *full = str_format("/proc/%d/root/%s/%s", (int)container, work, path);

	return read_file(full);
}

struct joined {
	struct ns_process process;
	int own;
	int root;
	int parent;
	int target;
	char name[NAME_MAX + 1];
};

static void join(struct joined *joined, const char *path)
{
	struct err err = {0};

	must_err(ns_process_open(container, &joined->process, &err), &err);
	joined->own = ns_open_own_mount(&err);
	must_err(joined->own, &err);
	must_err(ns_enter_mount(&joined->process, &err), &err);
	joined->root = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(joined->root);
	joined->parent = rootfs_open_parent(joined->root, path, joined->name, &err);
	must_err(joined->parent, &err);
	joined->target = rootfs_open(joined->root, path, O_PATH | O_NOFOLLOW, &err);
	must_err(joined->target, &err);
}

static void leave(struct joined *joined)
{
	struct err err = {0};

	must_err(ns_return_mount(joined->own, &err), &err);
	(void)close(joined->own);
	(void)close(joined->root);
	(void)close(joined->parent);
	(void)close(joined->target);
	ns_process_done(&joined->process);
}

static int attach(struct mount_source *source, const char *path, int *ret_fd, struct err *err)
{
	struct joined joined;
	int rc;

	join(&joined, path);
	rc = mount_attach(source, joined.target, joined.parent, joined.name, ret_fd, err);
	leave(&joined);
	return rc;
}

static void detach(int fd)
{
	struct err err = {0};
	struct ns_process process;
	auto_fd own = ns_open_own_mount(&err);

	must_err(ns_process_open(container, &process, &err), &err);
	must_err(ns_enter_mount(&process, &err), &err);
	must_err(mount_detach(fd, &err), &err);
	must_err(ns_return_mount(own, &err), &err);
	ns_process_done(&process);
	(void)close(fd);
}

static void take(struct mount_source *source, const char *path, unsigned flags)
{
	auto_free char *full = str_format("%s/%s", work, path);
	auto_fd fd = open(full, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct err err = {0};

	must(fd);
	must_err(mount_source_take(source, fd, full, flags, &err), &err);
}

/* Runs one check as if on each kernel; the host's mounts and the container's stay as they were. */
static void on_each_kernel(void (*check)(void))
{
	for (size_t i = 0; i < COUNT(kernels); i++) {
		auto_free char *host = mountinfo_of(getpid());
		auto_free char *inside = mountinfo_of(container);
		auto_free char *host_after = NULL;
		auto_free char *inside_after = NULL;

		print_message("    kernel: %s\n", kernels[i].name);
		for (size_t k = 0; k < kernels[i].n; k++)
			kfeature_missing(kernels[i].missing[k]);
		check();
		kfeature_reset();
		host_after = mountinfo_of(getpid());
		inside_after = mountinfo_of(container);
		assert_string_equal(host, host_after);
		assert_string_equal(inside, inside_after);
	}
}

static void check_file(void)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	auto_free char *options = NULL;
	auto_free char *text = NULL;
	struct err err = {0};
	int fd = -1;

	take(&source, "host/file", MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV);
	must_err(attach(&source, "root/target", &fd, &err), &err);

	options = container_mount("root/target");
	text = container_reads("root/target");
	assert_non_null(options);
	assert_non_null(strstr(options, "ro,nosuid,nodev"));
	assert_null(strstr(options, "noexec"));
	assert_null(strstr(options, "shared:"));
	assert_null(strstr(options, "master:"));
	assert_string_equal(text, "from the host\n");
	detach(fd);
}

static void mounts_file_is_attached_private_with_flags(void **state)
{
	(void)state;
	on_each_kernel(check_file);
}

static void check_kinds(void)
{
	static const char *const kinds[][2] = {
		{"host/dir", "root/dirtarget"},
		{"host/node", "root/target"},
		{"host/link", "root/target"},
		{"host/file", "root/linktarget"},
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		auto_done(mount_source) struct mount_source source = {.fd = -1};
		auto_free char *options = NULL;
		struct err err = {0};
		int fd = -1;

		take(&source, kinds[i][0], MOUNT_NOSUID | MOUNT_NOEXEC);
		must_err(attach(&source, kinds[i][1], &fd, &err), &err);
		options = container_mount(kinds[i][1]);
		assert_non_null(options);
		assert_non_null(strstr(options, "nosuid"));
		assert_non_null(strstr(options, "noexec"));
		detach(fd);
	}
}

static void mounts_directory_node_and_link_can_be_attached(void **state)
{
	(void)state;
	on_each_kernel(check_kinds);
}

static void check_made(void)
{
	auto_done(mount_source) struct mount_source file = {.fd = -1};
	auto_done(mount_source) struct mount_source link = {.fd = -1};
	auto_free char *text = NULL;
	auto_free char *through = NULL;
	auto_free char *options = NULL;
	auto_free char *path = str_format("/proc/%d/root/%s/root/target", (int)container, work);
	struct err err = {0};
	struct stat st;
	int file_fd = -1;
	int link_fd = -1;

	must_err(mount_source_file(&file, "made\n", 5, 0640, 12, 34, MOUNT_RDONLY, &err), &err);
	must_err(mount_source_link(&link, "dirtarget/other", 0, 0, MOUNT_RDONLY, &err), &err);
	must_err(attach(&file, "root/target", &file_fd, &err), &err);
	must_err(attach(&link, "root/target2", &link_fd, &err), &err);

	text = container_reads("root/target");
	assert_string_equal(text, "made\n");
	must(stat(path, &st));
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, 12);
	assert_int_equal(st.st_gid, 34);
	through = container_reads("root/target2");
	assert_string_equal(through, "through the link\n");
	options = container_mount("root/target");
	assert_non_null(options);
	assert_non_null(strstr(options, "ro,"));
	detach(file_fd);
	detach(link_fd);
}

static void mounts_made_file_and_link_come_from_a_hidden_tmpfs(void **state)
{
	(void)state;
	on_each_kernel(check_made);
}

static void check_locked(void)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	auto_free char *options = NULL;
	struct err err = {0};
	int fd = -1;

	take(&source, "limited/file", MOUNT_NODEV);
	must_err(attach(&source, "root/target", &fd, &err), &err);

	options = container_mount("root/target");
	assert_non_null(options);
	assert_non_null(strstr(options, "nosuid,nodev,noexec,noatime"));
	detach(fd);
}

static void mounts_flags_of_the_source_are_kept(void **state)
{
	(void)state;
	on_each_kernel(check_locked);
}

static void check_wrong_name(void)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	struct joined joined;
	struct err err = {0};
	int rc;

	take(&source, "host/file", MOUNT_RDONLY);
	join(&joined, "root/target");
	rc = mount_attach(&source, joined.target, joined.parent, "target2", NULL, &err);
	leave(&joined);

	assert_int_equal(rc, -ESTALE);
}

static void mounts_other_object_at_the_name_is_undone(void **state)
{
	(void)state;
	on_each_kernel(check_wrong_name);
}

static void check_twice(void)
{
	int fds[2] = {-1, -1};

	for (int i = 0; i < 2; i++) {
		auto_done(mount_source) struct mount_source source = {.fd = -1};
		struct err err = {0};

		take(&source, i == 0 ? "host/file" : "host/file2", 0);
		must_err(attach(&source, "root/target", &fds[i], &err), &err);
	}
	detach(fds[1]);
	detach(fds[0]);
}

static void mounts_stack_on_the_same_target(void **state)
{
	(void)state;
	on_each_kernel(check_twice);
}

static void mounts_replaced_source_is_stale_on_old_kernels(void **state)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	auto_done(mount_source) struct mount_source gone = {.fd = -1};
	auto_free char *file = str_format("%s/host/racy", work);
	auto_free char *other = str_format("%s/host/file2", work);
	struct err err = {0};

	(void)state;
	kfeature_missing(KFEATURE_OPEN_TREE);
	put("host/racy", "old\n");
	take(&source, "host/racy", 0);
	take(&gone, "host/racy", 0);
	must(unlink(file));
	assert_int_equal(attach(&gone, "root/target", NULL, &err), -ESTALE);
	must(symlink("/etc/passwd", file));
	assert_int_equal(attach(&source, "root/target", NULL, &err), -ESTALE);
	must(unlink(file));
	must(link(other, file));
	assert_int_equal(attach(&source, "root/target", NULL, &err), -ESTALE);
	must(unlink(file));
	kfeature_reset();

	assert_null(container_mount("root/target"));
}

static void mounts_kind_mismatch_is_an_error(void **state)
{
	struct err err = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		auto_done(mount_source) struct mount_source source = {.fd = -1};

		if (i == 1)
			kfeature_missing(KFEATURE_OPEN_TREE);
		take(&source, "host/dir", 0);
		assert_int_equal(attach(&source, "root/target", NULL, &err), -ENOTDIR);
	}
	kfeature_reset();
}

static void mounts_id_agrees_with_mountinfo(void **state)
{
	auto_fd fd = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *info = mountinfo_of(getpid());
	auto_free char *point = str_format(" / %s ", work);
	uint64_t id = 0;
	auto_free char *start = NULL;
	char *line;

	(void)state;
	assert_int_equal(mount_id(fd, &id, NULL), 0);
	start = str_format("\n%llu ", (unsigned long long)id);
	line = strstr(info, start);
	assert_non_null(line);
	assert_true(strstr(line, point) < strchr(line + 1, '\n'));
}

static void mounts_host_is_not_touched_by_staging_on_a_shared_mount(void **state)
{
	auto_free char *before = mountinfo_of(getpid());
	auto_free char *after = NULL;
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	auto_free char *dir = str_format("%s/root", work);
	auto_fd parent = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd target = openat(parent, "target", O_PATH | O_CLOEXEC);
	struct err err = {0};
	int rc;

	(void)state;
	kfeature_missing(KFEATURE_FSOPEN);
	must_err(mount_source_file(&source, "x", 1, 0644, 0, 0, 0, &err), &err);
	/* the host stand-in shares all its mounts: no place for a tmpfs there */
	rc = mount_attach(&source, target, parent, "target", NULL, &err);
	kfeature_reset();
	after = mountinfo_of(getpid());

	assert_int_equal(rc, -EOPNOTSUPP);
	assert_int_equal(count_lines(before), count_lines(after));
}

static void in_container(int ready)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		_exit(1);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static void make_tree(void)
{
	static const char *const dirs[] = {"host", "host/dir", "limited", "root", "root/dirtarget"};
	static const char *const files[] = {"root/target", "root/target2", "host/file2"};
	auto_free char *node = str_format("%s/host/node", work);
	auto_free char *link = str_format("%s/host/link", work);
	auto_free char *link_target = str_format("%s/root/linktarget", work);
	auto_free char *limited = str_format("%s/limited", work);

	for (size_t i = 0; i < COUNT(dirs); i++) {
		auto_free char *dir = str_format("%s/%s", work, dirs[i]);

		must(mkdir(dir, 0755));
	}
	for (size_t i = 0; i < COUNT(files); i++)
		put(files[i], "");
	must(mount("limited", limited, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, ""));
	put("host/file", "from the host\n");
	put("limited/file", "limited\n");
	put("root/dirtarget/other", "through the link\n");
	must(mknod(node, S_IFCHR | 0666, makedev(1, 3)));
	must(symlink("nowhere", link));
	must(symlink("target2", link_target));
}

static int namespaces_make(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("work", work, "tmpfs", 0, ""));
	make_tree();
	must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
	must(pipe2(ready, O_CLOEXEC));
	container = fork();
	if (container == 0)
		in_container(ready[1]);
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return 0;
}

static int namespaces_remove(void **state)
{
	(void)state;
	(void)kill(container, SIGKILL);
	(void)waitpid(container, NULL, 0);
	(void)umount2(work, MNT_DETACH);
	(void)rmdir(work);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_file_is_attached_private_with_flags),
		cmocka_unit_test(mounts_directory_node_and_link_can_be_attached),
		cmocka_unit_test(mounts_made_file_and_link_come_from_a_hidden_tmpfs),
		cmocka_unit_test(mounts_flags_of_the_source_are_kept),
		cmocka_unit_test(mounts_other_object_at_the_name_is_undone),
		cmocka_unit_test(mounts_stack_on_the_same_target),
		cmocka_unit_test(mounts_replaced_source_is_stale_on_old_kernels),
		cmocka_unit_test(mounts_kind_mismatch_is_an_error),
		cmocka_unit_test(mounts_id_agrees_with_mountinfo),
		cmocka_unit_test(mounts_host_is_not_touched_by_staging_on_a_shared_mount),
	};

	(void)snprintf(work, sizeof(work), "/tmp/nvc-test-mounts-XXXXXX");
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0) {
		print_message("skipped: needs root for a mount namespace\n");
		return SKIPPED;
	}
	if (mkdtemp(work) == NULL)
		return 1;
	return cmocka_run_group_tests_name("mounts", tests, namespaces_make, namespaces_remove);
}
