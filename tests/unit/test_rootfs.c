/* SPDX-License-Identifier: Apache-2.0 */
/* Every case runs with both implementations: openat2 and the walk. */
#include "sys/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rootfs_tree.h"
#include "sys/kfeature.h"
#include "sys/sysfilter.h"

/* want: path below the root of the object that must be found, or NULL and code */
struct open_case {
	const char *path;
	int flags;
	const char *want;
	int code;
};

static const struct open_case open_cases[] = {
	{"/", O_PATH, ".", 0},
	{".", O_PATH, ".", 0},
	{"..", O_PATH, ".", 0},
	{"/../../..", O_PATH, ".", 0},
	{"", O_PATH, NULL, ENOENT},
	{"/etc/file", O_PATH, "etc/file", 0},
	{"etc/file", O_PATH, "etc/file", 0},
	{"//etc///./file", O_PATH, "etc/file", 0},
	{"/etc/file/", O_PATH, NULL, ENOTDIR},
	{"/etc/file/x", O_PATH, NULL, ENOTDIR},
	{"/etc/file/..", O_PATH, NULL, ENOTDIR},
	{"/abs", O_PATH, "etc/file", 0},
	{"/abs/", O_PATH, NULL, ENOTDIR},
	{"/rel/c", O_PATH, "a/b/c", 0},
	{"/rel/../b/up", O_PATH, "etc/file", 0},
	{"/a/b/up", O_PATH, "etc/file", 0},
	{"/escape", O_PATH, NULL, ENOENT},
	{"/a/escape2", O_PATH, NULL, ENOENT},
	{"/a/b/escape3", O_PATH, NULL, ENOENT},
	{"/../root-evil/secret", O_PATH, NULL, ENOENT},
	{"/loop1", O_PATH, NULL, ELOOP},
	{"/loop1/x", O_PATH, NULL, ELOOP},
	{"/deep/self/x", O_PATH, NULL, ELOOP},
	{"/loop1", O_PATH | O_NOFOLLOW, "loop1", 0},
	{"/rel", O_PATH | O_NOFOLLOW, "rel", 0},
	{"/rel/", O_PATH | O_NOFOLLOW, "a/b", 0},
	{"/rel", O_PATH | O_NOFOLLOW | O_DIRECTORY, NULL, ENOTDIR},
	{"/dangling", O_PATH, NULL, ENOENT},
	{"/dangling", O_PATH | O_NOFOLLOW, "dangling", 0},
	{"/messy", O_PATH, "a/b/c", 0},
	{"/messy/../..", O_PATH, "a", 0},
	{"/parent/parent/etc", O_PATH, "etc", 0},
	{"/slash/slash/etc/file", O_PATH, "etc/file", 0},
	{"/etc", O_PATH | O_DIRECTORY, "etc", 0},
	{"/etc/file", O_PATH | O_DIRECTORY, NULL, ENOTDIR},
	{"/missing/..", O_PATH, NULL, ENOENT},
	{"/fifo", O_PATH, "fifo", 0},
	{"/fifo", O_RDONLY, NULL, EINVAL},
	{"/fifo", O_RDONLY | O_NONBLOCK, "fifo", 0},
	{"/abs", O_RDONLY, "etc/file", 0},
	{"/abs", O_RDONLY | O_NOFOLLOW, NULL, ELOOP},
	{"/etc/link", O_RDWR, "etc/file", 0},
	{"/rel", O_RDONLY, "a/b", 0},
	{"/rel", O_RDONLY | O_DIRECTORY, "a/b", 0},
	{"/abs", O_RDONLY | O_DIRECTORY, NULL, ENOTDIR},
	{"/etc", O_RDWR, NULL, EISDIR},
	{"/etc/new", O_RDWR | O_CREAT, NULL, EINVAL},
	{"/etc", O_RDWR | O_TMPFILE, NULL, EINVAL},
};

