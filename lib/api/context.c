/* SPDX-License-Identifier: Apache-2.0 */
#include "api/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "sys/io.h"
#include "sys/privs.h"

_Static_assert((int)NVC_LOG_ERROR == (int)LOG_LEVEL_ERROR, "levels agree");
_Static_assert((int)NVC_LOG_DEBUG == (int)LOG_LEVEL_DEBUG, "levels agree");

struct err *context_err(struct nvc_context *ctx)
{
	ctx->err.code = 0;
	ctx->err.line = 0;
	ctx->err.column = 0;
	ctx->err.hint = NULL;
	ctx->err.msg[0] = '\0';
	return &ctx->err;
}

static void forward_log(void *arg, enum log_level level, const char *module, const char *text)
{
	const struct nvc_context *ctx = arg;

	if (ctx->user_log != NULL)
		ctx->user_log(ctx->user_arg, (enum nvc_log_level)level, module, text);
}

void nvc_set_log(struct nvc_context *ctx, nvc_log_fn log, void *arg, enum nvc_log_level level)
{
	ctx->user_log = log;
	ctx->user_arg = arg;
	ctx->log = (struct log){.level = (enum log_level)level, .emit = forward_log, .arg = ctx};
}

static int override_string(char **setting, const char *value, struct err *err)
{
	char *copy;

	if (value == NULL)
		return 0;
	copy = strdup(value);
	if (copy == NULL)
		return err_nomem(err);
	free(*setting);
	*setting = copy;
	return 0;
}

static int override_settings(struct nvc_context *ctx, const struct nvc_options *options)
{
	struct settings *settings = ctx->settings;
	int rc = override_string(&settings->root, options->root, &ctx->err);

	if (rc == 0)
		rc = override_string(&settings->host_root, options->host_root, &ctx->err);
	if (rc == 0)
		rc = override_string(&settings->list_dir, options->list_dir, &ctx->err);
	if (rc == 0)
		rc = override_string(&settings->ldcache, options->ldcache, &ctx->err);
	if (rc == 0)
		rc = override_string(&settings->user, options->user, &ctx->err);
	if (options->no_cache)
		settings->driver_cache = false;
	if (options->no_cgroups)
		settings->no_cgroups = true;
	return rc;
}

static int load_settings(struct nvc_context *ctx, const struct nvc_options *options)
{
	if (!options->no_config)
		return settings_load(options->config, &ctx->log, &ctx->settings, &ctx->err);
	if (options->config != NULL)
		return err_set(&ctx->err, EINVAL,
			       "open the library: a configuration was given, and none wanted");
	ctx->settings = settings_new();
	return ctx->settings == NULL ? err_nomem(&ctx->err) : 0;
}

int nvc_open(const struct nvc_options *options, struct nvc_context **ret)
{
	static const struct nvc_options defaults = {.size = sizeof(defaults)};
	struct nvc_context *ctx = calloc(1, sizeof(*ctx));
	int rc;

	*ret = ctx;
	if (ctx == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ROOT_MAX; i++)
		ctx->host.fds[i] = -1;
	if (options == NULL)
		options = &defaults;
	/* Fields are only ever added: a smaller size is a program of an earlier release, which has
	 * every field of the first one. */
	if (options->size < sizeof(defaults))
		return err_set(&ctx->err, EINVAL, "open the library: options.size is too small");
	nvc_set_log(ctx, options->log, options->log_arg, options->log_level);
	rc = load_settings(ctx, options);
	if (rc < 0)
		return rc;
	return override_settings(ctx, options);
}

int context_open_host(struct nvc_context *ctx)
{
	if (ctx->host.n > 0)
		return 0;
	return host_open(&ctx->host, ctx->settings, &ctx->log, &ctx->err);
}

void nvc_close(struct nvc_context *ctx)
{
	if (ctx == NULL)
		return;
	host_close(&ctx->host);
	settings_free(ctx->settings);
	spec_done(&ctx->spec);
	free(ctx->spec_bundle);
	free(ctx);
}

