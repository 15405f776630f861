/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader needs to know of one library of the board. */
#ifndef HOST_LIBFACTS_H
#define HOST_LIBFACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "model/inventory.h"

/** True if the name looks like a library: it contains ".so". */
bool libfacts_wanted(const char *name);

/** Reads the regular file name in dirfd, which must still be the one that st describes. Whatever
 *  is wrong with it (not an ELF file, exchanged) gives class NONE. -EACCES, -EPERM: not readable;
 *  what err_is_trouble() knows. */
int libfacts_read(int dirfd, const char *name, const struct stat *st, struct elf_facts *ret);

/** ABI note of such a file, 0x00020363 for Linux 2.3.99; 0 = it has none. As libfacts_read(). */
int libfacts_read_abi(int dirfd, const char *name, const struct stat *st, uint32_t *ret);

/** Copies the facts. -ENOMEM. */
int libfacts_copy(struct elf_facts *ret, const struct elf_facts *from);

#endif
