/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command whose system calls, and those of all that it starts, stop until they are answered:
 * seccomp's user notification.
 */
#ifndef SUPERVISE_LISTENER_H
#define SUPERVISE_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/seccomp.h>

struct listener {
	int fd;
	pid_t pid; /* of the command */
};

/** Starts the command. 0, or -errno. */
int listener_start(struct listener *listener, char **command);
/** The next stop, for which must have been polled. 1 = there is one, 0 = it is gone already. */
int listener_take(const struct listener *listener, struct seccomp_notif *ret);
/** Lets the call be made. */
void listener_go_on(const struct listener *listener, const struct seccomp_notif *stop);
/** The call is not made and answers value, or, if code > 0, the error code. */
void listener_answer(const struct listener *listener, const struct seccomp_notif *stop, int code,
		     long value);
/** True as long as the stopped process is the one that was read from. */
bool listener_is_valid(const struct listener *listener, const struct seccomp_notif *stop);

#endif
