/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "base/auto.h"
#include "base/str.h"
#include "model/driver.h"

#define EVERY_SERVICE (unsigned)(NVC_PERSISTENCED | NVC_FABRICMANAGER | NVC_GSP_FIRMWARE | NVC_MPS)

_Static_assert((unsigned)NVC_PERSISTENCED == SERVICE_PERSISTENCED &&
		       (unsigned)NVC_FABRICMANAGER == SERVICE_FABRICMANAGER &&
		       (unsigned)NVC_GSP_FIRMWARE == SERVICE_GSP_FIRMWARE &&
		       (unsigned)NVC_MPS == SERVICE_MPS,
	       "bits of the public API and of the model are the same");

static int make_request(struct nvc_context *ctx, const struct spec *spec, struct nvc_request **ret)
{
	struct nvc_request *request = calloc(1, sizeof(*request));
	int rc;

	if (request == NULL)
		return err_nomem(&ctx->err);
	rc = request_from_spec(spec, ctx->settings, &ctx->log, &request->request, &ctx->err);
	if (rc < 0) {
		nvc_request_free(request);
		return rc;
	}
	*ret = request;
	return 0;
}

int nvc_request_from_bundle(struct nvc_context *ctx, const char *bundle, struct nvc_request **ret)
{
	int rc;

	(void)context_err(ctx);
	rc = context_read_spec(ctx, bundle);
	return rc < 0 ? rc : make_request(ctx, &ctx->spec, ret);
}

/* NVIDIA's hook says which lists to take by two expressions that are no requirements. */
static int add_expression(struct request *request, const char *expression)
{
	if (str_starts_with(expression, "csv-mounts=all")) {
		request->lists = LISTS_ALL;
		return 0;
	}
	if (str_starts_with(expression, "base-only")) {
		request->lists = LISTS_BASE;
		return 0;
	}
	if (request->requires.n >= REQUEST_MAX_REQUIRES)
		return -E2BIG;
	return strv_addf(&request->requires, "=%s", expression);
}

/* What the command line says; the same words of an image do not count beside it. */
static bool is_ours(const char *entry)
{
	static const char *const names[] = {
		"NVIDIA_VISIBLE_DEVICES=",    "NVIDIA_DRIVER_CAPABILITIES=",
		"NVIDIA_MIG_CONFIG_DEVICES=", "NVIDIA_MIG_MONITOR_DEVICES=",
		"NVIDIA_IMEX_CHANNELS=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_starts_with(entry, names[i]))
			return true;
	}
	return false;
}

static int args_to_spec(const struct nvc_request_args *args, struct spec *spec)
{
	int rc = 0;

	for (size_t i = 0; args->env != NULL && args->env[i] != NULL && rc == 0; i++) {
		if (!is_ours(args->env[i]))
			rc = strv_add(&spec->env, args->env[i]);
	}
	if (rc == 0)
		rc = strv_addf(&spec->env, "NVIDIA_VISIBLE_DEVICES=%s",
			       args->devices == NULL ? "all" : args->devices);
	if (rc == 0)
		rc = strv_addf(&spec->env, "NVIDIA_DRIVER_CAPABILITIES=%s",
			       args->capabilities == NULL ? "all" : args->capabilities);
	/* Who can call us with a command line is asked by the kernel, not by the policy for
	 * images. */
	spec->has_process = true;
	spec->cap_sys_admin = true;
	return rc;
}

static int add_details(const struct nvc_request_args *args, struct request *request,
		       struct err *err)
{
	enum settings_compat compat;
	int rc = request_set_mig(request, args->mig_config, args->mig_monitor, err);

	if (rc == 0 && args->imex_channels != NULL)
		rc = request_set_channels(request, args->imex_channels, err);
	for (size_t i = 0; rc == 0 && args->requires != NULL && args->requires[i] != NULL; i++) {
		rc = add_expression(request, args->requires[i]);
		if (rc == -E2BIG)
			return err_set(err, E2BIG, "make a request: more than %d requirements",
				       REQUEST_MAX_REQUIRES);
		if (rc < 0)
			return err_nomem(err);
	}
	if (rc < 0)
		return rc;
	if (args->cuda_compat != NULL) {
		if (!settings_compat_of_word(args->cuda_compat, &compat))
			return err_set(err, EINVAL,
				       "make a request: a CUDA compat mode is ldconfig, mount, "
				       "hook or disabled");
		request->compat = compat == SETTINGS_COMPAT_AUTO ? COMPAT_AUTO : COMPAT_HOST;
	}
	request->without = args->without;
	free(request->origin);
	request->origin = strdup("the command line");
	return request->origin == NULL ? err_nomem(err) : 0;
}

int nvc_request_from_args(struct nvc_context *ctx, const struct nvc_request_args *args,
			  struct nvc_request **ret)
{
	static const struct nvc_request_args defaults = {.size = sizeof(defaults)};
	auto_done(spec) struct spec spec = {0};
	struct nvc_request *request = NULL;
	int rc;

	(void)context_err(ctx);
	if (args == NULL)
		args = &defaults;
	if (args->size < sizeof(defaults))
		return err_set(&ctx->err, EINVAL, "make a request: args.size is too small");
	if ((args->without & ~EVERY_SERVICE) != 0)
		return err_set(&ctx->err, EINVAL, "make a request: args.without has unknown bits");
	if (args_to_spec(args, &spec) < 0)
		return err_nomem(&ctx->err);
	rc = make_request(ctx, &spec, &request);
	if (rc < 0)
		return rc;
	rc = add_details(args, &request->request, &ctx->err);
	if (rc < 0) {
		nvc_request_free(request);
		return rc;
	}
	*ret = request;
	return 0;
}

int nvc_request_from_text(struct nvc_context *ctx, const char *text, struct nvc_request **ret)
{
	struct nvc_request *request = calloc(1, sizeof(*request));
	int rc;

	(void)context_err(ctx);
	if (request == NULL)
		return err_nomem(&ctx->err);
	rc = request_decode(text, &request->request, &ctx->err);
	if (rc < 0) {
		nvc_request_free(request);
		return rc;
	}
	*ret = request;
	return 0;
}

bool nvc_request_wants_gpu(const struct nvc_request *request)
{
	return request_wants_gpu(&request->request);
}

const char *nvc_request_origin(const struct nvc_request *request)
{
	return request->request.origin;
}

const char *nvc_request_refused(const struct nvc_request *request)
{
	return request->request.refused;
}

void nvc_request_free(struct nvc_request *request)
{
	if (request == NULL)
		return;
	request_done(&request->request);
	free(request);
}
