/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap SOURCE TARGET: mounts the folder SOURCE on TARGET with ids of the disk from 0 on shown as
 * 100000 and up (an idmapped mount). 77: this kernel or file system cannot.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYS_OPEN_TREE     428
#define SYS_MOVE_MOUNT    429
#define SYS_MOUNT_SETATTR 442
#define CANNOT            77

#define ATTR_IDMAP 0x00100000 /* MOUNT_ATTR_IDMAP */

/* struct mount_attr, which is in headers since Linux 5.12 */
struct attributes {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

static int fault(const char *what)
{
	(void)fprintf(stderr, "idmap: %s: %s\n", what, strerror(errno));
	return 1;
}

static int put_map(pid_t pid, const char *name)
{
	static const char map[] = "0 100000 65536";
	char path[64];
	int fd;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, map, sizeof(map) - 1);
	(void)close(fd);
	return n < 0 ? -1 : 0;
}

/* A user namespace with that map; its first process is gone when this returns. */
static int make_namespace(void)
{
	int ready[2];
	char path[64];
	char byte;
	pid_t pid;
	int fd = -1;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "1", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1 && put_map(pid, "uid_map") == 0 &&
	    put_map(pid, "gid_map") == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(ready[0]);
	return fd;
}

int main(int argc, char **argv)
{
	struct attributes attr = {.attr_set = ATTR_IDMAP};
	int userns;
	int tree;

	if (argc != 3)
		return fault("two folders are wanted");
	userns = make_namespace();
	if (userns < 0)
		return fault("make a user namespace");
	attr.userns_fd = (uint64_t)userns;
	tree = (int)syscall(SYS_OPEN_TREE, AT_FDCWD, argv[1], 1 /* clone */ | O_CLOEXEC);
	if (tree < 0)
		return fault(argv[1]);
	if (syscall(SYS_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
		(void)fault("map the ids");
		return CANNOT;
	}
	if (syscall(SYS_MOVE_MOUNT, tree, "", AT_FDCWD, argv[2], 4 /* empty source */) < 0)
		return fault(argv[2]);
	return 0;
}
