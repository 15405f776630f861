/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image.h"

#include <stdlib.h>

void image_done(struct image *image)
{
	free(image->compat.dir);
	free(image->compat.version);
	free(image->compat.cuda);
	free(image->compat.fault);
	strv_done(&image->compat.drivers);
	strv_done(&image->compat.devices);
	vec_each(library, &image->compat.libraries)
	{
		free(library->name);
		free(library->soname);
	}
	vec_done(&image->compat.libraries);
	*image = (struct image){0};
}

const char *image_libc_name(enum image_libc libc)
{
	static const char *const names[] = {"unknown", "glibc", "musl", "none"};

	return names[libc];
}
