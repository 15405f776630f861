/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: an ordered list of operations of five kinds. plan/ makes it; apply/ carries it out;
 * render/ shows it or edits a bundle by it. Order is the order of execution.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "base/vec.h"
#include "model/inventory.h"

enum op_kind {
	OP_LINK,    /* make a symbolic link */
	OP_BIND,    /* bind a file or directory of the host */
	OP_FILE,    /* bind a file with content made by us */
	OP_DEVICE,  /* bind a node and allow it in the device cgroup */
	OP_LDCACHE, /* make the loader find the libraries in op.dirs */
};

enum op_flag {
	OP_RDONLY = 1 << 0,
	OP_NOSUID = 1 << 1,
	OP_NODEV = 1 << 2,
	OP_NOEXEC = 1 << 3,
	OP_DIR = 1 << 4,       /* OP_BIND: source and target are directories; OP_FILE: an empty
				* directory made by us, of op.mode, in which later operations may put
				* things; with OP_RDONLY it is read-only when they are all in it */
	OP_IF_ABSENT = 1 << 5, /* leave whatever the image has there */
	OP_SOCKET = 1 << 6,    /* OP_BIND: the source is a socket */
	OP_IN_PROC = 1 << 7,   /* only if target and its directory are there, and that (OP_FILE with
				* OP_DIR: the target itself) is of a procfs; else nothing is done, nor
				* for what lies below it, and one line in the log says so. Without
				* meaning for what lies in a directory made by us */
	OP_LATER = 1 << 8,     /* OP_DEVICE: the node is not there yet: it is allowed, no more */
};

#define NO_ROW ((size_t)-1)

/* A library that the container gets, as the loader's cache shall name it. */
struct op_library {
	char *soname; /* what programs ask for; owned */
	char *path;   /* what the entry names: DIR/SONAME where the plan has that; owned */
	char *file;   /* the library itself, path or where path leads; owned */
	uint16_t machine;
	uint32_t flags; /* of the entry: ldflags_of() */
	uint32_t osversion;
};

struct op {
	enum op_kind kind;
	unsigned flags; /* enum op_flag */
	unsigned root;  /* ROOT_*, for BIND and DEVICE */
	char *source;   /* path below the root; owned; BIND, DEVICE */
	char *target;   /* absolute path in the container; owned; all but LDCACHE */
	char *link;     /* LINK: text; owned */
	char *content;  /* FILE: bytes, NUL-terminated text; owned */
	mode_t mode;    /* permission bits: FILE; DEVICE (as on the host) */
	dev_t rdev;     /* DEVICE */
	dev_t dev;      /* identity of the source as the inventory saw it; 0,0 = not known */
	ino_t ino;
	gid_t gid;        /* DEVICE: group of the node on the host */
	struct strv dirs; /* LDCACHE: container directories that hold libraries, in order */
	VEC(struct op_library) libraries; /* LDCACHE: those that are known, in order of dirs */
	size_t row;  /* the row of the inventory that asked for it, or NO_ROW */
	size_t part; /* the part of the driver that asked for it, or NO_ROW */
	char *why;   /* provenance in words where there is no row: "SONAME of libcuda.so.1.1" */
};

/* What became of a row, for this request. */
enum verdict {
	VERDICT_USED,
	VERDICT_COVERED,   /* lies below a directory that another row brings */
	VERDICT_DUPLICATE, /* the same path was brought by an earlier row */
	VERDICT_NOT_ASKED, /* list not selected, or a device that was not asked for */
	VERDICT_MISSING,
	VERDICT_REFUSED,
	VERDICT_MALFORMED,
};

struct row_verdict {
	enum verdict verdict;
	size_t other; /* COVERED, DUPLICATE: the row that brings it; else NO_ROW */
};

struct plan {
	bool empty_request; /* nothing was asked for: no operations */
	VEC(struct op) ops;
	VEC(struct row_verdict) verdicts; /* one for each row of the inventory, same index */
	VEC(gid_t) gids;      /* groups of nodes that are not world-accessible, each once */
	struct strv warnings; /* one line each: what nvc_apply() tells whoever asks for warnings */
	struct strv notes;    /* likewise: what else a person should know */
};

struct plan *plan_new(void);
/** Accepts NULL. */
void plan_free(struct plan *plan);
void op_done(struct op *op);
const char *op_kind_name(enum op_kind kind); /* "link", "bind", "file", "device", "ldcache" */
const char *
verdict_name(enum verdict verdict); /* "used", "covered", "duplicate", "not-asked", ... */
/** Number of operations of one kind. */
size_t plan_count(const struct plan *plan, enum op_kind kind);

#endif
