/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Needs root. The program makes two namespaces of its own: a stand-in for the host, whose mounts
 * are all shared, and a child's, the container. Each test runs with every combination of missing
 * system calls, and the host's mount table must be the same afterwards.
 */
#include "sys/mounts.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "mounts_fixture.h"

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
		{"host/node", "root/target"}, /* first */
		{"host/dir", "root/dirtarget"},
		{"host/link", "root/target"},
		{"host/file", "root/linktarget"},
	};

	for (size_t i = in_user_namespace ? 1 : 0; i < COUNT(kinds); i++) {
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
	const uid_t uid = in_user_namespace ? 0 : 12;
	const gid_t gid = in_user_namespace ? 0 : 34;
	int file_fd = -1;
	int link_fd = -1;

	must_err(mount_source_file(
			 &file,
			 &(struct io_new){
				 .data = "made\n", .len = 5, .mode = 0640, .uid = uid, .gid = gid},
			 MOUNT_RDONLY, &err),
		 &err);
	must_err(mount_source_link(&link, "dirtarget/other", 0, 0, MOUNT_RDONLY, &err), &err);
	must_err(attach(&file, "root/target", &file_fd, &err), &err);
	must_err(attach(&link, "root/target2", &link_fd, &err), &err);

	text = container_reads("root/target");
	assert_string_equal(text, "made\n");
	must(stat(path, &st));
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
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

/* Nobody ever sees its tmpfs then; else it is staged when it is attached. */
static void mounts_made_file_is_ready_at_once_since_linux_6_15(void **state)
{
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	const struct io_new content = {.data = "made", .len = 4, .mode = 0444};
	struct utsname name;
	unsigned major = 0;
	unsigned minor = 0;

	(void)state;
	must(uname(&name));
	assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
	must(mount_source_file(&source, &content, MOUNT_RDONLY, NULL));
	assert_true(source.detached || !kfeature_has(KFEATURE_FSOPEN) || major < 6 ||
		    (major == 6 && minor < 15));
	assert_int_equal(source.detached, source.made == NULL);
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

/* The second one lies where the stage would hide it. */
static void check_lasting_stage(void)
{
	static const char *const targets[] = {"root/target", "root/target2", "root/dirtarget"};
	const char *const paths[] = {"host/file", NULL, "host/dir"};
	struct mount_stage stage = {.top = -1};
	struct mount_source sources[COUNT(paths)];
	struct err err = {0};

	for (size_t i = 0; i < COUNT(paths); i++) {
		if (paths[i] != NULL)
			take(&sources[i], paths[i], MOUNT_RDONLY);
		else
			take_at(&sources[i], "/mnt/file", MOUNT_RDONLY);
	}
	must_err(mount_sources_flag(sources, COUNT(sources), &err), &err);
	for (size_t i = 0; i < COUNT(paths); i++) {
		auto_free char *options = NULL;
		struct joined joined;
		int rc;

		sources[i].stage = &stage;
		join(&joined, targets[i]);
		rc = mount_attach(&sources[i], joined.target, joined.parent, joined.name, NULL,
				  &err);
		if (i + 1 == COUNT(paths))
			mount_stage_done(&stage);
		leave(&joined);
		must_err(rc, &err);
		options = container_mount(targets[i]);
		assert_non_null(options);
		assert_memory_equal(options, "ro", 2);
	}
	for (size_t i = 0; i < COUNT(paths); i++) {
		int fd = sources[i].fd;

		sources[i].fd = -1;
		mount_source_done(&sources[i]);
		detach(fd);
	}
}

static void mounts_many_take_turns_on_one_stage(void **state)
{
	(void)state;
	on_each_kernel(check_lasting_stage);
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
	must_err(mount_source_file(
			 &source,
			 &(struct io_new){.data = "x", .len = 1, .mode = 0644, .uid = 0, .gid = 0},
			 0, &err),
		 &err);
	/* the host stand-in shares all its mounts: no place for a tmpfs there */
	rc = mount_attach(&source, target, parent, "target", NULL, &err);
	kfeature_reset();
	after = mountinfo_of(getpid());

	assert_int_equal(rc, -EOPNOTSUPP);
	assert_int_equal(count_lines(before), count_lines(after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_file_is_attached_private_with_flags),
		cmocka_unit_test(mounts_directory_node_and_link_can_be_attached),
		cmocka_unit_test(mounts_made_file_and_link_come_from_a_hidden_tmpfs),
		cmocka_unit_test(mounts_made_file_is_ready_at_once_since_linux_6_15),
		cmocka_unit_test(mounts_flags_of_the_source_are_kept),
		cmocka_unit_test(mounts_other_object_at_the_name_is_undone),
		cmocka_unit_test(mounts_stack_on_the_same_target),
		cmocka_unit_test(mounts_many_take_turns_on_one_stage),
		cmocka_unit_test(mounts_replaced_source_is_stale_on_old_kernels),
		cmocka_unit_test(mounts_kind_mismatch_is_an_error),
		cmocka_unit_test(mounts_id_agrees_with_mountinfo),
		cmocka_unit_test(mounts_host_is_not_touched_by_staging_on_a_shared_mount),
	};
	int failed;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0) {
		print_message("skipped: needs root for a mount namespace\n");
		return SKIPPED;
	}
	failed = cmocka_run_group_tests_name("mounts", tests, namespaces_make, namespaces_remove);
	/* as an engine with remapped users has it: another user namespace owns the container's */
	container_flags = CLONE_NEWNS | CLONE_NEWUSER;
	failed += cmocka_run_group_tests_name("mounts_remapped", tests, namespaces_make,
					      namespaces_remove);
	return failed;
}
