/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to files and mounts while a process is stopped, and undone at its next stop.
 */
#ifndef SUPERVISE_DEED_H
#define SUPERVISE_DEED_H

#include <stdbool.h>
#include <sys/types.h>

enum deed_kind {
	DEED_SWAP,   /* a and b exchange their names */
	DEED_RENAME, /* a gets the name b */
	DEED_UMOUNT, /* what is mounted on a */
	DEED_BIND,   /* a is mounted on b */
	DEED_SCRIPT, /* a, for sh; never undone */
};

struct deed {
	enum deed_kind kind;
	const char *a;
	const char *b;
	bool is_done;
};

/** True if there is an option of that name; *ret then has the deed. value is cut at its ':'. */
bool deed_parse(const char *option, char *value, struct deed *ret);
/** pid: of the process in whose mount namespace it is done, 0 = the caller's. Exits where that
 *  cannot be joined; a deed that fails is silently left out, since what it needs may be gone. */
void deed_do(struct deed *deed, pid_t pid);
void deed_undo(struct deed *deed, pid_t pid);

#endif
