/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls younger than glibc 2.31, by number: the numbers are the same on every architecture
 * since Linux 5.1. Structs and constants have names of their own, so that no C library or kernel
 * header can collide with them. Each wrapper is the bare call: -1 and errno.
 * Source: include/uapi/linux/{openat2,mount,landlock}.h, Linux 5.2 to 5.13.
 */
#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum syscalls_number {
	SYSCALLS_OPEN_TREE = 428,               /* Linux 5.2 */
	SYSCALLS_MOVE_MOUNT = 429,              /* 5.2 */
	SYSCALLS_FSOPEN = 430,                  /* 5.2 */
	SYSCALLS_FSCONFIG = 431,                /* 5.2 */
	SYSCALLS_FSMOUNT = 432,                 /* 5.2 */
	SYSCALLS_PIDFD_OPEN = 434,              /* 5.3 */
	SYSCALLS_CLOSE_RANGE = 436,             /* 5.9 */
	SYSCALLS_OPENAT2 = 437,                 /* 5.6 */
	SYSCALLS_MOUNT_SETATTR = 442,           /* 5.12 */
	SYSCALLS_LANDLOCK_CREATE_RULESET = 444, /* 5.13 */
	SYSCALLS_LANDLOCK_ADD_RULE = 445,       /* 5.13 */
	SYSCALLS_LANDLOCK_RESTRICT_SELF = 446,  /* 5.13 */
};

struct syscalls_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

struct syscalls_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

struct syscalls_landlock_ruleset {
	uint64_t handled_access_fs; /* later fields are optional */
};

struct syscalls_landlock_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* struct statx up to the field of Linux 5.8 that older headers lack */
struct syscalls_statx {
	uint32_t mask;
	uint8_t other[140];
	uint64_t mnt_id;
	uint8_t rest[104];
};

#define SYSCALLS_STATX_MNT_ID          0x1000u
#define SYSCALLS_RESOLVE_NO_XDEV       UINT64_C(0x01)
#define SYSCALLS_RESOLVE_NO_MAGICLINKS UINT64_C(0x02)
#define SYSCALLS_RESOLVE_NO_SYMLINKS   UINT64_C(0x04)
#define SYSCALLS_RESOLVE_BENEATH       UINT64_C(0x08)
#define SYSCALLS_RESOLVE_IN_ROOT       UINT64_C(0x10)

#define SYSCALLS_OPEN_TREE_CLONE     0x1u
#define SYSCALLS_OPEN_TREE_CLOEXEC   0x80000u /* O_CLOEXEC, but on alpha, parisc and sparc */
#define SYSCALLS_AT_EMPTY_PATH       0x1000u
#define SYSCALLS_MOVE_F_EMPTY_PATH   0x4u
#define SYSCALLS_MOVE_T_EMPTY_PATH   0x40u
#define SYSCALLS_FSOPEN_CLOEXEC      0x1u
#define SYSCALLS_FSMOUNT_CLOEXEC     0x1u
#define SYSCALLS_FSCONFIG_STRING     1u
#define SYSCALLS_FSCONFIG_CREATE     6u
#define SYSCALLS_ATTR_RDONLY         0x1u
#define SYSCALLS_ATTR_NOSUID         0x2u
#define SYSCALLS_ATTR_NODEV          0x4u
#define SYSCALLS_ATTR_NOEXEC         0x8u
#define SYSCALLS_CLOSE_RANGE_UNSHARE 0x2u
#define SYSCALLS_LANDLOCK_VERSION    0x1u
#define SYSCALLS_LANDLOCK_BENEATH    1

static inline int syscalls_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYSCALLS_OPEN_TREE, dirfd, path, flags);
}

static inline int syscalls_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				      unsigned flags)
{
	return (int)syscall(SYSCALLS_MOVE_MOUNT, from_fd, from, to_fd, to, flags);
}

static inline int syscalls_fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYSCALLS_FSOPEN, type, flags);
}

static inline int syscalls_fsconfig(int fd, unsigned command, const char *key, const void *value,
				    int aux)
{
	return (int)syscall(SYSCALLS_FSCONFIG, fd, command, key, value, aux);
}

static inline int syscalls_fsmount(int fd, unsigned flags, unsigned attributes)
{
	return (int)syscall(SYSCALLS_FSMOUNT, fd, flags, attributes);
}

static inline int syscalls_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYSCALLS_PIDFD_OPEN, pid, flags);
}

static inline int syscalls_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYSCALLS_CLOSE_RANGE, first, last, flags);
}

static inline int syscalls_openat2(int dirfd, const char *path, const struct syscalls_open_how *how)
{
	return (int)syscall(SYSCALLS_OPENAT2, dirfd, path, how, sizeof(*how));
}

static inline int syscalls_mount_setattr(int dirfd, const char *path, unsigned flags,
					 const struct syscalls_mount_attr *attr)
{
	return (int)syscall(SYSCALLS_MOUNT_SETATTR, dirfd, path, flags, attr, sizeof(*attr));
}

static inline int syscalls_landlock_create_ruleset(const struct syscalls_landlock_ruleset *ruleset,
						   size_t size, unsigned flags)
{
	return (int)syscall(SYSCALLS_LANDLOCK_CREATE_RULESET, ruleset, size, flags);
}

static inline int syscalls_landlock_add_rule(int ruleset, int type,
					     const struct syscalls_landlock_beneath *rule)
{
	return (int)syscall(SYSCALLS_LANDLOCK_ADD_RULE, ruleset, type, rule, 0u);
}

static inline int syscalls_landlock_restrict_self(int ruleset)
{
	return (int)syscall(SYSCALLS_LANDLOCK_RESTRICT_SELF, ruleset, 0u);
}

static inline int syscalls_statx(int dirfd, const char *path, unsigned flags, unsigned mask,
				 struct syscalls_statx *ret)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, ret);
}

#endif
