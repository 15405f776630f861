/* SPDX-License-Identifier: Apache-2.0 */
/* The calls by which test_fence.c tells what a phase of the fence refuses. */
#ifndef FENCEPROBES_H
#define FENCEPROBES_H

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/syscalls.h"

#define PHASES  4
#define BAD_FD  9999
#define OWN_NS  9998 /* stands for an fd of the caller's mount namespace */
#define NOWHERE "/nowhere/at/all"

/* A call that does nothing where it is let through, also by a kernel that asks for capabilities
 * after it has looked at the arguments. */
struct probe {
	const char *name;
	long number;
	long args[4];
	bool sanitizer;          /* let through in such a build */
	bool phases[PHASES + 1]; /* refused in prepare, inside, files, back */
};

static const struct probe probes[] = {
	{"socket", SYS_socket, {AF_UNIX, -1}, false, {1, 1, 1, 1}},
	{"execve", SYS_execve, {(long)NOWHERE}, false, {1, 1, 1, 1}},
	{"execveat", SYS_execveat, {BAD_FD, (long)""}, false, {1, 1, 1, 1}},
	{"ptrace", SYS_ptrace, {PTRACE_CONT, 0}, true, {1, 1, 1, 1}},
	{"process_vm_readv", SYS_process_vm_readv, {-1, 0, 0, 0}, false, {1, 1, 1, 1}},
	{"keyctl", SYS_keyctl, {-1}, false, {1, 1, 1, 1}},
	{"init_module", SYS_init_module, {0}, false, {1, 1, 1, 1}},
	{"kexec_load", SYS_kexec_load, {0, -1}, false, {1, 1, 1, 1}},
	{"perf_event_open", SYS_perf_event_open, {0}, false, {1, 1, 1, 1}},
	{"open_by_handle_at", SYS_open_by_handle_at, {BAD_FD, 0}, false, {1, 1, 1, 1}},
	{"mknodat", SYS_mknodat, {BAD_FD, (long)"x"}, false, {1, 1, 1, 1}},
	{"chroot", SYS_chroot, {(long)NOWHERE}, true, {1, 1, 1, 1}},
	{"pivot_root", SYS_pivot_root, {(long)NOWHERE, (long)NOWHERE}, true, {1, 1, 1, 1}},
	{"clone", SYS_clone, {CLONE_THREAD}, true, {0, 0, 0, 0}}, /* EINVAL: without CLONE_VM */
	{"fork by clone", SYS_clone, {CLONE_SIGHAND}, true, {1, 1, 1, 1}},
	{"unshare user", SYS_unshare, {CLONE_NEWUSER | 1}, true, {1, 1, 1, 1}},
	{"setresuid", SYS_setresuid, {-1, -1, -1}, true, {1, 1, 1, 1}},
	{"kill", SYS_kill, {-0x7fffffff, 0}, true, {1, 1, 1, 1}}, /* ESRCH: no such group */
	{"tgkill", SYS_tgkill, {0x7fffffff, 0x7fffffff, 0}, true, {1, 1, 1, 1}},
	{"tkill", SYS_tkill, {0x7fffffff, 0}, true, {1, 1, 1, 1}},
	{"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {0x7fffffff, 0, 0}, true, {1, 1, 1, 1}},
	{"prlimit64", SYS_prlimit64, {0x7fffffff, 0, 0, 0}, true, {1, 1, 1, 1}},
	{"prlimit64 own", SYS_prlimit64, {0, 0, 0, 0}, true, {0, 0, 0, 0}},
	{"setns", SYS_setns, {OWN_NS, CLONE_NEWNS}, false, {0, 0, 1, 1}},
	{"setns net", SYS_setns, {BAD_FD, CLONE_NEWNET}, false, {1, 1, 1, 1}},
	{"bpf", SYS_bpf, {-1}, false, {0, 1, 1, 1}},
	{"mount", SYS_mount, {0, (long)"/"}, false, {0, 0, 1, 1}}, /* EINVAL: of no type */
	{"umount2", SYS_umount2, {(long)"/", MNT_FORCE | MNT_EXPIRE}, false, {0, 0, 1, 1}},
	{"move_mount", SYSCALLS_MOVE_MOUNT, {BAD_FD, 0, BAD_FD}, false, {0, 0, 1, 1}},
	{"open_tree",
	 SYSCALLS_OPEN_TREE,
	 {BAD_FD, (long)"", SYSCALLS_OPEN_TREE_CLONE},
	 false,
	 {0, 0, 1, 1}},
	{"fsopen", SYSCALLS_FSOPEN, {(long)"no such"}, false, {0, 0, 1, 1}},
	{"openat", SYS_openat, {BAD_FD, (long)"x"}, false, {0, 0, 0, 0}},
	{"renameat", SYS_renameat2, {BAD_FD, (long)"x", BAD_FD, (long)"y"}, false, {0, 0, 0, 0}},
};

#define N_PROBES (sizeof(probes) / sizeof(probes[0]))

static bool is_refused(const struct probe *probe, int own_ns)
{
	const long *a = probe->args;
	long first = a[0] == OWN_NS ? own_ns : a[0];

	return syscall(probe->number, first, a[1], a[2], a[3], 0L, 0L) < 0 && errno == EPERM;
}

static size_t probe_of(const char *name)
{
	for (size_t i = 0; i < N_PROBES; i++) {
		if (strcmp(probes[i].name, name) == 0)
			return i;
	}
	abort();
}

/* Where the kernel does not tell whose a mount namespace is, mounts are refused by one filter more:
 * programs of 32 bits on a kernel of 64, before Linux 6.14. */
static inline int probe_one_more(void)
{
	auto_fd mount = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_fd owner = ioctl(mount, NS_GET_USERNS);

	return owner < 0 ? 1 : 0;
}

#endif
