/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two mount namespaces: a stand-in for the host, whose mounts are all shared, which the test
 * program is in, and a child's, the container.
 */
#ifndef TESTS_MOUNTS_FIXTURE_H
#define TESTS_MOUNTS_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
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
#include "sys/mounts.h"
#include "sys/ns.h"
#include "sys/rootfs.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SKIPPED      77

static char work[64];
static pid_t container;
static int container_flags = CLONE_NEWNS;
static bool in_user_namespace; /* no device nodes can be made, one id is mapped */

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

static inline void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", strerror(errno));
}

static inline void must_err(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->msg);
}

/* Not inlined: gcc 12 would warn about a dangling pointer where there is none. */
__attribute__((noinline, unused)) static char *read_file(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	struct err err = {0};

	must_err(io_read_at(AT_FDCWD, path, 1 << 24, &text, &len, &err), &err);
	return text;
}

static inline char *mountinfo_of(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return read_file(path);
}

/* The options of the mount at path (below work) as the container sees it; caller frees. NULL: none.
 */
static inline char *container_mount(const char *path)
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

static inline int count_lines(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static inline void put(const char *path, const char *text)
{
	auto_free char *full = str_format("%s/%s", work, path);
	auto_fd fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline char *container_reads(const char *path)
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

static inline void join(struct joined *joined, const char *path)
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

static inline void leave(struct joined *joined)
{
	struct err err = {0};

	must_err(ns_return_mount(joined->own, &err), &err);
	(void)close(joined->own);
	(void)close(joined->root);
	(void)close(joined->parent);
	(void)close(joined->target);
	ns_process_done(&joined->process);
}

static inline int attach(struct mount_source *source, const char *path, int *ret_fd,
			 struct err *err)
{
	struct joined joined;
	int rc;

	join(&joined, path);
	rc = mount_attach(source, joined.target, joined.parent, joined.name, ret_fd, err);
	leave(&joined);
	return rc;
}

static inline void detach(int fd)
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

static inline void take_at(struct mount_source *source, const char *path, unsigned flags)
{
	auto_fd fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct err err = {0};
	struct stat st;

	must(fd);
	must(fstat(fd, &st));
	must_err(mount_source_take(source, fd, &st, NULL, flags, &err), &err);
}

static inline void take(struct mount_source *source, const char *path, unsigned flags)
{
	auto_free char *full = str_format("%s/%s", work, path);

	take_at(source, full, flags);
}

static inline void in_container(int ready)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(container_flags) < 0 || mount(NULL, "/", "none", MS_REC | MS_SLAVE, NULL) < 0)
		_exit(1);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static inline void make_tree(void)
{
	static const char *const dirs[] = {"host", "host/dir", "limited", "root", "root/dirtarget"};
	static const char *const files[] = {"root/target", "root/target2", "host/file2"};
	auto_free char *node = str_format("%s/host/node", work);
	auto_free char *link = str_format("%s/host/link", work);
	auto_free char *link_target = str_format("%s/root/linktarget", work);
	auto_free char *limited = str_format("%s/limited", work);
	auto_fd fd = -1;

	for (size_t i = 0; i < COUNT(dirs); i++) {
		auto_free char *dir = str_format("%s/%s", work, dirs[i]);

		must(mkdir(dir, 0755));
	}
	for (size_t i = 0; i < COUNT(files); i++)
		put(files[i], "");
	must(mount("limited", limited, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, ""));
	must(mount("mnt", "/mnt", "tmpfs", 0, "")); /* in a namespace of our own */
	fd = open("/mnt/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd);
	put("host/file", "from the host\n");
	put("limited/file", "limited\n");
	put("root/dirtarget/other", "through the link\n");
	in_user_namespace = mknod(node, S_IFCHR | 0666, makedev(1, 3)) < 0;
	must(symlink("nowhere", link));
	must(symlink("target2", link_target));
}

static inline int namespaces_make(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	(void)snprintf(work, sizeof(work), "/tmp/nvc-test-mounts-XXXXXX");
	assert_non_null(mkdtemp(work));
	must(mount(NULL, "/", "none", MS_REC | MS_PRIVATE, NULL));
	must(mount("work", work, "tmpfs", 0, ""));
	make_tree();
	must(mount(NULL, "/", "none", MS_REC | MS_SHARED, NULL));
	must(pipe2(ready, O_CLOEXEC));
	container = fork();
	if (container == 0)
		in_container(ready[1]);
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return 0;
}

static inline int namespaces_remove(void **state)
{
	(void)state;
	/* 0 would be the whole process group of the test runner */
	if (container > 0) {
		(void)kill(container, SIGKILL);
		(void)waitpid(container, NULL, 0);
	}
	(void)umount2("/mnt", MNT_DETACH);
	(void)umount2(work, MNT_DETACH);
	(void)rmdir(work);
	return 0;
}

#endif
