/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image.h"

const char *image_libc_name(enum image_libc libc)
{
	static const char *const names[] = {"unknown", "glibc", "musl", "none"};

	return names[libc];
}
