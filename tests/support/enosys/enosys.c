/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enosys PROFILE|call,call,... -- command arguments: runs the command, and all that it starts, with
 * those system calls answering ENOSYS. So the code for older kernels runs on any kernel.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/sysfilter.h"

#define ENOSYS_MAX_CALLS 64

/* Calls that came between Linux 4.9, L4T R32's, and 5.10, R35's. bpf(2) is older, but attaches
 * programs to cgroups since 4.10, and those for devices since 4.15; nothing here uses the rest. */
#define SINCE_4_10                                                                                 \
	"statx", "rseq", "io_pgetevents", "pidfd_send_signal", "io_uring_setup", "io_uring_enter", \
		"io_uring_register", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",   \
		"fspick", "pidfd_open", "clone3", "openat2", "pidfd_getfd", "faccessat2",          \
		"close_range", "process_madvise", "bpf"

/* And those after 5.10; libseccomp leaves out what is younger than itself. */
#define SINCE_5_11                                                                                 \
	"epoll_pwait2", "mount_setattr", "landlock_create_ruleset", "landlock_add_rule",           \
		"landlock_restrict_self", "quotactl_fd", "memfd_secret", "process_mrelease",       \
		"futex_waitv", "cachestat", "fchmodat2", "statmount", "listmount",                 \
		"lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "mseal",             \
		"open_tree_attr"

static const struct {
	const char *name;
	const char *calls[ENOSYS_MAX_CALLS];
} profiles[] = {
	{"r32", {SINCE_4_10, SINCE_5_11, NULL}},
	{"r35", {SINCE_5_11, NULL}},
	{"now", {NULL}},
};

static const char *const *find_profile(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return profiles[i].calls;
	return NULL;
}

/* Splits at commas in place. A name that nobody knows would make a test test nothing. */
static int split(char *list, const char **calls)
{
	size_t n = 0;
	char *rest = NULL;

	for (char *name = strtok_r(list, ",", &rest); name != NULL;
	     name = strtok_r(NULL, ",", &rest)) {
		if (n + 1 == ENOSYS_MAX_CALLS ||
		    seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			return -EINVAL;
		calls[n++] = name;
	}
	calls[n] = NULL;
	return 0;
}

int main(int argc, char **argv)
{
	const char *own[ENOSYS_MAX_CALLS];
	const char *const *calls;
	struct err err = {0};

	if (argc < 4 || strcmp(argv[2], "--") != 0) {
		(void)fprintf(stderr, "usage: enosys r32|r35|now|CALL,CALL,... -- COMMAND ...\n");
		return 2;
	}
	calls = find_profile(argv[1]);
	if (calls == NULL) {
		if (split(argv[1], own) < 0) {
			(void)fprintf(stderr, "enosys: too many calls, or an unknown one\n");
			return 2;
		}
		calls = own;
	}
	if (calls[0] != NULL && sysfilter_deny(calls, ENOSYS, &err) < 0) {
		(void)fprintf(stderr, "enosys: %s\n", err.msg);
		return 125;
	}
	(void)execvp(argv[3], argv + 3);
	(void)fprintf(stderr, "enosys: %s: %s\n", argv[3], strerror(errno));
	return 127;
}
