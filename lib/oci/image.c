/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/imagefile.h"
#include "sys/rootfs.h"

/* Loaders where an image has no program that could tell: the path says it all. */
static const struct {
	const char *path;
	uint16_t machine;
} loaders[] = {
	{"/lib/ld-linux-aarch64.so.1", EM_AARCH64}, {"/lib64/ld-linux-x86-64.so.2", EM_X86_64},
	{"/lib/ld-linux-armhf.so.3", EM_ARM},       {"/lib/ld-linux.so.2", EM_386},
	{"/lib/ld-musl-aarch64.so.1", EM_AARCH64},  {"/lib/ld-musl-x86_64.so.1", EM_X86_64},
	{"/lib/ld-musl-armhf.so.1", EM_ARM},        {"/lib/ld-musl-arm.so.1", EM_ARM},
	{"/lib/ld-musl-i386.so.1", EM_386},
};

#define MUSL_LOADER "ld-musl-"
#define MUSL_SUFFIX ".so.1"

/* The name becomes part of a path. */
static void take_musl(const char *loader, struct image *image)
{
	const char *arch = loader + strlen(MUSL_LOADER);
	size_t len = strspn(arch, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (len == 0 || len > IMAGE_MAX_MUSL || strcmp(arch + len, MUSL_SUFFIX) != 0)
		return;
	memcpy(image->musl, arch, len);
	image->musl[len] = '\0';
}

static void take_loader(const char *path, struct image *image)
{
	const char *name = path_basename(path);

	if (str_starts_with(name, MUSL_LOADER)) {
		image->libc = LIBC_MUSL;
		take_musl(name, image);
	} else if (str_starts_with(name, "ld-linux")) {
		image->libc = LIBC_GLIBC;
	}
}

/* Learns what one program of the image can tell: of its megabytes a few thousand bytes are read. */
static int read_program(int rootfd, const char *path, struct image *image, struct err *err)
{
	auto_done(imagefile) struct imagefile file = {.fd = -1};
	int rc = imagefile_open(rootfd, path, 0, &file, err);

	if (rc < 0)
		return rc;
	if (rc < 2 || (image->machine != 0 && image->machine != file.info.machine))
		return 0;
	image->machine = file.info.machine;
	if (file.info.interp != NULL)
		take_loader(file.info.interp, image);
	return 0;
}

static int look_for_loader(int rootfd, struct image *image, struct err *err)
{
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		auto_fd fd = -1;

		if (image->machine != 0 && image->machine != loaders[i].machine)
			continue;
		fd = rootfs_open(rootfd, loaders[i].path, O_PATH, NULL);
		image->doubtful |= fd == -EACCES;
		if (fd < 0 && err_is_trouble(-fd))
			return err_sys(err, -fd, "look at the image's '%s'", loaders[i].path);
		if (fd < 0)
			continue;
		image->machine = loaders[i].machine;
		take_loader(loaders[i].path, image);
		return 0;
	}
	/* Programs, but nothing that could load a library: static ones. */
	if (image->machine != 0)
		image->libc = LIBC_NONE;
	return 0;
}

int image_read(int rootfd, struct image *ret, struct err *err)
{
	static const char *const programs[] = {"/bin/sh", "/usr/bin/env", "/bin/busybox",
					       "/bin/bash"};
	struct image image = {.known = true, .libc = LIBC_UNKNOWN};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		int rc = read_program(rootfd, programs[i], &image, err);

		if (rc < 0)
			return rc;
		if (image.libc != LIBC_UNKNOWN)
			break;
	}
	if (image.libc == LIBC_UNKNOWN) {
		int rc = look_for_loader(rootfd, &image, err);

		if (rc < 0)
			return rc;
	}
	*ret = image;
	return 0;
}
