/* SPDX-License-Identifier: Apache-2.0 */
/* Each case in a child with a mount namespace of its own, all of whose mounts are changed. */
#include "sys/jailmounts.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "applyfiles.h"
#include "base/str.h"
#include "sys/kfeature.h"
#include "sys/mountflags.h"

#define ATIME (ST_NOATIME | ST_NODIRATIME | ST_RELATIME | ST_NOSYMFOLLOW)

enum { DONE, NO_MOUNTS, NO_PROTECTION, NOT_HARMLESS, WRITABLE, UNWRITABLE, CHANGED };

struct jail {
	char dir[64]; /* a tmpfs, with writable/ */
	unsigned long flags;
	bool old;  /* the kernel lacks mount_setattr(2) */
	bool user; /* in a user namespace, where flags are locked */
};

static unsigned long flags_of(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 ? 0 : fs.f_flag;
}

static int jail_main(const struct jail *jail)
{
	auto_free char *writable = str_format("%s/writable", jail->dir);
	const unsigned long harmless = ST_NODEV | ST_NOSUID | ST_NOEXEC;
	struct err err = {0};
	unsigned long before;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("test", jail->dir, "tmpfs", jail->flags, NULL) < 0 || mkdir(writable, 0755) < 0 ||
	    (jail->user && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0))
		return NO_MOUNTS;
	before = flags_of(jail->dir);
	if (jail->old)
		kfeature_missing(KFEATURE_MOUNT_SETATTR);
	if (jailmounts_protect(writable, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.msg);
		return NO_PROTECTION;
	}
	if ((flags_of(jail->dir) & harmless) != harmless ||
	    (flags_of(writable) & harmless) != harmless)
		return NOT_HARMLESS;
	if ((flags_of(jail->dir) & ST_RDONLY) == 0)
		return WRITABLE;
	if ((flags_of(writable) & ST_RDONLY) != 0)
		return UNWRITABLE;
	return (flags_of(jail->dir) & ATIME) == (before & ATIME) &&
			       (flags_of(writable) & ATIME) == (before & ATIME)
		       ? DONE
		       : CHANGED;
}

static void jailmounts_keep_what_else_a_mount_has(void **state)
{
	static const unsigned long flags[] = {
		0,
		MS_NOATIME,
		MS_STRICTATIME,
		MS_STRICTATIME | MS_NODIRATIME,
		MS_RELATIME | MS_NODIRATIME,
		MS_NOSYMFOLLOW,
		MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME,
	};

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	for (size_t i = 0; i < 4 * sizeof(flags) / sizeof(flags[0]); i++) {
		struct jail jail = {.dir = "/tmp/test_jailmounts.XXXXXX",
				    .flags = flags[i / 4],
				    .old = i % 2 == 0,
				    .user = i % 4 < 2};
		int status = 0;
		pid_t pid;

		assert_non_null(mkdtemp(jail.dir));
		pid = fork();
		must(pid);
		if (pid == 0)
			_exit(jail_main(&jail));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		must(rmdir(jail.dir));
		if (status != 0)
			fail_msg("flags %#lx, %s kernel, %s: %d", jail.flags,
				 jail.old ? "old" : "new", jail.user ? "user namespace" : "root",
				 WEXITSTATUS(status));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jailmounts_keep_what_else_a_mount_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
