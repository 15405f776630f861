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

/* clone3 is not among them: no code of this project uses it, glibc and Go fall back by themselves,
 * and under an engine's own filter it answers ENOSYS anyway. */
static const struct {
	const char *name;
	const char *calls[ENOSYS_MAX_CALLS];
} profiles[] = {
	{"r32", /* L4T R32: Linux 4.9 */
	 {"openat2", "open_tree", "move_mount", "mount_setattr", "fsopen", "fsconfig", "fsmount",
	  "fspick", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "close_range", "faccessat2",
	  "statx", "rseq", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
	  NULL}},
	{"r35", /* L4T R35: Linux 5.10 */
	 {"mount_setattr", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
	  NULL}},
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
