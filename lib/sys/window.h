/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file through one window that moves: header, dynamic table and names of most libraries take
 * three reads. Not a mapping: its page faults cost five times as much, and a file cut meanwhile
 * would be fatal.
 */
#ifndef SYS_WINDOW_H
#define SYS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_LEN    4096u /* bytes that are read at once */
#define WINDOW_BEFORE 1024u /* of them at most in front of what was asked for */

struct window {
	int fd; /* borrowed */
	uint64_t start;
	size_t len;
	int error; /* errno of a read that went wrong, not for the end of the file; 0 = none */
	char data[WINDOW_LEN]; /* not to be initialised: it would cost as much as a read */
};

/** An empty window. */
void window_init(struct window *window, int fd);

/** elfinfo_read_fn; arg is the window. */
bool window_read(void *arg, uint64_t offset, void *ret, size_t len);

#endif
