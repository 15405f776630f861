/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "api/context.h"
#include "apply/apply.h"
#include "apply/fence.h"
#include "apply/kmods.h"
#include "base/auto.h"
#include "base/path.h"
#include "oci/request.h"
#include "oci/state.h"
#include "render/bundle.h"
#include "sys/entry.h"
#include "sys/io.h"

static int replace_config(struct nvc_context *ctx, const char *bundle, const char *text, size_t len)
{
	auto_fd dir = io_open_host(bundle, O_RDONLY | O_DIRECTORY);
	struct io_new content;
	struct stat st;

	if (dir < 0 || entry_stat(dir, "config.json", &st) < 0)
		return err_sys(&ctx->err, errno, "open '%s/config.json'", bundle);
	content = (struct io_new){.data = text,
				  .len = len,
				  .mode = st.st_mode & 07777,
				  .uid = st.st_uid,
				  .gid = st.st_gid};
	return io_replace_at(dir, "config.json", &content, &ctx->err);
}

static int edit_config(struct nvc_context *ctx, const struct nvc_bundle_args *args,
		       const struct nvc_plan *plan, const struct nvc_request *request,
		       const char *text, size_t len)
{
	auto_free char *bundle = NULL;
	auto_free char *rootfs = NULL;
	auto_free char *edited = NULL;
	const struct bundle_input input = {.text = text,
					   .len = len,
					   .spec = &ctx->spec,
					   .plan = plan->plan,
					   .request = &request->request,
					   .no_gids = ctx->settings->no_gids};
	struct bundle_hook hook = {.path = args->hook, .config = args->config, .id = args->id};
	size_t edited_len;
	dev_t denied;
	int rc;

	rc = context_bundle_path(ctx, args->bundle, &bundle);
	if (rc == 0)
		rc = context_rootfs(ctx, args->bundle, &rootfs);
	if (rc < 0)
		return rc;
	hook.bundle = bundle;
	hook.rootfs = rootfs;
	if (bundle_has_denied(&input, &denied))
		log_warn(&ctx->log, "bundle",
			 "the container's rules allow all devices and then deny more than 'c "
			 "%u:%u': runc refuses a rule for it, and cgroup v1 passes over it (see "
			 "linux.resources.devices)",
			 major(denied), minor(denied));
	rc = bundle_edit(&input, &hook, &edited, &edited_len, &ctx->err);
	if (rc < 0 || edited == NULL)
		return rc;
	rc = replace_config(ctx, args->bundle, edited, edited_len);
	if (rc < 0)
		return rc;
	/* ctx->spec is not of that file any more */
	free(take_ptr(&ctx->spec_bundle));
	return 1;
}

/* Modules are not loaded with the rights that are left for reading a bundle. */
static int load_modules(struct nvc_context *ctx, uint64_t before)
{
	uint64_t raised;
	int rc = context_wants_modules(ctx, 0);
	int lowered;

	if (rc <= 0)
		return rc;
	rc = fence_raise(before, &ctx->err);
	if (rc == 0)
		rc = kmods_load(&ctx->host, !ctx->settings->no_channel_making, &ctx->err);
	lowered = fence_lower(&raised, rc < 0 ? NULL : &ctx->err);
	return rc < 0 ? rc : lowered;
}

/* Without a hook nobody else tells. */
static void tell_why_empty(struct nvc_context *ctx, const struct nvc_plan *plan)
{
	const char *note;

	for (size_t i = 0; (note = nvc_plan_note(plan, i)) != NULL; i++)
		log_warn(&ctx->log, "plan", "%s", note);
}

static int prepare_bundle(struct nvc_context *ctx, const struct nvc_bundle_args *args,
			  uint64_t before)
{
	auto_free char *text = NULL;
	struct nvc_request request = {0};
	struct nvc_inventory *inv = NULL;
	struct nvc_plan *plan = NULL;
	size_t len;
	int rc;

	rc = context_load_spec(ctx, args->bundle, &text, &len);
	if (rc == 0)
		rc = request_from_spec(&ctx->spec, ctx->settings, &ctx->log, &request.request,
				       &ctx->err);
	if (rc < 0)
		return rc;
	if (request.request.refused != NULL)
		log_warn(&ctx->log, "request", "%s", request.request.refused);
	if (request_wants_gpu(&request.request)) {
		rc = load_modules(ctx, before);
		if (rc == 0)
			rc = nvc_inventory_new(ctx, &request, &inv);
		if (rc == 0)
			rc = nvc_plan_new(ctx, inv, &request, NULL, &plan);
		if (rc == 0 && nvc_plan_is_empty(plan))
			tell_why_empty(ctx, plan);
		else if (rc == 0)
			rc = edit_config(ctx, args, plan, &request, text, len);
	}
	nvc_plan_free(plan);
	nvc_inventory_free(inv);
	request_done(&request.request);
	return rc;
}

