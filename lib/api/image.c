/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "api/context.h"
#include "apply/apply.h"
#include "base/auto.h"
#include "oci/compat.h"
#include "oci/image.h"
#include "sys/ns.h"
#include "sys/rootfs.h"

static bool is_same(int a, int b)
{
	struct stat left;
	struct stat right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_ino == right.st_ino &&
	       left.st_dev == right.st_dev;
}

/* A container that runs already has the rootfs as its "/"; one that is being made has it at the
 * path where the caller sees it. */
static int open_in_container(pid_t pid, int slash, const char *path, struct err *err)
{
	auto_done(ns_process) struct ns_process process = {.proc_fd = -1, .stat_fd = -1};
	auto_fd host = rootfs_open(slash, path, O_PATH | O_DIRECTORY, NULL);
	auto_fd root = -1;
	int rc = ns_process_open(pid, &process, err);

	if (rc < 0)
		return rc;
	root = ns_open_root(&process, err);
	if (root < 0 || (host >= 0 && is_same(root, host)))
		return take_fd(&root);
	return rootfs_open(root, path, O_PATH | O_DIRECTORY, err);
}

static int open_rootfs(const struct nvc_container *container, const char *path, struct err *err)
{
	auto_fd slash = rootfs_open_slash(err);

	if (slash < 0)
		return slash;
	if (container->pid > 0)
		return open_in_container(container->pid, slash, path, err);
	return rootfs_open(slash, path, O_PATH | O_DIRECTORY, err);
}

static int read_image(const struct nvc_context *ctx, int rootfd, struct image *image,
		      struct err *err)
{
	const char *orin = ctx->settings->compat_dir;
	int rc = image_read(rootfd, image, err);

	if (rc == 0)
		rc = compat_read(rootfd, COMPAT_DIR, &image->compat, err);
	if (rc == 0)
		rc = compat_read(rootfd, orin == NULL ? COMPAT_DIR_ORIN : orin, &image->compat_orin,
				 err);
	return rc;
}

/* Nobody is to execute what is found in an image, by whatever mistake of ours. */
static int end_asking(struct nvc_context *ctx)
{
	const struct apply_target target = {.confined = ctx->confined,
					    .asks_driver = ctx->asks_driver};
	int rc = apply_end_asking(ctx->settings, &target, &ctx->log, &ctx->err);

	if (rc == 0)
		ctx->asks_driver = false;
	return rc;
}

int nvc_image_new(struct nvc_context *ctx, const struct nvc_container *container,
		  struct nvc_image **ret)
{
	struct nvc_image *image;
	auto_free char *path = NULL;
	auto_fd rootfd = -1;
	int rc;

	(void)context_err(ctx);
	if (container->size < sizeof(*container))
		return err_set(&ctx->err, EINVAL, "read an image: container.size is too small");
	rc = context_container_rootfs(ctx, container, &path);
	if (rc == 0)
		rc = end_asking(ctx);
	if (rc == 0)
		rc = rootfd = open_rootfs(container, path, &ctx->err);
	if (rc < 0)
		return err_wrap(&ctx->err, "read an image");
	image = calloc(1, sizeof(*image));
	if (image == NULL)
		return err_nomem(&ctx->err);
	rc = read_image(ctx, rootfd, &image->image, &ctx->err);
	if (rc < 0) {
		nvc_image_free(image);
		return rc;
	}
	*ret = image;
	return 0;
}

void nvc_image_free(struct nvc_image *image)
{
	if (image == NULL)
		return;
	image_done(&image->image);
	free(image);
}
