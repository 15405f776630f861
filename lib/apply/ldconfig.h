/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's ldconfig, run on an image: from a sealed copy, in namespaces of its own, with the
 * image as its whole file system, without capabilities, under a system call filter. The image's own
 * ldconfig is never executed.
 */
#ifndef APPLY_LDCONFIG_H
#define APPLY_LDCONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"

#define LDCONFIG_MAX_BYTES (32u * 1024 * 1024) /* of the program */
#define LDCONFIG_DEADLINE  10000u              /* milliseconds */

struct ldconfig {
	int program;      /* sealed copy; owned; -1 = none */
	uint16_t machine; /* EM_* of it: it understands libraries of this machine */
};

/** Takes the host's ldconfig; setting as in config.toml ("@/sbin/ldconfig"). To be called in the
 *  host's mount namespace. 1 = there, 0 = the host has none. */
int ldconfig_open(const char *setting, const struct log *log, struct ldconfig *ret,
		  struct err *err);
void ldconfig_done(struct ldconfig *ldconfig);

struct ldconfig_job {
	int rootfd;  /* of the image, in the current mount namespace */
	bool become; /* run as uid and gid */
	uid_t uid;   /* of the container's root */
	gid_t gid;
	const struct strv *dirs; /* besides those of the image's ld.so.conf */
};

/** Writes /etc/ld.so.cache of the image anew; no links are made. An error holds what ldconfig said.
 *  -ENOEXEC: the kernel does not execute it, and nothing was touched. TOMOYO asks for a name, which
 *  a sealed copy has none of (Linux security/tomoyo/domain.c, tomoyo_find_next_domain; Debian's
 *  kernels have it switched on). */
int ldconfig_run(const struct ldconfig *ldconfig, const struct ldconfig_job *job,
		 const struct log *log, struct err *err);

#endif
