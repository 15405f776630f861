/* SPDX-License-Identifier: Apache-2.0 */
/* What the handles of <nvc/nvc.h> hold. */
#ifndef API_CONTEXT_H
#define API_CONTEXT_H

#include <nvc/nvc.h>

#include "base/err.h"
#include "base/log.h"
#include "host/host.h"
#include "model/image.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/request.h"
#include "oci/spec.h"
#include "settings/settings.h"

struct nvc_context {
	struct err err;
	struct log log;
	nvc_log_fn user_log;
	void *user_arg;
	struct settings *settings;
	bool confined;    /* nvc_confine() */
	bool asks_driver; /* and it left room for asking the driver's library */
	struct host host;
	/* The config.json that was read last, by its bundle: request and grants come from one
	 * reading. */
	char *spec_bundle;
	struct spec spec;
};

struct nvc_inventory {
	struct inventory *inv;
};

struct nvc_request {
	struct request request;
};

struct nvc_image {
	struct image image;
};

struct nvc_plan {
	struct plan *plan;
};

/** Forgets the last error and gives the struct for the next one. */
struct err *context_err(struct nvc_context *ctx);

/** Opens ctx->host, once. */
int context_open_host(struct nvc_context *ctx);

/** 1 = kernel modules or nodes are missing, and settings or flags (enum nvc_load) want them; the
 *  host is open then. */
int context_wants_modules(struct nvc_context *ctx, unsigned flags);

/** Reads BUNDLE/config.json into ctx->spec and gives the very text that was parsed (the caller
 * frees it): what is edited is what was judged. */
int context_load_spec(struct nvc_context *ctx, const char *bundle, char **ret, size_t *ret_len);
/** The same for who needs no text: nothing is read if ctx->spec is of that bundle already. */
int context_read_spec(struct nvc_context *ctx, const char *bundle);

/** Absolute path of the rootfs that ctx->spec names. The caller frees. -EINVAL: none, or "/". */
int context_rootfs(struct nvc_context *ctx, const char *bundle, char **ret);

/** Path of the container's rootfs, from its bundle where it is not given. The caller frees. */
int context_container_rootfs(struct nvc_context *ctx, const struct nvc_container *container,
			     char **ret);

/** Bundle as an absolute path in normal form. The caller frees. */
int context_bundle_path(struct nvc_context *ctx, const char *bundle, char **ret);

#endif
