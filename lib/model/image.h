/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What little is known of the image, read by fd from its rootfs. It may be missing altogether (the
 * shim plans before the rootfs can be trusted): then known is false and nothing depends on it.
 */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#define IMAGE_MAX_MUSL 31u

enum image_libc { LIBC_UNKNOWN, LIBC_GLIBC, LIBC_MUSL, LIBC_NONE };

struct image {
	bool known;
	bool doubtful;    /* something could not be looked at */
	uint16_t machine; /* EM_* of its programs; 0 = not found out */
	enum image_libc libc;
	char musl[IMAGE_MAX_MUSL + 1]; /* with LIBC_MUSL: its name of the machine, "aarch64", as in
					* /lib/ld-musl-aarch64.so.1; "" = not known */
};

const char *image_libc_name(enum image_libc libc); /* "unknown", "glibc", "musl", "none" */

#endif
