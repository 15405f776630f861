/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image's /etc/ld.so.conf names, with its includes: where ldconfig looks, and so which of
 * our library directories any later ldconfig in the container would forget. Everything in it is
 * hostile: regular files in root only, within the bounds below.
 */
#ifndef APPLY_LDCONF_H
#define APPLY_LDCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

#define LDCONF_MAX_BYTES (64u * 1024)  /* of one file: a larger one is skipped */
#define LDCONF_MAX_TOTAL (512u * 1024) /* of all */
#define LDCONF_MAX_FILES 64u           /* the first ones in order of reading */
#define LDCONF_MAX_TRIES 1024u         /* files that may be none, patterns */
#define LDCONF_MAX_DEPTH 8u            /* of includes in includes */
#define LDCONF_MAX_DIRS  1024u
#define LDCONF_PATH      "/etc/ld.so.conf"
#define LDCONF_DIR       "/etc/ld.so.conf.d"
#define LDCONF_OURS      "/etc/ld.so.conf.d/000-nvc.conf"

struct ldconf {
	struct strv dirs;   /* named, in normal form and in ldconfig's order, each once */
	struct strv system; /* ldconf_system_dirs(), by ldconf_read() */
	bool includes_dir;  /* LDCONF_OURS would be included */
	bool cut;           /* a limit was reached: there is more */
	bool unread;        /* a file could not be opened */
};

void ldconf_done(struct ldconf *conf);

/** Adds what the text of LDCONF_PATH says itself; includes are not read. */
int ldconf_parse(struct ldconf *conf, const char *text, size_t len, struct err *err);

/** Reads the rootfs, whose programs are for machine (0 = not known): /etc/ld.so.conf and what it
 *  includes. Files that are missing, too large or no
 *  files are skipped. */
int ldconf_read(int rootfd, uint16_t machine, struct ldconf *ret, struct err *err);

/** True if a later ldconfig looks into dir: named, or a system directory. */
bool ldconf_covers(const struct ldconf *conf, const char *dir);

/** Adds the directories that the rootfs' ldconfig has built in, in its order: Debian's (there are
 *  directories of its multiarch names) or glibc's own. Some may not be there. machine 0: of every
 *  one we know. Source: ldconfig -v of Debian 11 to 13; glibc's sysdeps dl-cache.h of x86-64 and
 *  AArch64. */
int ldconf_system_dirs(int rootfd, uint16_t machine, struct strv *ret, struct err *err);

#endif