int nvc_check_caller(void)
{
	return privs_are_lent() ? -EPERM : 0;
}

int nvc_clean_start(void)
{
	return privs_clean_start(NULL);
}

int nvc_error_code(const struct nvc_context *ctx)
{
	return ctx->err.code;
}

const char *nvc_error_message(const struct nvc_context *ctx)
{
	return ctx->err.msg;
}

const char *nvc_error_hint(const struct nvc_context *ctx)
{
	return ctx->err.hint;
}

unsigned nvc_error_line(const struct nvc_context *ctx)
{
	return ctx->err.line;
}

unsigned nvc_error_column(const struct nvc_context *ctx)
{
	return ctx->err.column;
}

int context_bundle_path(struct nvc_context *ctx, const char *bundle, char **ret)
{
	auto_free char *cwd = NULL;

	if (bundle[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (cwd == NULL)
			return err_sys(&ctx->err, errno, "find the current folder");
	}
	*ret = path_join(cwd == NULL ? "/" : cwd, bundle);
	return *ret == NULL ? err_nomem(&ctx->err) : 0;
}

int context_load_spec(struct nvc_context *ctx, const char *bundle, char **ret, size_t *ret_len)
{
	auto_fd dir = io_open_host(bundle, O_PATH | O_DIRECTORY);
	auto_free char *text = NULL;
	auto_free char *key = strdup(bundle);
	struct spec spec = {0};
	int rc;

	if (dir < 0)
		return err_sys(&ctx->err, errno, "open bundle '%s'", bundle);
	if (key == NULL)
		return err_nomem(&ctx->err);
	rc = io_read_at(dir, "config.json", OCI_SPEC_MAX_BYTES, &text, ret_len, &ctx->err);
	if (rc == 0)
		rc = spec_parse("config.json", text, *ret_len, &spec, &ctx->err);
	if (rc < 0)
		return err_wrap(&ctx->err, "bundle '%s'", bundle);
	spec_done(&ctx->spec);
	free(ctx->spec_bundle);
	ctx->spec = spec;
	ctx->spec_bundle = take_ptr(&key);
	*ret = take_ptr(&text);
	return 0;
}

int context_read_spec(struct nvc_context *ctx, const char *bundle)
{
	auto_free char *text = NULL;
	size_t len;

	if (ctx->spec_bundle != NULL && strcmp(ctx->spec_bundle, bundle) == 0)
		return 0;
	return context_load_spec(ctx, bundle, &text, &len);
}

int context_rootfs(struct nvc_context *ctx, const char *bundle, char **ret)
{
	auto_free char *absolute = NULL;
	char *rootfs;
	int rc;

	if (ctx->spec.root_path == NULL || ctx->spec.root_path[0] == '\0')
		return err_set(&ctx->err, EINVAL, "bundle '%s': config.json has no root.path",
			       bundle);
	rc = context_bundle_path(ctx, bundle, &absolute);
	if (rc < 0)
		return rc;
	rootfs = path_join(absolute, ctx->spec.root_path);
	if (rootfs == NULL)
		return err_nomem(&ctx->err);
	if (strcmp(rootfs, "/") == 0) {
		free(rootfs);
		return err_set(&ctx->err, EINVAL, "bundle '%s': root.path is the host's own root",
			       bundle);
	}
	*ret = rootfs;
	return 0;
}

int context_container_rootfs(struct nvc_context *ctx, const struct nvc_container *container,
			     char **ret)
{
	int rc;

	if (container->rootfs == NULL && container->bundle == NULL)
		return err_set(&ctx->err, EINVAL, "neither a rootfs nor a bundle was given");
	if (container->rootfs == NULL) {
		rc = context_read_spec(ctx, container->bundle);
		return rc < 0 ? rc : context_rootfs(ctx, container->bundle, ret);
	}
	/* crun writes root.path into the state as it stands in config.json */
	*ret = container->rootfs[0] != '/' && container->bundle != NULL
		       ? path_join(container->bundle, container->rootfs)
		       : strdup(container->rootfs);
	return *ret == NULL ? err_nomem(&ctx->err) : 0;
}
