/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/context.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "render/daemonjson.h"
#include "sys/conffile.h"
#include "sys/io.h"
#include "sys/rootfs.h"

#define DOCKER_CONFIG "/etc/docker/daemon.json"
#define BACKUP_SUFFIX ".nvc-bak"
#define DEFAULT_NAME  "nvidia"

_Static_assert((unsigned)NVC_ENGINE_ADDED == DAEMONJSON_ADDED &&
		       (unsigned)NVC_ENGINE_CHANGED == DAEMONJSON_CHANGED &&
		       (unsigned)NVC_ENGINE_DEFAULT == DAEMONJSON_DEFAULT &&
		       (unsigned)NVC_ENGINE_REMOVED == DAEMONJSON_REMOVED &&
		       (unsigned)NVC_ENGINE_NO_DEFAULT == DAEMONJSON_NO_DEFAULT,
	       "bits of the public API and of the edit are the same");

static int check_engine(const char *engine, struct err *err)
{
	static const struct {
		const char *name;
		const char *hint;
	} others[] = {
		{"podman", "it takes the hook from a folder: --hooks-dir " NVC_OCI_HOOKS_DIR
			   ", if that is not one it reads anyway"},
		{"crio", "it takes the hook from a folder: hooks_dir = [\"" NVC_OCI_HOOKS_DIR
			 "\"], if that is not one it reads anyway"},
		{"containerd", "by hand: BinaryName = \"" NVC_RUNTIME_PROGRAM
			       "\" in the options of a runtime in /etc/containerd/config.toml"},
	};

	if (strcmp(engine, "docker") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(engine, others[i].name) != 0)
			continue;
		(void)err_set(err, ENOTSUP, "nothing is written for %s", engine);
		return err_hint(err, others[i].hint);
	}
	(void)err_set(err, ENOTSUP, "unknown engine '%.64s'", engine);
	return err_hint(err, "docker is the one that is configured");
}

/* path as it lies in the root, and as a person would name it. */
static int find_paths(struct nvc_context *ctx, const struct nvc_engine_args *args, char **ret_path)
{
	const char *config = args->config == NULL ? DOCKER_CONFIG : args->config;

	if (args->image_root != NULL || config[0] == '/') {
		*ret_path = str_format("%s%s", config[0] == '/' ? "" : "/", config);
		return *ret_path == NULL ? err_nomem(&ctx->err) : 0;
	}
	return context_bundle_path(ctx, config, ret_path);
}

static int open_root(const char *image_root, struct err *err)
{
	int fd;

	if (image_root == NULL)
		return rootfs_open_slash(err);
	fd = io_open_host(image_root, O_PATH | O_DIRECTORY);
	return fd < 0 ? err_sys(err, errno, "open the image's root '%s'", image_root) : fd;
}

/* Without a slash it is dockerd that looks for it. */
static bool has_program(int root, const char *path)
{
	auto_fd fd = path[0] != '/' ? -1 : rootfs_open(root, path, O_PATH, NULL);

	return fd >= 0 || path[0] != '/';
}

static int name_files(const struct conffile *file, const char *image_root,
		      struct nvc_engine_change *change, struct err *err)
{
	/* "/" of the root that is opened is not shown twice */
	int len = image_root == NULL ? 0 : (int)strlen(image_root);

	while (len > 0 && image_root[len - 1] == '/')
		len--;
	change->file = str_format("%.*s%s%s", len, image_root == NULL ? "" : image_root,
				  file->path[0] == '/' ? "" : "/", file->path);
	if (change->file != NULL && file->text != NULL)
		change->backup = str_format("%s" BACKUP_SUFFIX, change->file);
	return change->file == NULL || (file->text != NULL && change->backup == NULL)
		       ? err_nomem(err)
		       : 0;
}

static int edit_file(struct conffile *file, const struct daemonjson_wish *wish, bool dry_run,
		     struct nvc_engine_change *change, struct err *err)
{
	auto_done(daemonjson_result) struct daemonjson_result result = {.done = 0};
	struct conffile_copy copy = {.suffix = BACKUP_SUFFIX};
	int rc = daemonjson_edit(change->file, file->text == NULL ? "" : file->text, file->len,
				 wish, &result, err);

	if (rc < 0)
		return rc;
	if (result.text != NULL && !dry_run) {
		/* the file as it was without us is the one that somebody may want again */
		copy.first = result.had_ours;
		rc = conffile_write(file, result.text, result.len, &copy, err);
		if (rc < 0)
			return err_wrap(err, "write '%s'", change->file);
		change->done |= rc > 0 ? (unsigned)NVC_ENGINE_OLD_BACKUP : 0;
	}
	change->done |= result.done;
	change->before = take_ptr(&file->text);
	change->after = take_ptr(&result.text);
	change->old_path = take_ptr(&result.old_path);
	change->old_default = take_ptr(&result.old_default);
	return change->after != NULL;
}

static int configure(struct nvc_context *ctx, const struct nvc_engine_args *args,
		     struct nvc_engine_change *change)
{
	auto_done(conffile) struct conffile file = CONFFILE_NONE;
	struct daemonjson_wish wish = {
		.name = args->runtime_name == NULL ? DEFAULT_NAME : args->runtime_name,
		.path = args->runtime_path == NULL ? NVC_RUNTIME_PROGRAM : args->runtime_path,
		.set_default = args->set_default,
		.remove = args->remove,
	};
	auto_free char *path = NULL;
	auto_fd root = open_root(args->image_root, &ctx->err);
	int rc = root;

	if (rc >= 0)
		rc = find_paths(ctx, args, &path);
	if (rc >= 0)
		rc = conffile_open(root, path, DAEMONJSON_MAX_BYTES, &file, &ctx->err);
	if (rc >= 0)
		rc = name_files(&file, args->image_root, change, &ctx->err);
	if (rc < 0)
		return rc;
	change->runtime_name = strdup(wish.name);
	change->runtime_path = strdup(wish.path);
	if (change->runtime_name == NULL || change->runtime_path == NULL)
		return err_nomem(&ctx->err);
	if (!wish.remove && !has_program(root, wish.path))
		change->done |= NVC_ENGINE_NO_PROGRAM;
	return edit_file(&file, &wish, args->dry_run, change, &ctx->err);
}

int nvc_engine_configure(struct nvc_context *ctx, const struct nvc_engine_args *args,
			 struct nvc_engine_change *ret)
{
	struct nvc_engine_change change = {.size = sizeof(change)};
	int rc;

	(void)context_err(ctx);
	if (args->size < sizeof(*args) || ret->size < sizeof(*ret))
		return err_set(&ctx->err, EINVAL, "configure an engine: a size is too small");
	if (args->remove && args->set_default)
		return err_set(&ctx->err, EINVAL,
			       "configure an engine: removing and making it the default exclude "
			       "each other");
	rc = check_engine(args->engine, &ctx->err);
	if (rc == 0)
		rc = configure(ctx, args, &change);
	if (rc < 0) {
		nvc_engine_change_done(&change);
		return rc;
	}
	*ret = change;
	return rc;
}

void nvc_engine_change_done(struct nvc_engine_change *change)
{
	free(change->runtime_name);
	free(change->runtime_path);
	free(change->file);
	free(change->backup);
	free(change->before);
	free(change->after);
	free(change->old_path);
	free(change->old_default);
	*change = (struct nvc_engine_change){.size = sizeof(*change)};
}
