/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hook at a time for one rootfs folder. Containers may share a folder (runc's bundles, podman
 * --rootfs), and what one of them finds there another may be about to make, or to take away from
 * under its mounts. Hooks of different folders never wait for each other.
 *
 * The lock is a file in the state directory, where no container can hold it, named after the folder
 * and removed by whoever had it last, or swept when he was killed.
 */
#ifndef APPLY_TURN_H
#define APPLY_TURN_H

#include "base/log.h"

#define TURN_DEADLINE_MS 20000u /* then two at a time are the lesser evil */
#define TURN_NAME_SIZE   32u
#define TURN_KEEP_S      3600 /* age of a file that nobody holds: its owner was killed */

struct turn {
	int state_dir; /* of its own; -1 = not taken */
	int fd;
	char name[TURN_NAME_SIZE];
	const struct log *log; /* borrowed: of whoever took it */
};

#define TURN_NONE ((struct turn){.state_dir = -1, .fd = -1})

/** Waits for the turn at the folder that goes by that path: numbers would be other ones when what a
 *  killed owner left is to be found again. A turn
 * that cannot be had is a warning, and *turn stays what it was. */
void turn_take(struct turn *turn, int state_dir, const char *rootfs, const struct log *log);
/** Accepts TURN_NONE, and leaves it. A file that cannot be removed is a warning; turn_sweep() has
 * it. */
void turn_done(struct turn *turn);
/** Removes that entry of the state directory if it is what a killed owner left, long ago: the
 * folder may never have another one. */
void turn_sweep(int state_dir, const char *name);

#endif