static void check_open(const struct tree *tree, const struct open_case *tested)
{
	struct err err = {0};
	auto_fd fd = rootfs_open(tree->root, tested->path, tested->flags, &err);
	struct stat got;
	struct stat want;

	if (tested->want == NULL) {
		if (fd != -tested->code)
			fail_msg("'%s' %#x: %d, not %d", tested->path, (unsigned)tested->flags, fd,
				 -tested->code);
		assert_int_equal(err.code, tested->code);
		return;
	}
	if (fd < 0)
		fail_msg("'%s' %#x: %s", tested->path, (unsigned)tested->flags, err.msg);
	must(fstat(fd, &got));
	must(fstatat(tree->root, tested->want, &want, AT_SYMLINK_NOFOLLOW));
	if (got.st_ino != want.st_ino || got.st_dev != want.st_dev)
		fail_msg("'%s' is not '%s'", tested->path, tested->want);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void open_table(void **state)
{
	for (size_t i = 0; i < COUNT(open_cases); i++)
		check_open(*state, &open_cases[i]);
}

static void rootfs_paths_resolve_inside_with_openat2(void **state)
{
	open_table(state);
}

static void rootfs_paths_resolve_inside_with_walk(void **state)
{
	rootfs_force_walk(true);
	open_table(state);
}

/* Neighbours that rename and mount all the time: openat2 says EAGAIN for paths with "..". */
static void rootfs_paths_resolve_inside_when_openat2_never_gets_through(void **state)
{
	static const char *const calls[] = {"openat2", NULL};
	const struct tree *tree = *state;
	auto_fd fd = rootfs_open(tree->root, "/", O_PATH, NULL);
	bool had = kfeature_has(KFEATURE_OPENAT2);
	pid_t pid;
	int status;

	if (!sysfilter_built())
		skip();
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		if (sysfilter_deny(calls, EAGAIN, NULL) < 0)
			_exit(1);
		open_table(state);
		_exit(kfeature_has(KFEATURE_OPENAT2) == had ? 0 : 2); /* is tried next time */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void rootfs_walk_leaves_no_fds(void **state)
{
	int before;

	rootfs_force_walk(true);
	open_table(state); /* the first run opens /proc, which stays */
	before = count_fds();
	open_table(state);

	assert_int_equal(count_fds(), before);
}

static void check_long(const struct tree *tree)
{
	char name[NAME_MAX + 3];
	char path[PATH_MAX + 8];
	auto_fd fd = -1;

	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = '\0';
	if (mkdirat(tree->root, name, 0755) < 0)
		assert_int_equal(errno, EEXIST);
	fd = rootfs_open(tree->root, name, O_PATH, NULL);
	assert_true(fd >= 0);

	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(rootfs_open(tree->root, name, O_PATH, NULL), -ENAMETOOLONG);
	assert_int_equal(rootfs_open_parent(tree->root, name, path, NULL), -ENAMETOOLONG);

	for (size_t i = 0; i < PATH_MAX; i += 2)
		memcpy(path + i, "./", 2);
	path[PATH_MAX] = '\0';
	assert_int_equal(rootfs_open(tree->root, path, O_PATH, NULL), -ENAMETOOLONG);
}

static void rootfs_long_names_are_refused(void **state)
{
	check_long(*state);
	rootfs_force_walk(true);
	check_long(*state);
}

static void check_chain(const struct tree *tree, int links, int want)
{
	char name[32] = "";
	int fd;

	for (int i = 0; i < links; i++) {
		char text[32];

		(void)snprintf(name, sizeof(name), "chain%d", i);
		(void)snprintf(text, sizeof(text), i == 0 ? "etc" : "chain%d", i - 1);
		if (symlinkat(text, tree->root, name) < 0)
			assert_int_equal(errno, EEXIST);
	}
	fd = rootfs_open(tree->root, name, O_PATH, NULL);
	if (fd >= 0)
		(void)close(fd);
	assert_int_equal(fd < 0 ? fd : 0, want);
}

static void rootfs_link_chain_ends_at_forty(void **state)
{
	check_chain(*state, 40, 0);
	check_chain(*state, 41, -ELOOP);
	rootfs_force_walk(true);
	check_chain(*state, 40, 0);
	check_chain(*state, 41, -ELOOP);
}

static void check_magic(void)
{
	auto_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	static const char *const magic[] = {"/proc/self/root/etc", "/proc/self/cwd",
					    "/proc/self/exe", "/proc/self/fd/0",
					    "/proc/self/ns/mnt"};

	for (size_t i = 0; i < COUNT(magic); i++)
		assert_int_equal(rootfs_open(root, magic[i], O_PATH, NULL), -ELOOP);
	for (int i = 0; i < 2; i++) {
		auto_fd fd = rootfs_open(root, i == 0 ? "/proc/self/stat" : "/proc/mounts",
					 O_RDONLY, NULL);

		assert_true(fd >= 0);
	}
}

static void rootfs_magic_link_is_refused(void **state)
{
	(void)state;
	check_magic();
	rootfs_force_walk(true);
	check_magic();
}

static void rootfs_deep_walk_is_bounded(void **state)
{
	const struct tree *tree = *state;
	char path[1024] = "";
	auto_fd at = dup(tree->root);

	for (int i = 0; i < 260; i++) {
		int next;

		must(mkdirat(at, "d", 0755));
		next = openat(at, "d", O_PATH | O_CLOEXEC);
		must(next);
		(void)close(at);
		at = next;
		(void)strcat(path, "d/");
	}
	rootfs_force_walk(true);

	assert_int_equal(rootfs_open(tree->root, path, O_PATH, NULL), -ENAMETOOLONG);
}

static void check_lstat(const struct tree *tree)
{
	struct stat st;

	assert_int_equal(rootfs_lstat(tree->root, "/dangling", &st, NULL), 1);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(rootfs_lstat(tree->root, "/rel/c", &st, NULL), 1);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(rootfs_lstat(tree->root, "/missing", &st, NULL), 0);
	assert_int_equal(rootfs_lstat(tree->root, "/etc/file/x", &st, NULL), 0);
	assert_int_equal(rootfs_lstat(tree->root, "/loop1/x", &st, NULL), -ELOOP);
}

static void rootfs_lstat_tells_absent_from_error(void **state)
{
	check_lstat(*state);
	rootfs_force_walk(true);
	check_lstat(*state);
}

static void check_read(const struct tree *tree)
{
	auto_free char *text = NULL;
	char *none = NULL;
	size_t len = 0;

	assert_int_equal(rootfs_read(tree->root, "/abs", 7, &text, &len, NULL), 0);
	assert_string_equal(text, "inside\n");
	assert_int_equal(len, 7);
	assert_int_equal(rootfs_read(tree->root, "/abs", 6, &none, &len, NULL), -EFBIG);
	assert_int_equal(rootfs_read(tree->root, "/fifo", 6, &none, &len, NULL), -EINVAL);
	assert_int_equal(rootfs_read(tree->root, "/etc", 6, &none, &len, NULL), -EINVAL);
	assert_int_equal(rootfs_read(tree->root, "/missing", 6, &none, &len, NULL), -ENOENT);
	assert_null(none);
}

static void rootfs_read_takes_regular_files_only(void **state)
{
	check_read(*state);
	rootfs_force_walk(true);
	check_read(*state);
}

static void rootfs_read_a_file_of_proc_is_empty_unless_asked_for(void **state)
{
	auto_fd slash = rootfs_open_slash(NULL);
	auto_free char *text = NULL;
	auto_free char *all = NULL;
	size_t len = 1;

	(void)state;
	assert_int_equal(rootfs_read(slash, "/proc/mounts", 1 << 20, &text, &len, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	assert_int_equal(rootfs_read_any(slash, "/proc/mounts", 1 << 20, &all, &len, NULL), 0);
	assert_int_equal(len, strlen(all));
	assert_in_range(len, 1, 1 << 20);
}

static void rootfs_readlinkat_gives_the_text(void **state)
{
	const struct tree *tree = *state;
	auto_free char *text = NULL;
	char *none = NULL;

	assert_int_equal(rootfs_readlinkat(tree->root, "dangling", &text, NULL), 0);
	assert_string_equal(text, "/nowhere/file");
	assert_int_equal(rootfs_readlinkat(tree->root, "etc", &none, NULL), -EINVAL);
	assert_null(none);
}

/* What is not there is no trouble; too many open files are: what is there is not known then. */
static void rootfs_list_tells_absent_from_trouble(void **state)
{
	const struct tree *tree = *state;
	struct rlimit limit;
	struct rlimit none;
	DIR *dir = NULL;
	int r;

	assert_int_equal(rootfs_list(tree->root, "/a/b", &dir, NULL), 0);
	assert_non_null(dir);
	assert_true(fcntl(dirfd(dir), F_GETFD) & FD_CLOEXEC);
	(void)closedir(dir);
	assert_int_equal(rootfs_list(tree->root, "/nothing", &dir, NULL), 0);
	assert_null(dir);
	assert_int_equal(rootfs_list(tree->root, "/etc/file", &dir, NULL), 0);
	assert_null(dir);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = rootfs_list(tree->root, "/a/b", &dir, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -EMFILE);
	assert_null(dir);
}

/* A directory that the walk has come through is moved out of the root while ".." is still to be
 * walked: a child swaps it forth and back all the time. Nothing outside may ever be found. */
static void check_race(const struct tree *tree)
{
	pid_t pid = fork();

	if (pid == 0) /* not for ever, when an assertion fails */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pid == 0) {
		(void)renameat(tree->root, "a/b", tree->outside, "moved");
		(void)renameat(tree->outside, "moved", tree->root, "a/b");
	}
	for (int i = 0; i < 3000; i++) {
		auto_fd fd = rootfs_open(tree->root, "/a/b/c/../../../secret", O_PATH, NULL);
		auto_fd up = rootfs_open(tree->root, "/a/b/../../root-evil/secret", O_PATH, NULL);

		assert_int_equal(fd, -ENOENT);
		assert_int_equal(up, -ENOENT);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)renameat(tree->outside, "moved", tree->root, "a/b");
}

static void rootfs_rename_race_stays_inside(void **state)
{
	check_race(*state);
	rootfs_force_walk(true);
	check_race(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(rootfs_paths_resolve_inside_with_openat2),
		TREE_TEST(rootfs_paths_resolve_inside_with_walk),
		TREE_TEST(rootfs_paths_resolve_inside_when_openat2_never_gets_through),
		TREE_TEST(rootfs_walk_leaves_no_fds),
		TREE_TEST(rootfs_long_names_are_refused),
		TREE_TEST(rootfs_link_chain_ends_at_forty),
		TREE_TEST(rootfs_magic_link_is_refused),
		TREE_TEST(rootfs_deep_walk_is_bounded),
		TREE_TEST(rootfs_lstat_tells_absent_from_error),
		TREE_TEST(rootfs_read_takes_regular_files_only),
		TREE_TEST(rootfs_read_a_file_of_proc_is_empty_unless_asked_for),
		TREE_TEST(rootfs_readlinkat_gives_the_text),
		TREE_TEST(rootfs_list_tells_absent_from_trouble),
		TREE_TEST(rootfs_rename_race_stays_inside),
	};

	(void)umask(022);
	return cmocka_run_group_tests_name("rootfs", tests, NULL, NULL);
}
