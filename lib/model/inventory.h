/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: facts about the machine, complete and constant once built. host/ fills it; plan/
 * and render/ read it. It holds no file descriptor and decides nothing.
 */
#ifndef MODEL_INVENTORY_H
#define MODEL_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "base/vec.h"
#include "model/driver.h"
#include "model/fact.h"

enum platform_kind {
	PLATFORM_NONE,  /* no Tegra */
	PLATFORM_TEGRA, /* integrated GPU, mount lists; inventory.driver may have more */
};

struct platform {
	enum platform_kind kind;
	struct fact model;     /* "NVIDIA Jetson Nano Developer Kit" */
	struct fact soc;       /* "tegra210" */
	struct fact chip_id;   /* "0x21" */
	struct fact module;    /* "p3448-0000" */
	struct fact board;     /* name for people: "Jetson Nano" */
	struct fact l4t;       /* "32.7.1" */
	struct fact jetpack;   /* "4.6.1" */
	struct fact cuda;      /* "10.2", as the driver of this L4T supports */
	struct fact driver;    /* version of the user-space driver, "540.3.0" or the L4T version */
	struct fact gpu;       /* "GM20B" */
	struct fact gpu_arch;  /* "Maxwell" */
	struct fact compute;   /* compute capability, "5.3" */
	struct fact cuda_name; /* what CUDA calls it: "NVIDIA Tegra X1" */
	unsigned l4t_major;    /* 32, 0 = not known */
	unsigned l4t_minor;    /* 7 */
	unsigned l4t_patch;    /* 1 */
	struct strv looked;    /* "PATH: what was found", one per place looked at */
};

/* Roots an object may lie below. Every path of the inventory is absolute inside its root. */
#define ROOT_DRIVER  0u /* driver files and nodes */
#define ROOT_MACHINE 1u /* lists, /proc, /sys, /etc */
#define ROOT_ALT     2u /* ROOT_ALT + i is settings->alt_roots[i] */
#define ROOT_MAX     16u

enum item_kind {
	ITEM_FILE,   /* regular file */
	ITEM_DIR,    /* directory */
	ITEM_DEVICE, /* character device */
	ITEM_LINK,   /* symbolic link */
	ITEM_SOCKET, /* of a service of the driver */
};

enum elf_class { ELF_CLASS_NONE, ELF_CLASS_32, ELF_CLASS_64 };

/* What the loader needs to know of a library. class NONE = not an ELF file, or not looked at. */
struct elf_facts {
	enum elf_class class;
	uint16_t machine; /* EM_* of elf(5) */
	uint32_t flags;   /* e_flags: hard or soft float on ARM */
	char *soname;     /* owned; NULL = has none */
};

/* One object of the machine that one row, or one part of the driver, led to. A row that names a
 * link gives an item for each link of the chain, and one for what lies at its end. */
struct item {
	enum item_kind kind;
	unsigned root; /* ROOT_* */
	char *source;  /* path below that root; owned */
	char *target;  /* path in the container, after path-map; owned */
	char *link;    /* ITEM_LINK: text of the link, after path-map; owned */
	dev_t rdev;    /* ITEM_DEVICE */
	dev_t dev;     /* identity of the object, to notice an exchange */
	ino_t ino;
	mode_t mode; /* permission bits and type, as stat(2) has them */
	uid_t uid;
	gid_t gid;
	bool later;           /* ITEM_DEVICE: not there yet: all that can be given is a rule */
	bool writable;        /* ITEM_DIR in which the container may write: of MPS */
	bool module;          /* ITEM_FILE: programs open it by path, in a folder for such: none of
			       * the loader's */
	struct elf_facts elf; /* ITEM_FILE whose name looks like a library (contains ".so") */
};

enum row_type { ROW_LIB, ROW_DIR, ROW_DEV, ROW_SYM, ROW_UNKNOWN };

/* Found by host/ (row_state) and judged by plan/ (verdict): the state is a fact, the verdict
 * depends on what else was asked for. */
enum row_state {
	ROW_FOUND,
	ROW_MISSING,   /* nothing at that path */
	ROW_REFUSED,   /* not to be handed out: prefix, type, ownership */
	ROW_MALFORMED, /* not a row */
};

struct row {
	size_t file;     /* index into inventory.files */
	unsigned line;   /* from 1, blank lines counted */
	unsigned column; /* from 1: where the path starts; for a malformed row the fault */
	enum row_type type;
	char *path; /* as written, trimmed; the raw row when malformed; owned */
	enum row_state state;
	char *reason;      /* why not found, in one phrase; NULL when found; owned */
	size_t first_item; /* items [first_item, first_item + n_items) of inventory.items */
	size_t n_items;
};

struct list_file {
	char *path;  /* below ROOT_MACHINE; owned */
	char *name;  /* last component; owned */
	bool base;   /* l4t.csv, devices.csv or drivers.csv */
	bool read;   /* false: skipped, error says why */
	char *error; /* owned, NULL when read */
	size_t n_rows;
};

struct inventory {
	struct platform platform;
	struct driver driver;
	char *list_dir; /* the folder of lists that was read; owned; NULL = none */
	bool list_dir_found;
	VEC(struct list_file) files; /* in byte order of name */
	VEC(struct row) rows;        /* in order of file and line */
	VEC(struct item) items;
	/* Files that every container gets besides rows: /etc/nv_tegra_release. Same meaning as
	 * items, without a row. */
	VEC(struct item) extras;
	char *roots[ROOT_MAX]; /* path of each root as the user gave it; owned; NULL = unused */
};

struct inventory *inventory_new(void);
/** Accepts NULL. */
void inventory_free(struct inventory *inv);
void item_done(struct item *item);
const char *row_type_name(enum row_type type);    /* "lib", "dir", "dev", "sym", "unknown" */
const char *row_state_name(enum row_state state); /* "found", "missing", "refused", "malformed" */
const char *item_kind_name(enum item_kind kind);  /* "file", "dir", "device", "link", "socket" */

#endif
