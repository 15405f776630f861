/* SPDX-License-Identifier: Apache-2.0 */
/* A process takes a user namespace of its own. Include cmocka.h first. */
#ifndef UNIT_APPLYUSER_H
#define UNIT_APPLYUSER_H

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applyfiles.h"
#include "base/auto.h"
#include "base/str.h"

static inline void put_map(pid_t pid, const char *name, uid_t outside)
{
	auto_free char *path = str_format("/proc/%d/%s", (int)pid, name);
	auto_free char *text = str_format("0 %u 65536\n", outside);

	put(path, text);
}

/* The calling process becomes the root of one, which is user outside of it. */
static inline void become_user(uid_t user)
{
	pid_t self = getpid();
	pid_t helper;
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0 || (helper = fork()) < 0)
		_exit(1);
	if (helper == 0) {
		if (read(ready[0], &byte, 1) != 1)
			_exit(1);
		put_map(self, "uid_map", user);
		put_map(self, "gid_map", user);
		_exit(0);
	}
	if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "u", 1) != 1 ||
	    waitpid(helper, NULL, 0) != helper || setgid(0) < 0 || setuid(0) < 0)
		_exit(1);
}

#endif
