/* SPDX-License-Identifier: Apache-2.0 */
#include "errnos.h"

#include <stddef.h>
#include <string.h>

#define MAX_CODES 7

struct group {
	const char *codes[MAX_CODES];
	const char *calls; /* between blanks */
};

static const struct group groups[] = {
	{{"ENOMEM", "EIO", "ENOSPC", "EMFILE", "EACCES", "EINTR", NULL},
	 " openat openat2 open creat "},
	{{"ENOMEM", "EIO", "EACCES", NULL},
	 " newfstatat fstatat64 fstat stat lstat statx readlinkat readlink faccessat faccessat2 "
	 "access unlinkat unlink rmdir chdir name_to_handle_at chroot "},
	{{"ENOMEM", "EIO", "EMFILE", "EACCES", NULL}, " execve execveat "},
	{{"ENOMEM", "EIO", "ENOSPC", "EACCES", NULL},
	 " mkdirat mkdir mknodat symlinkat symlink linkat link renameat renameat2 rename mount "
	 "pivot_root "},
	{{"ENOMEM", "EIO", "EACCES", NULL},
	 " chmod fchmodat fchmodat2 chown lchown fchownat utimensat utime utimes "},
	{{"ENOMEM", "EIO", NULL}, " fchmod fchown "},
	{{"EIO", "EACCES", NULL}, " fchdir "},
	/* as for stat(2), and for the value */
	{{"ENOMEM", "EIO", "ENOSPC", "EACCES", NULL},
	 " fsetxattr setxattr lsetxattr fremovexattr removexattr lremovexattr "},
	{{"ENOMEM", "EIO", "EACCES", NULL},
	 " fgetxattr getxattr lgetxattr flistxattr listxattr llistxattr "},
	/* files of the kernel's are made when they are read, and take a copy of what is written */
	{{"ENOMEM", "EIO", "EINTR", NULL}, " read pread64 readv preadv "},
	{{"ENOMEM", "EIO", "ENOSPC", "EINTR", NULL},
	 " write pwrite64 writev pwritev copy_file_range sendfile "},
	{{"EIO", "ENOSPC", "EINTR", NULL}, " close fsync fdatasync fallocate ftruncate "},
	{{"ENOMEM", "EIO", "EINTR", NULL}, " fstatfs fsconfig "},
	{{"ENOMEM", "EIO", "EACCES", "EINTR", NULL}, " statfs "},
	{{"ENOMEM", "EIO", NULL}, " getdents64 ioctl "},
	{{"ENOMEM", "EIO", "EACCES", NULL}, " madvise "},
	{{"ENOMEM", "EMFILE", "EACCES", NULL}, " open_tree memfd_create socket open_by_handle_at "},
	{{"ENOMEM", "ENOSPC", "EACCES", NULL}, " move_mount unshare landlock_add_rule "},
	{{"ENOMEM", "ENOSPC", "EMFILE", "EACCES", NULL}, " bpf "},
	{{"ENOMEM", "EACCES", NULL},
	 " mount_setattr umount2 seccomp prctl capset mmap landlock_restrict_self getcwd "},
	/* set*id: for the new credentials */
	{{"ENOMEM", NULL},
	 " brk mprotect munmap mremap clone clone3 fork vfork timer_create setns fspick capget "
	 "sigaltstack setgroups setuid setgid setreuid setregid setresuid setresgid "
	 "sched_setaffinity "},
	{{"ENOMEM", "EMFILE", NULL},
	 " pipe2 fsopen fsmount pidfd_open landlock_create_ruleset signalfd4 timerfd_create "
	 "eventfd2 close_range "},
	{{"EMFILE", "EACCES", "EINTR", NULL}, " fcntl "},
	{{"EMFILE", "EINTR", NULL}, " dup dup2 dup3 "},
	{{"ENOMEM", "EINTR", NULL}, " poll ppoll "},
	{{"EINTR", NULL},
	 " getrandom wait4 waitid futex flock nanosleep clock_nanosleep rt_sigsuspend "
	 "rt_sigtimedwait pause "},
	{{"EACCES", NULL}, " prlimit64 setpriority setpgid "},
	/* what always succeeds, or fails only by its arguments (EBADF, EFAULT, EINVAL, EPERM,
	   ESRCH) */
	{{NULL},
	 " alarm arch_prctl clock_getres clock_gettime getegid geteuid getgid getgroups getpgid "
	 "getpgrp getpid getppid getpriority getresgid getresuid getrlimit getsid gettid "
	 "gettimeofday getuid kill lseek membarrier rseq rt_sigaction rt_sigpending "
	 "rt_sigprocmask sched_getaffinity sched_yield set_robust_list set_tid_address setfsgid "
	 "setfsuid setrlimit setsid sysinfo tgkill timer_delete timer_settime timerfd_settime "
	 "umask uname "},
};

const char *const *errnos_of(const char *call)
{
	size_t len = strlen(call);

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const char *at = groups[i].calls;

		while ((at = strstr(at, call)) != NULL) {
			if (at[-1] == ' ' && at[len] == ' ')
				return groups[i].codes;
			at += len;
		}
	}
	return NULL;
}
