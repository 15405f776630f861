/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/exile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sys/landlock.h"
#include "sys/limits.h"
#include "sys/privs.h"
#include "sys/sysfilter.h"

#define EXILE_FIRST_FD (EXILE_ROOT_FD + 1)
#define EXILE_ORPHANED 3 /* exit code of one whose parent has gone */
#define EXILE_MEMORY   ((rlim_t)4 << 30)
#define EXILE_FILES    1024
#define ALL_BITS       UINT32_MAX
#define TMPFILE_BIT    (O_TMPFILE & ~O_DIRECTORY)
#define NAME_OF_MEMORY 0x53564d41 /* PR_SET_VMA */

/* A sanitizer maps terabytes, and says so in files. */
#if defined(__SANITIZE_ADDRESS__)
#define EXILE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EXILE_SANITIZED 1
#endif
#endif

/* What dlopen(3), threads, clocks and the talk with device nodes take: seen with strace on glibc
 * 2.31 to 2.41 and read in musl's sources; with both names where architectures differ. Whatever is
 * not here gives ENOSYS: processes, programs, sockets, mounts, signals for others, changes in
 * directories. */
static const char *const allowed[] = {
	"mmap", "mmap2", "mprotect", "mremap", "munmap", "madvise", "mincore", "mlock", "munlock",
	"brk", "membarrier", "mbind", "get_mempolicy", "set_mempolicy", "arch_prctl", "set_tls",
	"set_thread_area", "futex", "futex_time64", "set_tid_address", "set_robust_list", "rseq",
	"sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam",
	"sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "getpriority",
	"exit", "exit_group", "restart_syscall", "getrandom", "uname", "sysinfo", "getcpu",
	"getpid", "getppid", "gettid", "getpgrp", "getuid", "getuid32", "geteuid", "geteuid32",
	"getgid", "getgid32", "getegid", "getegid32", "getgroups", "getgroups32", "getresuid",
	"getresuid32", "getresgid", "getresgid32", "capget", "getrlimit", "ugetrlimit", "getrusage",
	"times", "time", "gettimeofday", "clock_gettime", "clock_gettime64", "clock_getres",
	"clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack",
	/* reading, and nodes */
	"access", "faccessat", "faccessat2", "stat", "stat64", "lstat", "lstat64", "fstat",
	"fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64",
	"readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "close",
	"close_range", "dup", "dup2", "dup3", "fcntl", "fcntl64", "ioctl", "read", "readv",
	"pread64", "preadv", "lseek", "_llseek", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
	"write", "writev", "pwrite64", "flock", "pipe", "pipe2", "eventfd", "eventfd2", "poll",
	"ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", NULL};

#define PRCTL(option)                                                                              \
	{                                                                                          \
		"prctl", 0, ALL_BITS, option                                                       \
	}

/* First the parent's tie to this process, then the names of threads and memory. */
static const struct sysfilter_rule conditions[] = {
	{"clone", 0, CLONE_THREAD, CLONE_THREAD},
	{"open", 1, O_CREAT | O_TRUNC | TMPFILE_BIT, 0},
	{"openat", 2, O_CREAT | O_TRUNC | TMPFILE_BIT, 0},
	PRCTL(PR_SET_NAME),
	PRCTL(PR_GET_NAME),
	PRCTL(NAME_OF_MEMORY),
};

#define N_CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static int exile_filter(struct err *err)
{
	struct sysfilter_rule rules[N_CONDITIONS + 4] = {{.name = NULL}};

	if (!sysfilter_built())
		return 0;
	for (size_t i = 0; i < N_CONDITIONS; i++)
		rules[i] = conditions[i];
	/* abort(3) and raise(3) of glibc and of musl; and limits of this process may be asked for
	 */
	rules[N_CONDITIONS] = (struct sysfilter_rule){"tgkill", 0, ALL_BITS, (uint32_t)getpid()};
	rules[N_CONDITIONS + 1] = (struct sysfilter_rule){"tkill", 0, ALL_BITS, (uint32_t)getpid()};
	rules[N_CONDITIONS + 2] = (struct sysfilter_rule){"prlimit64", 2, ALL_BITS, 0};
	return sysfilter_allow_when(allowed, rules, err);
}

int exile_start(const char *name, struct err *err)
{
	(void)prctl(PR_SET_NAME, name, 0L, 0L, 0L);
	return privs_clean_child(EXILE_FIRST_FD, err);
}

static int exile_change_root(const struct exile *how, struct err *err)
{
	if (how->change_root && (fchdir(EXILE_ROOT_FD) < 0 || chroot(".") < 0 || chdir("/") < 0))
		return err_sys(err, errno, "make the driver root the root");
	(void)close(EXILE_ROOT_FD);
	return 0;
}

static int exile_change_user(const struct exile *how, struct err *err)
{
	if (!how->change_user)
		return 0;
	/* "deny" in /proc/self/setgroups: there are none to give up then */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(err, errno, "drop the supplementary groups");
	if (setresgid(how->gid, how->gid, how->gid) == 0 &&
	    setresuid(how->uid, how->uid, how->uid) == 0)
		return 0;
	/* a user namespace in which these ids are nobody's: there root is no more than its user */
	if (!how->must_change && (errno == EINVAL || errno == EPERM))
		return 0;
	return err_sys(err, errno, "become user %u and group %u", (unsigned)how->uid,
		       (unsigned)how->gid);
}

static int exile_limit(const struct exile *how, struct err *err)
{
	/* Not RLIMIT_AS: CUDA reserves address space by the terabyte. Not RLIMIT_NPROC: it counts
	 * what else its user runs; the filter knows threads from processes. */
	const struct limits_entry limits[] = {
		{RLIMIT_CPU, how->seconds, how->seconds + 1},
		{RLIMIT_NOFILE, EXILE_FILES, EXILE_FILES},
		{RLIMIT_FSIZE, 0, 0},
		{RLIMIT_CORE, 0, 0},
#ifndef EXILE_SANITIZED
		{RLIMIT_DATA, EXILE_MEMORY, EXILE_MEMORY},
#endif
	};

	(void)signal(SIGXFSZ, SIG_IGN); /* an error for who writes, not the end */
	return limits_set(limits, sizeof(limits) / sizeof(limits[0]), err);
}

static void *exile_watch(void *arg)
{
	struct pollfd tie = {.fd = EXILE_TIE_FD};

	(void)arg;
	while (poll(&tie, 1, -1) < 0 && errno == EINTR)
		;
	_exit(EXILE_ORPHANED);
}

/* The kernel's own tie ends with a change of user, and with the thread that started us; a pipe ends
 * with the parent only. */
static int exile_tie(struct err *err)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r == 0)
		r = pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN * 4);
	if (r == 0)
		r = pthread_create(&thread, &attr, exile_watch, NULL);
	if (r == 0)
		r = pthread_detach(thread);
	return r != 0 ? err_sys(err, r, "watch the parent") : 0;
}

int exile_enter(const struct exile *how, struct err *err)
{
	int r = exile_change_root(how, err);

	/* dropping from the bounding set takes a capability that a change of user may take */
	if (r == 0)
		r = privs_seal(err);
	if (r == 0)
		r = exile_change_user(how, err);
	if (r == 0)
		r = privs_limit(0, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0 ||
	    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0)
		return err_sys(err, errno, "tie the process to its parent");
	r = exile_limit(how, err);
	/* nobody is who else runs, too: where there is a /proc their memory would be open */
	if (r == 0)
		r = landlock_keep_apart(err);
	if (r >= 0)
		r = exile_filter(err);
	return r < 0 ? r : exile_tie(err);
}
