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
	{{"ENOMEM", "EIO", "ENOSPC", "EMFILE", "EACCES", "EINTR", NULL}, " openat openat2 open "},
	{{"ENOMEM", "EIO", "EACCES", NULL},
	 " newfstatat fstatat64 fstat stat lstat statx readlinkat readlink faccessat faccessat2 "
	 "access "
	 "unlinkat unlink rmdir chdir name_to_handle_at chroot execve "},
	{{"ENOMEM", "EIO", "ENOSPC", "EACCES", NULL},
	 " mkdirat mkdir mknodat symlinkat linkat renameat renameat2 rename mount pivot_root "},
	{{"EIO", "ENOMEM", NULL}, " fchmod fchmodat fchown fchownat utimensat "},
	{{"EIO", "ENOSPC", "EACCES", NULL}, " fsetxattr setxattr lsetxattr "},
	{{"EIO", "EACCES", NULL}, " fgetxattr getxattr lgetxattr "},
	{{"EIO", "EINTR", NULL}, " read pread64 poll ppoll "},
	{{"EIO", "ENOSPC", "EINTR", NULL},
	 " write pwrite64 writev close fsync fdatasync fallocate ftruncate copy_file_range "
	 "sendfile "},
	{{"ENOMEM", "EIO", "EINTR", NULL}, " fstatfs "},
	{{"ENOMEM", "EIO", "EACCES", "EINTR", NULL}, " statfs "},
	{{"ENOMEM", "EIO", NULL}, " getdents64 ioctl "},
	{{"ENOMEM", "EMFILE", "EACCES", NULL}, " open_tree memfd_create socket open_by_handle_at "},
	{{"ENOMEM", "ENOSPC", "EACCES", NULL}, " move_mount bpf unshare landlock_add_rule "},
	{{"ENOMEM", "EACCES", NULL},
	 " mount_setattr umount2 seccomp prctl capset mmap landlock_restrict_self "},
	{{"ENOMEM", NULL},
	 " brk mprotect munmap mremap clone clone3 fork vfork timer_create sysinfo "
	 "setns fspick capget "},
	{{"ENOMEM", "EMFILE", NULL},
	 " pipe2 fsopen fsmount pidfd_open landlock_create_ruleset "
	 "signalfd4 timerfd_create eventfd2 "},
	{{"EMFILE", "EACCES", "EINTR", NULL}, " fcntl "},
	{{"EMFILE", "EINTR", NULL}, " dup dup2 dup3 "},
	{{"EINTR", NULL}, " getrandom wait4 waitid futex flock nanosleep clock_nanosleep "},
	{{"ENOMEM", "EIO", "EINTR", NULL}, " fsconfig "},
	{{"EMFILE", "ENOMEM", NULL}, " close_range "},
	{{"EACCES", NULL}, " prlimit64 setpriority "},
};

static const char *const none[] = {NULL};

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
	return none;
}
