/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/procself.h"

#define NS_STAT_MAX 4096  /* bytes of /proc/PID/stat */
#define NS_MAP_MAX  65536 /* bytes of uid_map: 340 lines at most since Linux 4.15 */
#define NS_TRYS     3

void ns_process_done(struct ns_process *process)
{
	if (process->proc_fd > 0)
		(void)close(process->proc_fd);
	if (process->stat_fd > 0)
		(void)close(process->stat_fd);
	process->proc_fd = process->stat_fd = -1;
}

int ns_read(const struct ns_process *process, const char *name, size_t max, char **ret,
	    size_t *ret_len, struct err *err)
{
	auto_fd fd = openat(process->proc_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[64];

	(void)snprintf(text, sizeof(text), "/proc/%d/%s", (int)process->pid, name);
	if (fd < 0)
		return err_sys(err, errno, "open '%s'", text);
	return io_read_fd(fd, max, text, ret, ret_len, err);
}

static int ns_read_start_time(const struct ns_process *process, uint64_t *ret, struct err *err)
{
	char stat[NS_STAT_MAX];
	ssize_t n = pread(process->stat_fd, stat, sizeof(stat), 0);
	int rc;

	if (n < 0)
		return err_sys(err, errno, "read '/proc/%d/stat'", (int)process->pid);
	rc = procfs_start_time(stat, (size_t)n, ret);
	if (rc == -EINVAL)
		return err_set(err, EINVAL, "no start time in '/proc/%d/stat'", (int)process->pid);
	if (rc == -ESRCH)
		return err_set(err, ESRCH, "process %d has ended", (int)process->pid);
	return rc;
}

static int ns_inode(const struct ns_process *process, const char *name, uint64_t *ret,
		    struct err *err)
{
	struct stat st;

	if (fstatat(process->proc_fd, name, &st, 0) < 0)
		return err_sys(err, errno == ENOENT ? ESRCH : errno, "look at '/proc/%d/%s'",
			       (int)process->pid, name);
	*ret = st.st_ino;
	return 0;
}

static int ns_process_fill(struct ns_process *process, struct err *err)
{
	int rc;

	/* held, so that it can be checked later without a right to look at other processes */
	process->stat_fd = openat(process->proc_fd, "stat", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (process->stat_fd < 0 && (errno == ENOENT || errno == ESRCH))
		return err_set(err, ESRCH, "process %d has ended", (int)process->pid);
	if (process->stat_fd < 0)
		return err_sys(err, errno, "open '/proc/%d/stat'", (int)process->pid);
	rc = ns_read_start_time(process, &process->start_time, err);
	if (rc == 0)
		rc = ns_inode(process, "ns/mnt", &process->mnt_ino, err);
	if (rc == 0)
		rc = ns_inode(process, "ns/user", &process->user_ino, err);
	return rc;
}

int ns_process_open(pid_t pid, struct ns_process *ret, struct err *err)
{
	auto_done(ns_process) struct ns_process process = {
		.pid = pid, .proc_fd = -1, .stat_fd = -1};
	char name[16];
	int proc;
	int rc;

	if (pid <= 0)
		return err_set(err, EINVAL, "%d is not a process id", (int)pid);
	proc = procself_dir(err);
	if (proc < 0)
		return proc;
	(void)snprintf(name, sizeof(name), "%d", (int)pid);
	process.proc_fd = openat(proc, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (process.proc_fd < 0 && errno == ENOENT)
		return err_set(err, ESRCH, "there is no process %d", (int)pid);
	if (process.proc_fd < 0)
		return err_sys(err, errno, "open '/proc/%d'", (int)pid);
	rc = ns_process_fill(&process, err);
	if (rc < 0)
		return rc;
	*ret = process;
	process.proc_fd = process.stat_fd = -1;
	return 0;
}

int ns_process_check(const struct ns_process *process, struct err *err)
{
	uint64_t start = 0;
	int rc = ns_read_start_time(process, &start, err);

	if (rc < 0)
		return rc;
	if (start != process->start_time)
		return err_set(err, ESRCH, "process %d is another one now", (int)process->pid);
	return 0;
}

static bool ns_is_that(const char *name, uint64_t inode)
{
	int proc = procself_dir(NULL);
	struct stat st;

	return proc >= 0 && fstatat(proc, name, &st, 0) == 0 && st.st_ino == inode;
}

bool ns_same_user(const struct ns_process *process)
{
	return ns_is_that("self/ns/user", process->user_ino);
}

bool ns_owns_mount(const struct ns_process *process)
{
	auto_fd mount = openat(process->proc_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_fd owner = mount < 0 ? -1 : ioctl(mount, NS_GET_USERNS);
	struct stat st;

	if (owner < 0 || fstat(mount, &st) < 0 || st.st_ino != process->mnt_ino)
		return false;
	return fstat(owner, &st) == 0 && ns_is_that("self/ns/user", (uint64_t)st.st_ino);
}

bool ns_same_mount(const struct ns_process *process)
{
	return ns_is_that("self/ns/mnt", process->mnt_ino);
}

bool ns_is_machines_mount(const struct ns_process *process)
{
	return ns_is_that("1/ns/mnt", process->mnt_ino);
}

int ns_open_root(const struct ns_process *process, struct err *err)
{
	int fd = openat(process->proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ESRCH : errno, "open '/proc/%d/root'",
			       (int)process->pid);
	return fd;
}

int ns_open_own_mount(struct err *err)
{
	int proc = procself_dir(err);
	int fd;

	if (proc < 0)
		return proc;
	fd = openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open '/proc/self/ns/mnt'") : fd;
}

int ns_enter_mount(const struct ns_process *process, struct err *err)
{
	auto_fd fd = openat(process->proc_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = procself_prepare(err); /* afterwards "/proc" is somebody else's */

	if (rc < 0)
		return rc;
	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ESRCH : errno,
			       "open the mount namespace of process %d", (int)process->pid);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "stat the mount namespace of process %d",
			       (int)process->pid);
	if (st.st_ino != process->mnt_ino)
		return err_set(err, ESRCH, "process %d has changed its mount namespace",
			       (int)process->pid);
	if (setns(fd, CLONE_NEWNS) < 0)
		return err_sys(err, errno, "join the mount namespace of process %d",
			       (int)process->pid);
	return 0;
}

int ns_return_mount(int own, struct err *err)
{
	int rc = -1;

	/* sets the current directory too. Nobody can do without coming back: a moment without
	 * memory is waited for. */
	for (int i = 0; i < NS_TRYS && rc < 0; i++)
		rc = setns(own, CLONE_NEWNS);
	return rc < 0 ? err_sys(err, errno, "return to the own mount namespace") : 0;
}

static int ns_root_id(const struct ns_process *process, const char *name, uint32_t *ret,
		      struct err *err)
{
	auto_free char *map = NULL;
	size_t len = 0;
	int rc = ns_read(process, name, NS_MAP_MAX, &map, &len, err);

	if (rc < 0)
		return rc;
	rc = procfs_map_root(map, len, ret);
	if (rc == 0)
		return err_set(err, ENOENT, "no root is mapped in '/proc/%d/%s'", (int)process->pid,
			       name);
	if (rc < 0)
		return err_set(err, EINVAL, "no id map in '/proc/%d/%s'", (int)process->pid, name);
	return 0;
}

int ns_root_ids(const struct ns_process *process, uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	uint32_t uid = 0;
	uint32_t gid = 0;
	int rc = 0;

	/* a map read from inside its own namespace names the ids of the parent, which mean
	 * nothing here: root is 0 */
	if (!ns_same_user(process)) {
		rc = ns_root_id(process, "uid_map", &uid, err);
		if (rc == 0)
			rc = ns_root_id(process, "gid_map", &gid, err);
	}
	if (rc < 0)
		return rc;
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
