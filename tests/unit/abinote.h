/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of glibc tell which kernel they need in a note; include this for one in a program of any
 * other C library. */
#ifndef UNIT_ABINOTE_H
#define UNIT_ABINOTE_H

#include <stdint.h>
#include <stdlib.h> /* __GLIBC__ */

#ifndef __GLIBC__
static const struct {
	uint32_t name_len, desc_len, type;
	char name[4];
	uint32_t desc[4];
} abinote __attribute__((section(".note.ABI-tag"), used, aligned(4))) = {
	4, 16, 1, "GNU", {0, 3, 2, 0}};
#endif

#endif
