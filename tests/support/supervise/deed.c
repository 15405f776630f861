/* SPDX-License-Identifier: Apache-2.0 */
#include "deed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCHANGE 2u /* RENAME_EXCHANGE */

static const struct {
	const char *option;
	enum deed_kind kind;
	bool has_two;
} kinds[] = {
	{"--swap", DEED_SWAP, true},      {"--rename", DEED_RENAME, true},
	{"--umount", DEED_UMOUNT, false}, {"--bind", DEED_BIND, true},
	{"--do", DEED_SCRIPT, false},
};

bool deed_parse(const char *option, char *value, struct deed *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *second;

		if (strcmp(option, kinds[i].option) != 0)
			continue;
		*ret = (struct deed){.kind = kinds[i].kind, .a = value};
		if (!kinds[i].has_two)
			return true;
		second = strchr(value, ':');
		if (second == NULL)
			return false;
		*second = '\0';
		ret->b = second + 1;
		return true;
	}
	return false;
}

static int run_script(const char *script)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp("sh", "sh", "-euc", script, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

static int perform(const struct deed *deed, bool undo)
{
	const char *a = undo ? deed->b : deed->a;
	const char *b = undo ? deed->a : deed->b;

	switch (deed->kind) {
	case DEED_SWAP:
		return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE);
	case DEED_RENAME:
		return rename(a, b);
	case DEED_UMOUNT:
		return undo ? 0 : umount2(a, MNT_DETACH);
	case DEED_BIND:
		return undo ? umount2(deed->b, MNT_DETACH)
			    : mount(a, b, NULL, MS_BIND | MS_REC, NULL);
	case DEED_SCRIPT:
		return undo ? 0 : run_script(deed->a);
	}
	return -1;
}

static bool perform_in(pid_t pid, const struct deed *deed, bool undo)
{
	int status = -1;
	pid_t child;

	if (pid == 0)
		return perform(deed, undo) == 0;
	child = fork();
	if (child == 0) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
			_exit(125);
		_exit(perform(deed, undo) == 0 ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void deed_do(struct deed *deed, pid_t pid)
{
	deed->is_done = perform_in(pid, deed, false);
}

void deed_undo(struct deed *deed, pid_t pid)
{
	if (deed->is_done)
		(void)perform_in(pid, deed, true);
	deed->is_done = false;
}
