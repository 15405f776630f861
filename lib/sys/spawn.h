/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of our own that runs foreign code (sys/exile.h is its side): executed with nothing of
 * the caller's but a socket and a pipe, asked once, listened to within one deadline, and ended.
 */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct spawn_how {
	int program;      /* fd of it, O_PATH will do */
	const char *name; /* its name for itself, and for messages */
	int root;         /* directory that becomes EXILE_ROOT_FD; -1 = none */
	const void *said; /* waits in the socket when it starts: at most SPAWN_MAX_SAID bytes */
	size_t said_len;
	unsigned timeout_ms; /* for everything until spawn_done() */
};

#define SPAWN_MAX_SAID 65536u /* a socket takes more, whatever the machine's limits say */

#define SPAWN_HELD 4096

struct spawn {
	pid_t pid;        /* 0 = none */
	int socket;       /* owned */
	int tie;          /* owned: while it is open the program lives */
	int64_t deadline; /* ms of the monotonic clock */
	int status;       /* as waitpid(2), after spawn_end() */
	size_t from, to;  /* bytes of held that came and were not asked for yet */
	char held[SPAWN_HELD];
};

/** Starts the program with no environment, on /dev/null. The memory of *ret must be zeroed before;
 *  spawn_done() in any case. */
int spawn_start(const struct spawn_how *how, struct spawn *ret, struct err *err);

/** The next len bytes that it writes to the socket. -ETIMEDOUT at the deadline, -EPIPE if it ended
 *  before. */
int spawn_receive(struct spawn *spawn, void *ret, size_t len, struct err *err);

/** Kills the program unless it has ended, and waits for its end as long as a killed process may
 * take (one that waits for a driver may never come back, and is left to the machine then). True:
 * its end was seen, spawn->status is what it left. wait_ms: how long it may take to end by itself.
 */
bool spawn_end(struct spawn *spawn, unsigned wait_ms);
void spawn_done(struct spawn *spawn);

/** The positive errno with which the program could not even be executed, by its status; 0 = it was.
 */
int spawn_exec_error(int status);

#endif
