/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What little is known of the image, read by fd from its rootfs. It may be missing altogether (the
 * shim plans before the rootfs can be trusted): then known is false and nothing depends on it.
 */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"
#include "base/vec.h"

#define IMAGE_MAX_MUSL 31u

enum image_libc { LIBC_UNKNOWN, LIBC_GLIBC, LIBC_MUSL, LIBC_NONE };

/* CUDA's libraries for newer versions that the image brings in a folder: one library
 * libcuda.so.VERSION, with or without NVIDIA's note. Strings are owned, NULL = none. */
struct image_library {
	char *name;   /* in the folder: "libcuda.so.560.35.03" */
	char *soname; /* a name without "/"; NULL = none */
	uint16_t machine;
	uint32_t flags; /* e_flags */
	bool is64;
};

struct image_compat {
	char *dir;           /* folder in the image, links resolved inside it; NULL = no libcuda */
	char *version;       /* of its libcuda: "560.35.03" */
	bool noted;          /* .note.cuda.fwd_compatibility was there and could be read: */
	char *cuda;          /* CUDA version it brings, "12.6" */
	struct strv drivers; /* branches of the host's driver that it runs on: "535" */
	struct strv devices;
	char *fault; /* why it cannot be used, in one line: two libraries, no regular file */
	VEC(struct image_library) libraries; /* all regular files lib*.so.* in the folder */
};

struct image {
	bool known;
	bool doubtful;    /* something could not be looked at */
	uint16_t machine; /* EM_* of its programs; 0 = not found out */
	enum image_libc libc;
	char musl[IMAGE_MAX_MUSL + 1]; /* with LIBC_MUSL: its name of the machine, "aarch64", as in
					* /lib/ld-musl-aarch64.so.1; "" = not known */
	struct image_compat compat;    /* of /usr/local/cuda/compat */
	struct image_compat compat_orin; /* of its own folder for that board */
};

/** Frees what it holds. */
void image_done(struct image *image);
void image_compat_done(struct image_compat *compat);
const char *image_libc_name(enum image_libc libc); /* "unknown", "glibc", "musl", "none" */

#endif
