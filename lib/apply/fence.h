/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process may still do, phase by phase: capabilities, system calls, and where it may
 * write. Each phase has less than the one before; nothing comes back. Only for programs that asked
 * for it: a library does not confine its caller. lib/README.md has the table.
 */
#ifndef APPLY_FENCE_H
#define APPLY_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

enum fence_phase {
	FENCE_PREPARE, /* in the host's mount namespace */
	FENCE_INSIDE,  /* in the container's: mounts, placeholders, device rules */
	FENCE_FILES,   /* files of the image and of the state directory, no mounts */
	FENCE_BACK,    /* in the host's again: the record */
};

struct fence {
	bool on;
	bool programs;   /* ldconfig = "@...": children are made, in namespaces, and execute */
	bool child;      /* NVIDIA's library may be asked in phase prepare, by a child of its own */
	bool cgroups;    /* the settings let a cgroup be touched */
	bool bpf;        /* its device program will be replaced */
	bool was_inside; /* FENCE_INSIDE was entered by this fence */
	bool foreign;    /* in a mount namespace of another user namespace */
	const struct log *log;
};

/** Enters a phase, in the calling thread; does nothing unless on. After FENCE_INSIDE the caller
 * sets was_inside and foreign. A kernel without filters is told of at debug level, a build without
 * once at level info; whatever else the kernel refuses is an error. */
int fence_enter(const struct fence *fence, enum fence_phase phase, struct err *err);

/** In FENCE_PREPARE, when the driver's library is asked no more: takes back what child left open
 * for it. fence->child must be false in all phases that follow. */
int fence_end_child(const struct fence *fence, struct err *err);

/** Runs fn in FENCE_FILES, in a thread that may write beneath the n directories only where the
 *  kernel has Landlock; where the fence is off, and with programs, as it is. */
int fence_files(const struct fence *fence, const int *dirs, size_t n,
		int (*fn)(void *arg, struct err *err), void *arg, struct err *err);

const char *fence_phase_name(enum fence_phase phase);

/** For a caller who needs all its capabilities again: makes those ineffective, in the calling
 *  thread, that the reading and writing of files does not take; fence_raise() gives them back. */
int fence_lower(uint64_t *ret_before, struct err *err);
int fence_raise(uint64_t before, struct err *err);

#endif
