/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "base/auto.h"
#include "base/str.h"
#include "model/driver.h"

_Static_assert((int)NVC_PERSISTENCED == (int)SERVICE_PERSISTENCED, "services agree");
_Static_assert((int)NVC_FABRICMANAGER == (int)SERVICE_FABRICMANAGER, "services agree");
_Static_assert((int)NVC_GSP_FIRMWARE == (int)SERVICE_GSP_FIRMWARE, "services agree");
_Static_assert((int)NVC_MPS == (int)SERVICE_MPS, "services agree");

#define EVERY_SERVICE (unsigned)(NVC_PERSISTENCED | NVC_FABRICMANAGER | NVC_GSP_FIRMWARE | NVC_MPS)

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

/* The command line says what is wanted: these of an image do not count. */
static bool is_of_command_line(const char *variable)
{
	static const char *const names[] = {
		"NVIDIA_VISIBLE_DEVICES=",    "NVIDIA_DRIVER_CAPABILITIES=",
		"NVIDIA_MIG_CONFIG_DEVICES=", "NVIDIA_MIG_MONITOR_DEVICES=",
		"NVIDIA_IMEX_CHANNELS=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_starts_with(variable, names[i]))
			return true;
	}
	return false;
}

static int args_to_spec(const struct nvc_request_args *args, struct spec *spec)
{
	int rc = 0;

	for (size_t i = 0; args->env != NULL && args->env[i] != NULL && rc == 0; i++) {
		if (!is_of_command_line(args->env[i]))
			rc = strv_add(&spec->env, args->env[i]);
	}
	if (rc == 0)
		rc = strv_addf(&spec->env, "NVIDIA_VISIBLE_DEVICES=%s",
			       args->devices == NULL ? "all" : args->devices);
	if (rc == 0)
		rc = strv_addf(&spec->env, "NVIDIA_DRIVER_CAPABILITIES=%s",
			       args->capabilities == NULL ? "all" : args->capabilities);
	if (rc == 0 && args->mig_config != NULL)
		rc = strv_addf(&spec->env, "NVIDIA_MIG_CONFIG_DEVICES=%s", args->mig_config);
	if (rc == 0 && args->mig_monitor != NULL)
		rc = strv_addf(&spec->env, "NVIDIA_MIG_MONITOR_DEVICES=%s", args->mig_monitor);
	if (rc == 0 && args->imex_channels != NULL)
		rc = strv_addf(&spec->env, "NVIDIA_IMEX_CHANNELS=%s", args->imex_channels);
	/* Who can call us with a command line is asked by the kernel, not by the policy for
	 * images. */
	spec->has_process = true;
	spec->cap_sys_admin = true;
	return rc;
}

static int add_expressions(struct nvc_context *ctx, struct request *request,
			   const struct nvc_request_args *args)
{
	for (size_t i = 0; args->requires != NULL && args->requires[i] != NULL; i++) {
		if (add_expression(request, args->requires[i]) < 0)
			return err_set(&ctx->err, E2BIG,
				       "make a request: more than %d requirements",
				       REQUEST_MAX_REQUIRES);
	}
	return 0;
}

/* The words of cuda-compat-mode. */
static int read_compat(struct nvc_context *ctx, const char *word, enum request_compat *ret)
{
	static const struct {
		const char *word;
		enum request_compat compat;
	} words[] = {
		{"ldconfig", COMPAT_AUTO},
		{"mount", COMPAT_AUTO},
		{"hook", COMPAT_AUTO},
		{"disabled", COMPAT_HOST},
	};

	if (word == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0) {
			*ret = words[i].compat;
			return 0;
		}
	}
	(void)err_set(&ctx->err, EINVAL, "make a request: no such cuda-compat-mode '%.32s'", word);
	return err_hint(&ctx->err, "ldconfig or disabled");
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
	if (args_to_spec(args, &spec) < 0)
		return err_nomem(&ctx->err);
	rc = make_request(ctx, &spec, &request);
	if (rc < 0)
		return rc;
	rc = add_expressions(ctx, &request->request, args);
	if (rc == 0)
		rc = read_compat(ctx, args->cuda_compat, &request->request.compat);
	if (rc < 0) {
		nvc_request_free(request);
		return rc;
	}
	request->request.without = args->without & EVERY_SERVICE;
	free(request->request.origin);
	request->request.origin = strdup("the command line");
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
