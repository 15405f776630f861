/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/jailmounts.h"
#include "sys/limits.h"
#include "sys/privs.h"
#include "sys/syscalls.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* pivot_root(2) wants the root of a mount. Runtimes make the rootfs one; a plain directory is bound
 * onto itself. The clone is entered by its fd: a name would lead below it. */
static int bind_on_itself(struct err *err)
{
	auto_fd tree = syscalls_open_tree(AT_FDCWD, ".",
					  SYSCALLS_OPEN_TREE_CLONE | SYSCALLS_OPEN_TREE_CLOEXEC |
						  AT_RECURSIVE);

	if (tree < 0 ||
	    syscalls_move_mount(tree, "", AT_FDCWD, ".", SYSCALLS_MOVE_F_EMPTY_PATH) < 0 ||
	    fchdir(tree) < 0)
		return err_sys(err, errno, "make the rootfs a mount of its own");
	return 0;
}

/* Linux before 5.2: bound over "/", which "/.." leads to. Doubt about where that was is an error.
 */
static int bind_on_root(int rootfd, struct err *err)
{
	struct stat root, here;

	if (mount(".", "/", NULL, MS_BIND | MS_REC, NULL) < 0 || chdir("/..") < 0 ||
	    fstat(rootfd, &root) < 0 || stat(".", &here) < 0)
		return err_sys(err, errno, "make the rootfs a mount of its own");
	if (root.st_dev != here.st_dev || root.st_ino != here.st_ino)
		return err_set(err, ESTALE, "the rootfs is not where it was mounted");
	return 0;
}

static int pivot(struct err *err)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		/* the old root now lies on top of the new one */
		if (umount2(".", MNT_DETACH) < 0)
			return err_sys(err, errno, "let go of the old root");
	} else {
		/* an initramfs as the root cannot be pivoted; ELOOP: there already */
		if ((mount(".", "/", NULL, MS_MOVE, NULL) < 0 && errno != ELOOP) || chroot(".") < 0)
			return err_sys(err, errno, "make the rootfs the root");
	}
	return chdir("/") < 0 ? err_sys(err, errno, "enter the rootfs") : 0;
}

int jail_enter(int rootfd, const char *writable, struct err *err)
{
	int r;

	/* cwd is carried over into the new namespace; an fd would stay in the old one */
	if (fchdir(rootfd) < 0)
		return err_sys(err, errno, "enter the rootfs");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, errno, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "make the mounts private");
	r = bind_on_itself(err);
	if (r == -ENOSYS)
		r = bind_on_root(rootfd, err);
	if (r == 0)
		r = pivot(err);
	if (r < 0)
		return r;
	/* before "/" is read-only: no difference to mount(2), but /proc may be a link into it */
	(void)mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return jailmounts_protect(writable, err);
}

int jail_limit(struct err *err)
{
	static const struct limits_entry limits[] = {
		{RLIMIT_CPU, 5, 10},
		/* not RLIMIT_AS: libraries of gigabytes are mapped to be looked at */
		{RLIMIT_DATA, 256ul << 20, 512ul << 20},
		{RLIMIT_FSIZE, 64ul << 20, 65ul << 20},
		{RLIMIT_NOFILE, 256, 512},
		{RLIMIT_CORE, 0, 0},
	};

	return limits_set(limits, sizeof(limits) / sizeof(limits[0]), err);
}

int jail_become(uid_t uid, gid_t gid, struct err *err)
{
	/* privs_drop_all() comes later, and takes CAP_SETPCAP for the bounding set */
	int r = privs_keep_caps(err);

	if (r < 0)
		return r;
	/* "deny" in /proc/self/setgroups: there are none to give up then */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(err, errno, "drop the supplementary groups");
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_sys(err, errno, "become user %u", (unsigned)uid);
	return 0;
}

int jail_exec(int fd, char *const argv[], struct err *err)
{
	static char *const env[] = {NULL};

	(void)syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
	return err_sys(err, errno, "execute '%s'", argv[0]);
}

int jail_exec_below(int rootfd, const char *path, char *const argv[], struct err *err)
{
	static char *const env[] = {NULL};

	if (fchdir(rootfd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(err, errno, "make the driver root the root");
	(void)execve(path, argv, env);
	return err_sys(err, errno, "execute '%s'", path);
}
