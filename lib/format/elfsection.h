/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One section of an ELF file by its name, for notes that no segment holds. Pure, bounded, safe on
 * hostile input: a file that is broken has no sections.
 */
#ifndef FORMAT_ELFSECTION_H
#define FORMAT_ELFSECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/elfinfo.h"

#define ELFSECTION_MAX_NAME 64u   /* bytes of a name that can be asked for */
#define ELFSECTION_MAX      4096u /* sections of a file that are looked at */

struct elfsection {
	uint8_t *data; /* owned */
	size_t len;
	bool is64;
	bool big; /* most significant byte first */
};

void elfsection_done(struct elfsection *section);

/** Copies the section out of a file of len bytes: 1; 0 = none of that name, or one of more than max
 *  bytes; -ENOMEM. */
int elfsection_read(elfinfo_read_fn read, void *arg, uint64_t len, const char *name, size_t max,
		    struct elfsection *ret);

#endif
