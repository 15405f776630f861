/* SPDX-License-Identifier: Apache-2.0 */
#include "render/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/splice.h"
#include "render/jsonput.h"

/* Not empty, so that no runtime lets the hook inherit the image's environment (CVE-2025-23266). */
#define HOOK_ENV "[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"]"

/* The fragments of one edit; an empty one is not applied. */
struct fragments {
	struct strbuf rules;
	struct strbuf gids;
	struct strbuf prestart;
	struct strbuf poststop;
};

static void fragments_done(struct fragments *fragments)
{
	strbuf_done(&fragments->rules);
	strbuf_done(&fragments->gids);
	strbuf_done(&fragments->prestart);
	strbuf_done(&fragments->poststop);
}

static bool is_earlier(const struct plan *plan, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (plan->ops.items[i].kind == OP_DEVICE &&
		    plan->ops.items[i].rdev == plan->ops.items[index].rdev)
			return true;
	}
	return false;
}

static void put_comma(struct strbuf *buf)
{
	if (buf->len > 0)
		strbuf_addc(buf, ',');
}

static void put_rules(struct strbuf *buf, const struct plan *plan, const struct spec *spec)
{
	for (size_t i = 0; i < plan->ops.n; i++) {
		const struct op *op = &plan->ops.items[i];

		if (op->kind != OP_DEVICE || is_earlier(plan, i) ||
		    !spec_wants_rule(spec, 'c', major(op->rdev), minor(op->rdev)))
			continue;
		put_comma(buf);
		strbuf_addf(buf,
			    "{\"allow\":true,\"type\":\"c\",\"major\":%u,\"minor\":%u,"
			    "\"access\":\"rw\"}",
			    major(op->rdev), minor(op->rdev));
	}
}

bool bundle_has_denied(const struct bundle_input *input, dev_t *ret)
{
	vec_each(op, &input->plan->ops)
	{
		*ret = op->rdev;
		if (op->kind == OP_DEVICE &&
		    !spec_can_grant_device(input->spec, 'c', major(op->rdev), minor(op->rdev)))
			return true;
	}
	return false;
}

static bool has_gid(const struct spec *spec, gid_t gid)
{
	vec_each(have, &spec->additional_gids)
	{
		if (*have == gid)
			return true;
	}
	return false;
}

static void put_gids(struct strbuf *buf, const struct bundle_input *input)
{
	const struct plan *plan = input->plan;
	const struct spec *spec = input->spec;

	if (!spec->has_process || input->no_gids)
		return;
	for (size_t i = 0; i < plan->gids.n; i++) {
		gid_t gid = plan->gids.items[i];

		/* Group 0 would be a present, not an access to a device. */
		if (gid == 0 || has_gid(spec, gid))
			continue;
		put_comma(buf);
		strbuf_addf(buf, "%u", gid);
	}
}

static bool is_hook_name(const char *path)
{
	static const char *const names[] = {"nvc-hook", "nvidia-container-runtime-hook",
					    "nvidia-container-toolkit"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path_basename(path), names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_our_hook(const struct spec_hook *hook)
{
	return is_hook_name(hook->path) || (hook->args.n > 0 && is_hook_name(hook->args.items[0]));
}

static bool has_our_hook(const struct spec_hook *hooks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_our_hook(&hooks[i]))
			return true;
	}
	return false;
}

static int put_string(struct strbuf *buf, const char *text, struct err *err)
{
	auto_free char *quoted = NULL;
	int rc = jsonput_quoted(text, &quoted, err);

	if (rc < 0)
		return rc == -EINVAL ? err_wrap(err, "write a hook entry") : rc;
	strbuf_adds(buf, quoted);
	return 0;
}

/* NULL among the arguments is left out. */
static int put_hook(struct strbuf *buf, const char *path, const char *const *args, size_t n_args,
		    struct err *err)
{
	int rc;

