/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One system call of a stopped process, in words: which of its arguments are paths and fds, and
 * whether one of them is of a root tree. Never changes the process.
 */
#ifndef SUPERVISE_CALL_H
#define SUPERVISE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/seccomp.h>

#define CALL_MAX_NAMES 2

/* A path with the directory that it starts from, or an fd alone. */
struct call_name {
	int fd;            /* AT_FDCWD, or -1 for none */
	char object[4096]; /* what the fd is, as the kernel names it; "" = none */
	char path[4096];   /* as given; "" = an fd alone */
	bool has_path;
};

struct call {
	char word[32]; /* the call's name */
	size_t n;
	struct call_name names[CALL_MAX_NAMES];
	bool in_root; /* one of them is of the root tree */
};

struct call_root {
	const char *path; /* absolute; NULL = none */
	dev_t dev;        /* of the file system that has nothing but the root tree; 0 = not so */
};

void call_read(const struct seccomp_notif *stop, const struct call_root *root, struct call *ret);
/** The line of a listing: WORD<TAB>root or -<TAB>NAMES */
void call_format(const struct call *call, char *ret, size_t size);

#endif
