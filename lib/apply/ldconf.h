/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image's /etc/ld.so.conf names, as far as it matters here: which of our library
 * directories any later ldconfig in the container would forget.
 */
#ifndef APPLY_LDCONF_H
#define APPLY_LDCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

#define LDCONF_MAX_BYTES (64u * 1024) /* of one file */
#define LDCONF_MAX_FILES 64u          /* of /etc/ld.so.conf.d */
#define LDCONF_PATH      "/etc/ld.so.conf"
#define LDCONF_DIR       "/etc/ld.so.conf.d"
#define LDCONF_OURS      "/etc/ld.so.conf.d/000-nvc.conf"

struct ldconf {
	struct strv dirs;  /* named, in normal form, each once */
	bool includes_dir; /* "include /etc/ld.so.conf.d/ *.conf" (without the blank) */
};

void ldconf_done(struct ldconf *conf);

/** Adds what one file says. Other include lines are not looked at. Pure. */
int ldconf_parse(struct ldconf *conf, const char *text, size_t len, struct err *err);

/** Reads the rootfs: /etc/ld.so.conf, and the *.conf of its folder where that is included. Files
 *  that are missing, too large or no files are skipped. */
int ldconf_read(int rootfd, struct ldconf *ret, struct err *err);

/** True if a later ldconfig looks into dir: named, or a default directory. */
bool ldconf_covers(const struct ldconf *conf, const char *dir);

#endif
