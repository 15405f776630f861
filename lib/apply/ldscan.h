/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks through library directories of a rootfs as ldconfig does, in-process: for an image without
 * a readable cache, and for directories of the board that were bound whole. Everything in the
 * rootfs is hostile: only regular files are read, by fd, in root, within bounds.
 */
#ifndef APPLY_LDSCAN_H
#define APPLY_LDSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/vec.h"
#include "format/ldcache.h"
#include "sys/patience.h"

#define LDSCAN_MAX_FILES   200000u /* directory entries looked at in all */
#define LDSCAN_MAX_DIRS    4096u
#define LDSCAN_MAX_BYTES   (32u * 1024 * 1024) /* of names and paths */
#define LDSCAN_DEADLINE_MS 5000u

/* A SONAME link that ldconfig would make: entries name it. */
struct ldscan_link {
	char *path;   /* DIR/SONAME, nothing is there; owned */
	char *text;   /* name of the library in the same directory; owned */
	size_t entry; /* that names it: index in the cache as it was when it was scanned */
};

/* A directory. */
struct ldscan_place {
	char *path; /* owned */
	const char
		*hwcaps; /* its name below glibc-hwcaps; borrowed from strings; NULL = not there */
	dev_t dev;
	ino_t ino;
};

struct ldscan {
	int rootfd; /* borrowed */
	const struct log *log;
	uint16_t machine;      /* of the image; 0 = not known: every machine counts */
	unsigned glibc;        /* of the image: 231 for 2.31; 0 = not known: as the newest */
	struct ldcache *cache; /* entries are added here, not sorted; borrowed */
	VEC(struct ldscan_link) links;
	struct strv strings; /* what the entries borrow; lives as long as they; owned */
	/* the rest is ldscan.c's */
	VEC(struct ldscan_place) places;
	size_t scanned; /* of places */
	size_t files;
	size_t bytes;
	struct patience patience;
	bool stopped; /* a limit was reached: said in the log once */
};

void ldscan_done(struct ldscan *scan);

/** Adds the libraries of one directory (container path), with its hardware subdirectories. One that
 *  was scanned already, is missing or unreadable adds nothing. */
int ldscan_dir(struct ldscan *scan, const char *path, struct err *err);

/** All that the image's ldconfig would look at: dirs first, then those of ld.so.conf with its
 *  includes, then the system directories. Of two paths to one directory the first counts. */
int ldscan_all(struct ldscan *scan, const struct strv *first, struct err *err);

/** Version of the rootfs' glibc (236 for 2.36), 0 = none or not found out: by the name that the
 *  link libc.so.6 leads to ("libc-2.31.so"), else by "release version 2.36" in that file. machine
 * 0: of the first one found. */
unsigned ldscan_glibc(int rootfd, uint16_t machine);

#endif
