/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/landlock.h"

#include <errno.h>
#include <stdint.h>

#include "base/auto.h"
#include "sys/syscalls.h"

/* include/uapi/linux/landlock.h, by the version of the ABI that brought them */
enum landlock_access {
	LANDLOCK_EXECUTE = 1 << 0,
	LANDLOCK_WRITE_FILE = 1 << 1,
	LANDLOCK_REMOVE_DIR = 1 << 4,
	LANDLOCK_REMOVE_FILE = 1 << 5,
	LANDLOCK_MAKE_CHAR = 1 << 6,
	LANDLOCK_MAKE_DIR = 1 << 7,
	LANDLOCK_MAKE_REG = 1 << 8,
	LANDLOCK_MAKE_SOCK = 1 << 9,
	LANDLOCK_MAKE_FIFO = 1 << 10,
	LANDLOCK_MAKE_BLOCK = 1 << 11,
	LANDLOCK_MAKE_SYM = 1 << 12,
	LANDLOCK_REFER = 1 << 13,    /* 2; refused without being handled, too */
	LANDLOCK_TRUNCATE = 1 << 14, /* 3 */
};

#define LANDLOCK_ALLOWED                                                                           \
	(LANDLOCK_WRITE_FILE | LANDLOCK_REMOVE_DIR | LANDLOCK_REMOVE_FILE | LANDLOCK_MAKE_DIR |    \
	 LANDLOCK_MAKE_REG | LANDLOCK_MAKE_SYM | LANDLOCK_TRUNCATE)
#define LANDLOCK_FIRST                                                                             \
	(LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE | LANDLOCK_REMOVE_DIR | LANDLOCK_REMOVE_FILE |     \
	 LANDLOCK_MAKE_CHAR | LANDLOCK_MAKE_DIR | LANDLOCK_MAKE_REG | LANDLOCK_MAKE_SOCK |         \
	 LANDLOCK_MAKE_FIFO | LANDLOCK_MAKE_BLOCK | LANDLOCK_MAKE_SYM)

/* 1 with *ret, a ruleset without rules; 0: the kernel has no Landlock. */
static int landlock_make(uint64_t *handled, int *ret, struct err *err)
{
	struct syscalls_landlock_ruleset ruleset = {.handled_access_fs = *handled};
	int abi = syscalls_landlock_create_ruleset(NULL, 0, SYSCALLS_LANDLOCK_VERSION);

	/* the kernel never answers EPERM here: filters of engines do that know no Landlock */
	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
		return 0;
	if (abi < 0)
		return err_sys(err, errno, "ask for Landlock's version");
	ruleset.handled_access_fs &= abi >= 2 ? ~0u : ~(unsigned)LANDLOCK_REFER;
	ruleset.handled_access_fs &= abi >= 3 ? ~0u : ~(unsigned)LANDLOCK_TRUNCATE;
	*ret = syscalls_landlock_create_ruleset(&ruleset, sizeof(ruleset), 0);
	if (*ret < 0)
		return err_sys(err, errno, "make a Landlock ruleset");
	*handled = ruleset.handled_access_fs;
	return 1;
}

static int landlock_enforce(int fd, struct err *err)
{
	if (syscalls_landlock_restrict_self(fd) < 0)
		return err_sys(err, errno, "enforce a Landlock ruleset");
	return 1;
}

int landlock_write_beneath(const int *dirs, size_t n, struct err *err)
{
	uint64_t handled = LANDLOCK_FIRST | LANDLOCK_REFER | LANDLOCK_TRUNCATE;
	auto_fd fd = -1;
	int r = landlock_make(&handled, &fd, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct syscalls_landlock_beneath rule = {
			.allowed_access = LANDLOCK_ALLOWED & handled,
			.parent_fd = dirs[i],
		};

		if (syscalls_landlock_add_rule(fd, SYSCALLS_LANDLOCK_BENEATH, &rule) < 0)
			return err_sys(err, errno, "add a directory to a Landlock ruleset");
	}
	return landlock_enforce(fd, err);
}

int landlock_keep_apart(struct err *err)
{
	uint64_t handled = LANDLOCK_FIRST & ~(uint64_t)LANDLOCK_WRITE_FILE;
	auto_fd fd = -1;
	int r = landlock_make(&handled, &fd, err);

	return r <= 0 ? r : landlock_enforce(fd, err);
}