	if (path == NULL) {
		(void)err_set(err, ENOENT,
			      "find 'nvc-hook': it is neither beside the runtime nor in PATH");
		(void)err_hint(err, "set nvidia-container-runtime-hook.path in config.toml");
		return -ENOENT;
	}
	strbuf_adds(buf, "{\"path\":");
	rc = put_string(buf, path, err);
	strbuf_adds(buf, ",\"args\":[");
	for (size_t i = 0; rc == 0 && i < n_args; i++) {
		if (args[i] == NULL)
			continue;
		if (i > 0)
			strbuf_addc(buf, ',');
		rc = put_string(buf, args[i], err);
	}
	strbuf_adds(buf, "],\"env\":" HOOK_ENV "}");
	return rc;
}

static int put_prestart(struct strbuf *buf, const struct request *request,
			const struct bundle_hook *hook, struct err *err)
{
	auto_free char *encoded = request_encode(request);
	const char *const args[] = {
		"nvc-hook",   "prestart",          hook->config == NULL ? NULL : "--config",
		hook->config, "--bundle",          hook->bundle,
		"--rootfs",   hook->rootfs,        "--request",
		encoded,      "--devices-granted",
	};

	if (encoded == NULL)
		return err_nomem(err);
	return put_hook(buf, hook->path, args, sizeof(args) / sizeof(args[0]), err);
}

static int put_poststop(struct strbuf *buf, const struct bundle_hook *hook, struct err *err)
{
	const char *const args[] = {
		"nvc-hook",   "poststop", hook->config == NULL ? NULL : "--config",
		hook->config, "--rootfs", hook->rootfs,
	};

	return put_hook(buf, hook->path, args, sizeof(args) / sizeof(args[0]), err);
}

static int apply_fragments(const struct bundle_input *input, const struct fragments *fragments,
			   char **ret, size_t *ret_len, struct err *err)
{
	static const char *const rules[] = {"linux", "resources", "devices", NULL};
	static const char *const gids[] = {"process", "user", "additionalGids", NULL};
	static const char *const prestart[] = {"hooks", "prestart", NULL};
	static const char *const poststop[] = {"hooks", "poststop", NULL};
	static const char *const *const paths[] = {rules, gids, prestart, poststop};
	const struct strbuf *const bufs[] = {&fragments->rules, &fragments->gids,
					     &fragments->prestart, &fragments->poststop};
	struct splice_edit edits[4];
	size_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		if (strbuf_failed(bufs[i]))
			return err_nomem(err);
		if (bufs[i]->len > 0)
			edits[n++] = (struct splice_edit){.path = paths[i],
							  .where = SPLICE_APPEND,
							  .fragment = bufs[i]->data};
	}
	if (n == 0) {
		*ret = NULL;
		*ret_len = 0;
		return 0;
	}
	return splice_apply(input->text, input->len, edits, n, ret, ret_len, err);
}

int bundle_edit(const struct bundle_input *input, const struct bundle_hook *hook, char **ret,
		size_t *ret_len, struct err *err)
{
	auto_done(fragments) struct fragments fragments = {.rules = {0}};
	const struct spec *spec = input->spec;
	int rc = 0;

	if (input->plan->empty_request || !request_wants_gpu(input->request)) {
		*ret = NULL;
		*ret_len = 0;
		return 0;
	}
	put_rules(&fragments.rules, input->plan, spec);
	put_gids(&fragments.gids, input);
	/* docker --gpus puts the hook there itself. That entry reads config.json and finds the
	 * rules; only what it leaves behind has to be seen to. */
	if (!has_our_hook(spec->prestart.items, spec->prestart.n))
		rc = put_prestart(&fragments.prestart, input->request, hook, err);
	if (rc == 0 && !has_our_hook(spec->poststop.items, spec->poststop.n))
		rc = put_poststop(&fragments.poststop, hook, err);
	if (rc < 0)
		return rc;
	return apply_fragments(input, &fragments, ret, ret_len, err);
}