int nvc_bundle_prepare(struct nvc_context *ctx, const struct nvc_bundle_args *args)
{
	struct err lost = {0};
	uint64_t before;
	int rc;

	(void)context_err(ctx);
	if (args->size < sizeof(*args))
		return err_set(&ctx->err, EINVAL, "prepare a bundle: args.size is too small");
	rc = fence_lower(&before, &ctx->err);
	if (rc < 0)
		return rc;
	rc = prepare_bundle(ctx, args, before);
	/* the bundle is edited, and root has all of it again by the exec that follows */
	if (fence_raise(before, &lost) < 0)
		log_warn(&ctx->log, "fence", "%s", lost.msg);
	return rc;
}

int nvc_confine(struct nvc_context *ctx)
{
	const struct apply_target target = {.confined = true,
					    .asks_driver = host_may_ask(ctx->settings)};
	int rc;

	(void)context_err(ctx);
	rc = apply_confine(ctx->settings, &target, &ctx->log, &ctx->err);
	if (rc < 0)
		return err_wrap(&ctx->err, "give up rights");
	ctx->confined = true;
	ctx->asks_driver = target.asks_driver;
	return 0;
}

int nvc_apply(struct nvc_context *ctx, const struct nvc_plan *plan,
	      const struct nvc_container *container, struct nvc_applied *ret)
{
	auto_free char *rootfs = NULL;
	struct apply_stats stats = {0};
	struct apply_target target = {
		.pid = container->pid,
		.rootfs = container->rootfs,
		.id = container->id,
		.bundle = container->bundle,
		.devices_granted = container->devices_granted,
		.no_cgroups = container->no_cgroups || ctx->settings->no_cgroups,
		.confined = ctx->confined,
		.asks_driver = ctx->asks_driver,
	};
	int rc;

	(void)context_err(ctx);
	if (container->size < sizeof(*container))
		return err_set(&ctx->err, EINVAL, "apply a plan: container.size is too small");
	if (ret != NULL && ret->size < sizeof(*ret))
		return err_set(&ctx->err, EINVAL, "apply a plan: ret.size is too small");
	if (container->bundle != NULL && (target.rootfs == NULL || !target.devices_granted)) {
		rc = context_read_spec(ctx, container->bundle);
		if (rc < 0)
			return rc;
		target.spec = &ctx->spec;
	}
	rc = context_container_rootfs(ctx, container, &rootfs);
	if (rc < 0)
		return err_wrap(&ctx->err, "apply a plan");
	target.rootfs = rootfs;
	for (size_t i = 0; i < plan->plan->warnings.n; i++)
		log_warn(&ctx->log, "plan", "%s", plan->plan->warnings.items[i]);
	rc = apply_plan(plan->plan, &ctx->host, ctx->settings, &target, &ctx->log, &stats,
			&ctx->err);
	if (rc < 0 || ret == NULL)
		return rc;
	*ret = (struct nvc_applied){
		.size = sizeof(*ret),
		.binds = stats.binds,
		.devices = stats.devices,
		.links = stats.links,
		.files = stats.files,
		.kept = stats.kept,
		.placeholders = stats.placeholders,
		.inodes = stats.inodes,
		.cgroup_rules = stats.cgroup_rules,
		.ldcache = stats.ldcache,
	};
	return 0;
}

int nvc_revert(struct nvc_context *ctx, const struct nvc_container *container)
{
	struct apply_target target = {.id = container->id,
				      .bundle = container->bundle,
				      .confined = ctx->confined,
				      .asks_driver = ctx->asks_driver};

	(void)context_err(ctx);
	if (container->size < sizeof(*container))
		return err_set(&ctx->err, EINVAL, "revert: container.size is too small");
	if (container->id == NULL)
		return err_set(&ctx->err, EINVAL, "revert: no container id was given");
	/* a rootfs that is no absolute path (crun's state) says less than the record does */
	if (container->rootfs != NULL && container->rootfs[0] == '/')
		target.rootfs = container->rootfs;
	return apply_revert(&target, ctx->settings, &ctx->log, &ctx->err);
}

int nvc_state_parse(struct nvc_context *ctx, const char *text, size_t len, struct nvc_state *ret)
{
	struct oci_state state = {0};
	int rc;

	(void)context_err(ctx);
	if (ret->size < sizeof(*ret))
		return err_set(&ctx->err, EINVAL, "read a state: ret.size is too small");
	rc = oci_state_parse(text, len, &state, &ctx->err);
	if (rc < 0)
		return rc;
	*ret = (struct nvc_state){
		.size = sizeof(*ret),
		.id = state.id,
		.bundle = state.bundle,
		.root = state.root,
		.status = state.status,
		.pid = state.pid,
	};
	return 0;
}

void nvc_state_done(struct nvc_state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->root);
	free(state->status);
	*state = (struct nvc_state){.size = sizeof(*state)};
}
