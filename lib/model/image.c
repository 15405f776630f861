/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image.h"

#include <stdlib.h>

void image_compat_done(struct image_compat *compat)
{
	free(compat->dir);
	free(compat->version);
	free(compat->cuda);
	free(compat->fault);
	strv_done(&compat->drivers);
	strv_done(&compat->devices);
	vec_each(library, &compat->libraries)
	{
		free(library->name);
		free(library->soname);
	}
	vec_done(&compat->libraries);
	*compat = (struct image_compat){0};
}

void image_done(struct image *image)
{
	image_compat_done(&image->compat);
	image_compat_done(&image->compat_orin);
	*image = (struct image){0};
}

const char *image_libc_name(enum image_libc libc)
{
	static const char *const names[] = {"unknown", "glibc", "musl", "none"};

	return names[libc];
}
