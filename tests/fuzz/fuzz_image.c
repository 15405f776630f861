/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes are a program and the C library of an image. */
#include "apply/ldscan.h"
#include "fuzz.h"
#include "fuzzroot.h"
#include "oci/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dirs[] = {"bin", "lib", NULL};
	int root = fuzzroot_open(dirs);
	struct image image = {.known = false};
	unsigned glibc;

	fuzzroot_write(root, "bin/sh", data, size);
	fuzzroot_write(root, "lib/libc.so.6", data, size);
	claim(image_read(root, &image, NULL) == 0 && image.known);
	claim(memchr(image.musl, '\0', sizeof(image.musl)) != NULL);
	claim(strspn(image.musl, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(image.musl));
	claim(image.musl[0] == '\0' || image.libc == LIBC_MUSL);
	glibc = ldscan_glibc(root, image.machine);
	claim(glibc == 0 || (glibc >= 200 && glibc < 300));
	return 0;
}
