/* SPDX-License-Identifier: Apache-2.0 */
/* One ELF file of an image, opened below a directory of it and looked at. */
#ifndef OCI_IMAGEFILE_H
#define OCI_IMAGEFILE_H

#include <stdint.h>

#include "base/err.h"
#include "format/elfinfo.h"
#include "sys/window.h"

struct imagefile {
	int fd; /* owned; -1 = none */
	uint64_t size;
	struct window window; /* on fd */
	struct elfinfo info;  /* if it is ELF; owned */
};

void imagefile_done(struct imagefile *file);

/** Opens path inside dirfd and reads its ELF header. flags are more for open(2), O_NOFOLLOW or 0.
 *  Gives 2 for ELF, 1 for another regular file, 0 for what is none, is not there or may not be
 *  read; trouble of the machine (err_is_trouble) and -ENOMEM are errors. file must be done in any
 *  case, and begin with fd -1. */
int imagefile_open(int dirfd, const char *path, int flags, struct imagefile *ret, struct err *err);

#endif
