/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's own procfs, for what can be said only by a name: /proc/self/fd/N. Opened once,
 * before a foreign mount namespace is joined, and checked each time it is used: by the inode of its
 * root and the number of its file system, which was seen to have procfs' magic.
 */
#ifndef SYS_PROCSELF_H
#define SYS_PROCSELF_H

#include <stddef.h>

#include "base/err.h"

#define PROCSELF_NAME_MAX 32 /* bytes of "self/fd/N" with NUL */

/** Makes sure that procfs is open; to be called before setns(2). -EPERM: /proc is not procfs. */
int procself_prepare(struct err *err);

/** O_PATH fd of the procfs root. It stays the module's: not to be closed. */
int procself_dir(struct err *err);

/** A new one, the caller's. */
int procself_open(struct err *err);

/** Writes "self/fd/N", relative to procself_dir(). */
void procself_name(int fd, char ret[PROCSELF_NAME_MAX]);

/** Where the kernel says that the object of fd lies, seen from the caller's root; proc:
 *  procself_dir() or another procfs root. Negative with errno; ENAMETOOLONG: longer than size. */
int procself_path(int proc, int fd, char *ret, size_t size);

/* While it lives "self/fd/N" is a name from the current directory: mount(2) and umount2(2) take no
 * directory fd. The working directory is put back at the end of scope. */
struct procself_visit {
	int cwd; /* to return to; owned */
};

int procself_visit_start(struct procself_visit *ret, struct err *err);
void procself_visit_done(struct procself_visit *visit);

/** Opens again what the O_PATH fd stands for, with flags as open(2). -errno. */
int procself_reopen(int fd, int flags);

#endif
