/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sysfilter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#include "sys/privs.h"

bool sysfilter_built(void)
{
	return true;
}

static void sysfilter_release(scmp_filter_ctx *context)
{
	if (*context != NULL)
		seccomp_release(*context);
}

#define auto_filter __attribute__((cleanup(sysfilter_release))) scmp_filter_ctx

/* libseccomp's negative errno: EFAULT and ECANCELED stand for what the kernel refused. */
static int sysfilter_error(struct err *err, int rc, const char *what)
{
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EOPNOTSUPP)
		return err_set(err, ENOSYS, "%s: the kernel has no such filters", what);
	return err_sys(err, -rc, "%s", what);
}

/* cmp NULL: whatever its arguments are. */
static int sysfilter_add_call(scmp_filter_ctx context, const char *name, uint32_t action,
			      const struct scmp_arg_cmp *cmp, struct err *err)
{
	int number = seccomp_syscall_resolve_name(name);
	int rc;

	if (number == __NR_SCMP_ERROR)
		return 0; /* younger than the library */
	rc = seccomp_rule_add_array(context, action, number, cmp != NULL, cmp);
	/* negative numbers are calls of other architectures: nothing to do here */
	return rc < 0 && number >= 0 ? err_sys(err, -rc, "add '%s' to a system call filter", name)
				     : 0;
}

static int sysfilter_add(scmp_filter_ctx context, const char *const *names, uint32_t action,
			 struct err *err)
{
	int rc = 0;

	for (; rc == 0 && *names != NULL; names++)
		rc = sysfilter_add_call(context, *names, action, NULL, err);
	return rc;
}

/* Lets the calls named through and answers ENOSYS to all others. */
static int sysfilter_only(scmp_filter_ctx *ret, const char *const *names, struct err *err)
{
	*ret = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (*ret == NULL)
		return err_set(err, ENOMEM, "make a system call filter");
	/* calls by another architecture's numbers would pass unseen */
	(void)seccomp_attr_set(*ret, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL);
	return sysfilter_add(*ret, names, SCMP_ACT_ALLOW, err);
}

static int sysfilter_load(scmp_filter_ctx context, bool new_privs, struct err *err)
{
	int rc = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, new_privs ? 0 : 1);

	if (rc == 0)
		rc = seccomp_load(context);
	return rc < 0 ? sysfilter_error(err, rc, "load a system call filter") : 0;
}

int sysfilter_allow_but(const char *const *names, const char *const *done, struct err *err)
{
	auto_filter context = NULL;
	int rc = sysfilter_only(&context, names, err);

	if (rc == 0 && done != NULL) /* an error number of 0: the call returns 0 */
		rc = sysfilter_add(context, done, SCMP_ACT_ERRNO(0), err);
	return rc < 0 ? rc : sysfilter_load(context, false, err);
}

int sysfilter_allow_when(const char *const *names, const struct sysfilter_rule *rules,
			 struct err *err)
{
	auto_filter context = NULL;
	int rc = sysfilter_only(&context, names, err);

	for (; rc == 0 && rules->name != NULL; rules++) {
		const struct scmp_arg_cmp cmp =
			SCMP_CMP64(rules->argument, SCMP_CMP_MASKED_EQ, rules->mask, rules->want);

		rc = sysfilter_add_call(context, rules->name, SCMP_ACT_ALLOW, &cmp, err);
	}
	return rc < 0 ? rc : sysfilter_load(context, false, err);
}

int sysfilter_allow(const char *const *names, struct err *err)
{
	return sysfilter_allow_but(names, NULL, err);
}

int sysfilter_deny(const char *const *names, int code, struct err *err)
{
	auto_filter context = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (context == NULL)
		return err_set(err, ENOMEM, "make a system call filter");
	(void)seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	rc = sysfilter_add(context, names, SCMP_ACT_ERRNO((uint32_t)code & 0xffff), err);
	return rc < 0 ? rc : sysfilter_load(context, privs_can_mount(), err);
}

/* Seen with strace on glibc 2.31, 2.36 and 2.41 and read in their sources and musl's; both names of
 * a call where architectures differ (arm64 has no open, rename, mkdir...). Nothing that makes
 * sockets, processes, mounts or namespaces. */
const char *const sysfilter_ldconfig[] = {
	/* start of a static-pie program; the filter is set before the exec */
	"execve",
	"execveat",
	"arch_prctl",
	"set_tls",
	"brk",
	"mmap",
	"mmap2",
	"mprotect",
	"mremap",
	"munmap",
	"madvise",
	"set_tid_address",
	"set_robust_list",
	"rseq",
	"prlimit64",
	"ugetrlimit",
	"getrlimit",
	"getrandom",
	"uname",
	"futex",
	"futex_time64",
	"sched_yield",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"restart_syscall",
	"getpid",
	"gettid",
	"tgkill",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"time",
	"gettimeofday",
	"exit",
	"exit_group",
	/* reading the libraries */
	"access",
	"faccessat",
	"faccessat2",
	"open",
	"openat",
	"openat2",
	"close",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fcntl64",
	"ioctl",
	"read",
	"readv",
	"pread64",
	"preadv",
	"lseek",
	"_llseek",
	"fadvise64",
	"fadvise64_64",
	"arm_fadvise64_64",
	"getdents",
	"getdents64",
	"readlink",
	"readlinkat",
	"getcwd",
	"chdir",
	"fchdir",
	"chroot",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"fstat",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	/* writing the cache and the links */
	"write",
	"writev",
	"pwrite64",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"copy_file_range",
	"sendfile",
	"sendfile64",
	"umask",
	"chmod",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"fchown",
	"fchown32",
	"fchownat",
	"utimensat",
	"utimensat_time64",
	"rename",
	"renameat",
	"renameat2",
	"unlink",
	"unlinkat",
	"symlink",
	"symlinkat",
	"mkdir",
	"mkdirat",
	NULL,
};

const char *const sysfilter_sync[] = {"fsync", "fdatasync", "sync_file_range", NULL};
